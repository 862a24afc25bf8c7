"""One pass over the raw rows: triangular factors, and the design matrix in plain arrays."""
