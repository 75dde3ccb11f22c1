"""The pages of the settings dialog; each shows settings and gives changed ones back."""
