"""The command line: commands, screen, log."""
