"""What a value, a text, a missing mark and a name is: decided here, for `init`, ingest, graph, `predict` and server alike."""
