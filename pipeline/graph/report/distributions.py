"""How each column is distributed in each split: StatisticsGen's figures, and ExampleGen's columns, counted by bins and levels."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from components.table.added_columns import COLUMNS
from components.values.names import shown
from pipeline.graph.report.bins import counted, edges_of, inner, pooled
from pipeline.graph.steps import example_gen

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.config.file import Config
    from pipeline.graph.report.source import Source

LEVELS = 12  # of a column of texts that are told
SPLITS = ("train", "eval")
Role = Literal["label", "weight", "offset", "feature", "other"]


class Spread(BaseModel):
    """A column in a split.

    Attributes:
      rows: of the split.
      missing: of these without a value; `missing_share` of all.
      mean, deviation: of the others that are numbers; None of fewer than so many rows that a figure is told of.
      tenth, median, ninetieth: quantiles, to a hundredth of the inner 80 %: those with all digits are values of rows.
    """

    rows: int
    missing: int
    missing_share: float
    mean: float | None = None
    deviation: float | None = None
    tenth: float | None = None
    median: float | None = None
    ninetieth: float | None = None


class Distribution(BaseModel):
    """A column.

    Attributes:
      column: its name.
      unit: of its numbers, where the configuration says it.
      role: what it is to the model.
      kind: what its values are.
      spreads: by split.
      edges: of numbers, [m] by split, between which rows are counted; the first bin and the last are open.
      levels: of texts, the most frequent ones of the training rows, as shown.
      texts: how many different ones the training rows have.
      counts: by split, of numbers [m + 1]; of texts [levels + 1], all other ones last. No count is of a few rows; None of a level
        says that there are a few.
    """

    column: str
    unit: str | None = None
    role: Role
    kind: Literal["numbers", "texts"]
    spreads: dict[str, Spread]
    edges: dict[str, list[float]] = {}
    levels: list[str] = []
    texts: int | None = None
    counts: dict[str, list[int | None]] = {}

    @property
    def axis(self) -> str:
        """What its numbers are."""
        return self.column if self.unit is None else f"{self.column}, {self.unit}"

    @property
    def is_drawn(self) -> bool:
        """Whether rows were counted, by more than one bin or by levels."""
        return bool(self.counts) and (bool(self.levels) or any(len(edges) > 1 for edges in self.edges.values()))

    def inner(self, split: str) -> tuple[list[float], list[int]]:
        """Of numbers, edges and counts as they are drawn (`bins.inner`)."""
        return inner(self.edges[split], [count or 0 for count in self.counts[split]])

    def shares(self, split: str) -> list[float | None]:
        """Of the rows of a split that have a value, by bin or level; empty where it was not counted."""
        spread = self.spreads[split]
        there = max(spread.rows - spread.missing, 1)
        return [None if count is None else count / there for count in self.counts.get(split, [])]


def distributions(source: Source, fewest: int) -> list[Distribution]:
    """Of all columns, the label first, then the weight and the offset, then the features' in the table's order.

    Args:
      source: of the report.
      fewest: rows of which a figure, or a text, is told.
    """
    statistics = {split: found for split in SPLITS if (found := source.statistics(split))}
    train = statistics.get("train")
    if not train:
        return []
    names = [name for name in train if name not in COLUMNS]
    wanted = {name: _Wanted.of(train[name], fewest) for name in names}
    counts = {split: _counts(source, split, wanted) for split in statistics}
    roles, units = _roles(source.config), _units(source.config)
    told = [
        _distribution(
            name,
            roles.get(name, "other"),
            wanted[name],
            {split: of[name] for split, of in statistics.items() if name in of},
            {split: of[name] for split, of in counts.items() if name in of},
            fewest,
        ).model_copy(update={"unit": units.get(name)})
        for name in names
    ]
    places = {name: place for place, name in enumerate(roles)}
    order = get_args(Role)
    return sorted(told, key=lambda one: (order.index(one.role), places.get(one.column, len(places))))


def _roles(config: Config) -> dict[str, Role]:
    """What columns are to the model, by name; a feature's column may be the weight's too."""
    from components.linear_model.raw_columns import raw_columns
    from components.preprocessing.features import features_to_json

    roles: dict[str, Role] = dict.fromkeys(raw_columns(features_to_json(config.features)), "feature")
    others: dict[Role, str | None] = {"offset": config.offset or config.exposure, "weight": config.weight}
    roles |= {name: role for role, name in others.items() if name is not None}
    return roles | {config.label.column: "label"}


def _units(config: Config) -> dict[str, str]:
    """Of columns, by name."""
    from components.preprocessing.features import features_to_json

    entries = [entry for entry in features_to_json(config.features) if entry.get("unit") and len(entry["columns"]) == 1]
    units = {entry["columns"][0]: str(entry["unit"]) for entry in entries}
    return units if config.label.unit is None else units | {config.label.column: config.label.unit}


class _Wanted:
    """What of a column is counted: numbers by edges, or texts by levels."""

    def __init__(self, edges: list[float], levels: list[bytes], texts: int | None) -> None:
        self.edges, self.levels, self.texts = edges, levels, texts

    @classmethod
    def of(cls, statistics: Any, fewest: int) -> _Wanted:
        """By the training rows' `FeatureNameStatistics`."""
        if statistics.HasField("string_stats"):
            ranked = statistics.string_stats.rank_histogram.buckets
            levels = [bucket.label.encode() for bucket in ranked[:LEVELS] if bucket.sample_count >= fewest]
            return cls([], levels, int(statistics.string_stats.unique))
        ends = _ends(statistics)
        edges = edges_of(ends[1], ends[-2], ends[0], ends[-1], _is_whole(statistics)) if len(ends) > 2 else []
        return cls(edges, [], None)

    def count(self, column: pa.Array) -> NDArray[np.int64]:
        """Rows of a batch's column; missing ones are in none."""
        import pyarrow as pa
        import pyarrow.compute as pc

        values = column.drop_null()
        if not pa.types.is_dictionary(values.type):
            return counted(values.to_numpy(zero_copy_only=False).astype(np.float64), self.edges)
        known = pc.index_in(values.dictionary.cast(pa.binary()), pa.array(self.levels, pa.binary()))
        places = known.fill_null(len(self.levels)).take(values.indices)
        return np.bincount(places.to_numpy(zero_copy_only=False), minlength=len(self.levels) + 1)


