"""The networks that MONAI does not have, each in its own file."""
