"""`plumbline convert`: a table of Stata, Excel or Arrow, once, to Parquet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

from components.errors import ConfigError, DataError
from components.replacing import replacing


def _stata(path: Path) -> pa.Table:
    import pandas as pd

    return pa.Table.from_pandas(pd.read_stata(path), preserve_index=False)


def _excel(path: Path) -> pa.Table:
    import pandas as pd

    # Cells as they are: what stands for nothing is the configuration's to say.
    frame = pd.read_excel(path, keep_default_na=False, na_values=[""])
    frame.columns = [str(name) for name in frame.columns]
    for name in frame.select_dtypes(object).columns:
        if len({type(value) for value in frame[name].dropna()}) > 1:
            frame[name] = frame[name].map(str, na_action="ignore")
    return pa.Table.from_pandas(frame, preserve_index=False)


READERS: dict[str, Callable[[Path], pa.Table]] = {
    ".dta": _stata,
    ".xlsx": _excel,
    ".feather": pyarrow.feather.read_table,
    ".arrow": pyarrow.feather.read_table,
}


def convert(source: Path, target: Path | None = None) -> tuple[Path, int, int]:
    """Writes a table as Parquet: value labels of Stata as categories, the first sheet of a workbook.

    Args:
      source: a .dta, .xlsx, .feather or .arrow file.
      target: the .parquet file to write; None for the source's name with that suffix. It appears whole, or not at all.

    Returns:
      The file, its rows and its columns.

    Raises:
      ConfigError: a name has another suffix, or the file to write is there already.
      DataError: the source can't be read.
    """
    suffix = source.suffix.lower()
    if suffix not in READERS:
        hint = "; it is read as it is, without conversion" if suffix in (".csv", ".parquet", ".gz") else ""
        raise ConfigError(f"{source}: expected a name that ends in {', '.join(READERS)}{hint}.")
    path = target or source.with_suffix(".parquet")
    if path.suffix != ".parquet":
        raise ConfigError(f"--output {path}: expected a name that ends in .parquet.")
    if path.exists():
        raise ConfigError(f"{path}: the file is there already. Remove it, or name another with --output.")
    try:
        table = READERS[suffix](source)
    except FileNotFoundError as error:
        raise DataError(f"{source}: no such file.") from error
    except Exception as error:  # whatever the reader of a foreign format raises
        text = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"{source}: not readable as {suffix}: {text}. See whether it opens where it was written."
        ) from error
    with replacing(path) as temporary:
        pq.write_table(table, temporary)
    return path, table.num_rows, table.num_columns
