"""A module a section: what its figures are, and how they are read."""
