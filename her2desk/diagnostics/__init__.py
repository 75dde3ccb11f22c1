"""What can be sent to who repairs the program: how it is installed and what went wrong, of no patient."""
