"""Two readers of the same lesions: how far their outlines agree, and what it does to the features."""
