"""What each drawing tool does with the pointer, one kind of tool a file. No Qt here."""
