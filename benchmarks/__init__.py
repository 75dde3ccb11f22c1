"""Ratios and stalls, measured in one run; printed, never asserted."""
