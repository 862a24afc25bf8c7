"""Ends a run in containers by its verdict, after its report was written."""
