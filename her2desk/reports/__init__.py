"""What is written of a case, for people: one content, then its forms."""
