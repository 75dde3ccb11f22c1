"""The command line: the same engine and the same numbers as the window."""
