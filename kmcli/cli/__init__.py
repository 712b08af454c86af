"""The command line: everything that the shell sees."""
