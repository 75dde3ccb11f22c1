"""The names of the commands, readable without loading any of them."""

COMMANDS = ("import", "predict", "phantom", "pack", "doctor")
