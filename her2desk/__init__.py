"""Her2Desk: offline estimates of HER-2 status from breast ultrasound, with how they fail."""

__version__ = "0.1.0"