def _is_whole(statistics: Any) -> bool:
    """Whether the quantiles of a column, its least and its greatest number among them, are whole numbers."""
    return all(value == math.floor(value) for value in _ends(statistics))


def _ends(statistics: Any) -> list[float]:
    """Quantiles of a column of numbers, the least and the greatest first and last; none of one without numbers."""
    histograms = statistics.num_stats.histograms
    buckets: Sequence[Any] = next((found.buckets for found in histograms if found.type == found.QUANTILES), [])
    ends = [*(bucket.low_value for bucket in buckets[:1]), *(bucket.high_value for bucket in buckets)]
    return ends if all(map(math.isfinite, ends)) else []


def _counts(source: Source, split: str, wanted: Mapping[str, _Wanted]) -> dict[str, NDArray[np.int64]]:
    """Rows of a split by bin or level, by column; nothing where ExampleGen kept no columns."""
    found: dict[str, NDArray[np.int64]] = {}
    for batch in _batches(source, split):
        for name in set(batch.schema.names) & wanted.keys():
            counts = wanted[name].count(batch.column(name))
            found[name] = found[name] + counts if name in found else counts
    return found


def _batches(source: Source, split: str) -> Iterator[pa.RecordBatch]:
    from tfx.dsl.io import fileio

    from components import example_columns

    folder = os.path.join(source.results.artifact(example_gen.STEP, "examples").uri, f"Split-{split}")
    for shard in sorted(fileio.listdir(folder)):
        columns = example_columns.of_shard(os.path.join(folder, shard))
        if fileio.exists(columns):
            yield from example_columns.read(columns)


def _distribution(
    name: str,
    role: Role,
    wanted: _Wanted,
    statistics: Mapping[str, Any],
    counts: Mapping[str, NDArray[np.int64]],
    fewest: int,
) -> Distribution:
    spreads = {split: _spread(of, fewest) for split, of in statistics.items()}
    found = {split: of.tolist() for split, of in counts.items()}
    if wanted.texts is not None:
        told = {
            split: [count if count == 0 or count >= fewest else None for count in of] for split, of in found.items()
        }
        levels = [shown(level.decode(errors="replace")) for level in wanted.levels]
        return Distribution(
            column=name, role=role, kind="texts", spreads=spreads, levels=levels, texts=wanted.texts, counts=told
        )
    bins = {split: pooled(wanted.edges, of, fewest) for split, of in found.items()}
    return Distribution(
        column=name,
        role=role,
        kind="numbers",
        spreads=spreads,
        edges={split: edges for split, (edges, _) in bins.items()},
        counts={split: [*joined] for split, (_, joined) in bins.items()},
    )


def _spread(statistics: Any, fewest: int) -> Spread:
    """A column in a split, of its `FeatureNameStatistics`."""
    is_text = statistics.HasField("string_stats")
    common = (statistics.string_stats if is_text else statistics.num_stats).common_stats
    missing = int(common.num_missing)
    rows = int(common.num_non_missing) + missing
    found = Spread(rows=rows, missing=missing, missing_share=missing / max(rows, 1))
    if is_text or common.num_non_missing < fewest:
        return found
    numbers, ends = statistics.num_stats, _ends(statistics)
    tenth, ninetieth = (ends[1], ends[-2]) if len(ends) > 2 else (None, None)
    told = {"tenth": tenth, "median": numbers.median, "ninetieth": ninetieth}
    reach = 0.0 if tenth is None or ninetieth is None else ninetieth - tenth
    about = {name: _about(value, reach) for name, value in told.items()}
    return found.model_copy(update={"mean": numbers.mean, "deviation": numbers.std_dev, **about})


def _about(value: float | None, reach: float) -> float | None:
    """A number to a power of ten of at most a hundredth of how far the inner 80 % reach; as it is where these are one value."""
    if value is None or not math.isfinite(value):
        return None
    return round(value, -math.floor(math.log10(reach / 100))) if reach > 0 else value
