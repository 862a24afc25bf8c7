"""A file a step: its node, its counter of rows, what a run's summary keeps of it, and its section on the screen."""
