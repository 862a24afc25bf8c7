"""Loads what would be pushed in a process of its own, and queries every signature."""
