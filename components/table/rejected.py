"""Bad rows: where they are, how they are listed, and what is said if there are too many."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from components.errors import DataError
from components.table import files, streams

LISTED = 1000  # bad rows of a chunk that are listed even if fewer are allowed

Row = dict[str, Any]


def locate(
    chunk: files.Chunk,
    columns: int,
    reasons: dict[int, str],
    ragged: Sequence[files.Ragged],
    allowed: int,
    open_file: streams.Open = streams.open_local,
) -> list[Row]:
    """Names the place of each bad row of a chunk.

    Args:
      chunk: what was read.
      columns: how many its file has.
      reasons: by position among the chunk's rows with the right number of fields.
      ragged: its rows with another number of fields.
      allowed: how many bad rows the configuration allows.
      open_file: opens a path.

    Returns:
      The first `max(allowed + 1, LISTED)`, in order: `{"file", "line", "reason"}`, or "row" (from 1) in a Parquet file.
    """
    most = max(allowed + 1, LISTED)
    if not reasons and not ragged:
        return []
    if chunk.path.endswith(".parquet"):
        return [
            {"file": chunk.path, "row": chunk.first + row + 1, "reason": why}
            for row, why in sorted(reasons.items())[:most]
        ]
    found: list[Row] = []
    rows, odd = 0, 0
    for is_whole, line in files.lines(chunk, columns, open_file):
        reason = None
        if is_whole:
            reason = reasons.get(rows)
            rows += 1
        elif odd < len(ragged):
            reason = f"expected {columns} fields; received {ragged[odd].fields}: {ragged[odd].text[:200]!r}"
            odd += 1
        if reason is not None:
            found.append({"file": chunk.path, "line": line, "reason": reason})
            if len(found) == most:
                break
    return found


def place(row: Row) -> str:
    """`line 57` of a CSV, `row 57` of a Parquet file."""
    return f"line {row['line']}" if "line" in row else f"row {row['row']}"


def to_lines(rows: Sequence[Row]) -> str:
    """JSON, a line each."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def too_many(rows: Sequence[Row], number: int, allowed: int, listing: str) -> DataError:
    """What is said of more bad rows than allowed.

    Args:
      rows: as listed.
      number: of all of them.
      allowed: by the configuration.
      listing: path of the list.
    """
    first = rows[0]
    others = f" {number} rows are bad" if number > 1 else ""
    return DataError(
        f"{first['file']}, {place(first)}, {first['reason']}.{others + ';' if others else ''} "
        f"{'they are' if others else 'It is'} listed in {listing}"
        f"{f' (the first {len(rows)})' if len(rows) < number else ''}. Correct the table, drop such rows with data.drop, or "
        f"let bad rows be passed over with data.max_rejected (now {allowed})."
    )
