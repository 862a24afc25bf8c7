"""The models that are served: found, loaded, swapped, asked."""
