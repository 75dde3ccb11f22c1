"""A cohort becomes a model pack: leak-proof stacking, out-of-fold figures, one locked file."""
