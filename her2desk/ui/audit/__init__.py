"""The local audit: how the pack in use does here."""
