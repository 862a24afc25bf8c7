"""Names of the features that ingest adds to a tf.Example, all int64, none of them a feature of the model."""

from __future__ import annotations

ROW_COLUMN = "plumbline_row"  # the row's identity (`row_identity`)
GROUP_COLUMN = "plumbline_group"  # the group's number where rows are split by a column (`splits`)
CLUSTER_COLUMN = "plumbline_cluster"  # the cluster's number where standard errors are clustered (`clusters`)
TIME_COLUMN = (
    "plumbline_time"  # where rows are split by time, a number that is ordered as times are (`splits.time_order`)
)
COLUMNS = (ROW_COLUMN, GROUP_COLUMN, CLUSTER_COLUMN, TIME_COLUMN)
