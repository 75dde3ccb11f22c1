"""The window on a case's report: preview, saving, printing."""
