"""How fast the program is here, beside what a user would otherwise run. No Qt."""
