"""The middle of the window: the picture, what is drawn on it, and its controls."""
