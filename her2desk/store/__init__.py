"""The library: cases, what was drawn and said of them, and their files, safe on disk."""
