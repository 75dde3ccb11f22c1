"""The program killed in the middle of its work, and what must then still be there."""
