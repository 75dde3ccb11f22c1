"""The window that compares readers."""
