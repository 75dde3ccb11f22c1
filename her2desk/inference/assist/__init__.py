"""Outlines that the program proposes: from a box or a click, and from one frame to another."""
