"""Model packs: reading, writing and checking what a pack holds."""
