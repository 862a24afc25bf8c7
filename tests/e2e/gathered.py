"""The training rows as Gather wrote them last, read by pyarrow alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from components.linear_model.design_matrix import DesignMatrix


def gathered(root: Path, name: str, design: DesignMatrix) -> dict[str, NDArray[Any]]:
    """By term scaled numbers (float64) or level ids, [n]; `label`, `weight` if there is one, and `row`.

    Args:
      root: of the run.
      name: of the pipeline.
      design: of the fit.
    """
    artifacts = (root / "pipelines" / name / "Gather/gathered").iterdir()
    files = sorted(max(artifacts, key=lambda folder: int(folder.name)).glob("rows/design-*.arrow"))
    table = pa.concat_tables(pa.ipc.open_stream(file.read_bytes()).read_all() for file in files)
    columns = {key: table[key].to_numpy() for key in table.column_names}
    for index, term in enumerate(design.terms):
        values = columns.pop(f"term_{index}")
        columns[term.key] = values if term.levels else (values - term.mean) / term.std
    return columns
