"""A file a step: its node, its counter of rows, what a run's summary keeps of it, and its section on the screen.

A new step is a file here and its line in `pipeline.graph.registry`; nothing else knows a step by its name.
"""
