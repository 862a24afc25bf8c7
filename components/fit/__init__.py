"""From what was gathered of the rows to the exact fit."""
