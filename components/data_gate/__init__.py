"""Stops a run whose data do not fit the schema, and says why."""
