"""From a table to tf.Examples, split, cleaned and counted."""
