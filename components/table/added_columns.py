"""Names of the features that ingest adds to a tf.Example."""

from __future__ import annotations

ROW_COLUMN = "plumbline_row"  # the feature of a tf.Example that holds the identity
GROUP_COLUMN = "plumbline_group"  # the one that holds the group's number where rows are split by a column
COLUMNS = (ROW_COLUMN, GROUP_COLUMN)
