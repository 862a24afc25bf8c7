"""The configuration file: a module for each of its sections."""
