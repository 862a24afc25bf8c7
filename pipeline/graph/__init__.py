"""The TFX graph and what each of its steps is known by."""
