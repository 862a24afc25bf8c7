"""Names of what the Evaluator measures, beside the families' metrics."""

from __future__ import annotations

STANDARD_ERROR = "_standard_error"  # what the name of a metric's standard error ends in
ROWS = "example_count"
LABEL = "mean_label"
TABLES = "tables"  # `tables.Tables` as JSON
