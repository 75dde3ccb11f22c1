"""What went wrong, said in one place: beside the work, never over it."""
