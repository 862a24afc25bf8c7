"""Judges a model, and says in words why it was blessed or refused."""
