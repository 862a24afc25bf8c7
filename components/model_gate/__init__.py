"""Says in words why a model was blessed or refused."""
