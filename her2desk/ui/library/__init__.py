"""The library's own window: backup, restore, check, and all of one patient."""
