"""What the program speaks about: frozen dataclasses and their rules. No files, no windows."""
