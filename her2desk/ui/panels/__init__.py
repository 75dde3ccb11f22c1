"""What stands beside the image: result, clinical form, nomogram and why."""
