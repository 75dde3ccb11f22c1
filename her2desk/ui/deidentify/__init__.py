"""The window that makes de-identified copies: what to copy, masks over the pictures, the result."""
