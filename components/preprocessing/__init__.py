"""From raw columns to the columns of the design matrix."""
