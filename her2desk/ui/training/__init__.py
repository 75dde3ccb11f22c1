"""The training window: a cohort becomes a model pack, by the command line in a child process."""
