"""Which Beam engine does the work of the steps: a module an engine, batched reading and writing, warm workers."""
