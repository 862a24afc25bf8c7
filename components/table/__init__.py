"""Tables as they are: files, dialects, columns, cleaning, splits. Needs neither TFX nor TensorFlow."""
