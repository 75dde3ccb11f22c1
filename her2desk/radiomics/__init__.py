"""Feature profiles, the pixels of an ROI, and the features measured on them."""
