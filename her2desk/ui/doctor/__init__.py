"""Help › Check this computer: the doctor's findings in a window."""
