"""The linear model as a Keras graph: built, fitted, and exported with its serving signatures."""
