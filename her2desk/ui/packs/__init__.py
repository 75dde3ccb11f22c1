"""Who vouches for a pack, and the packs that the library keeps."""
