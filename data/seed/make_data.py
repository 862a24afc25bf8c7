"""Makes data.csv: 100 rows of y = 3x + 2 + u, with x and u uniform on [0, 1), x as float32."""

from __future__ import annotations

import csv
import sys

import numpy as np

ROWS = 100
SEED = 0


def main() -> None:
    """Writes the table to stdout."""
    generator = np.random.default_rng(SEED)
    x = generator.random(ROWS, dtype=np.float32).astype(np.float64)
    y = 3.0 * x + 2.0 + generator.random(ROWS)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["x", "y"])
    writer.writerows(zip(x.tolist(), y.tolist(), strict=True))


if __name__ == "__main__":
    main()
