"""Asks a pushed model: rows and whole tables."""
