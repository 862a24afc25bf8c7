"""Whether two runs of one pipeline, on whatever engines, came to the same: from what they left below their roots."""

from __future__ import annotations

import collections
import dataclasses
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from components.table.added_columns import ROW_COLUMN

SKETCHED = ("median", "histograms", "num_values_histogram")  # of statistics: quantiles are estimated, by a sketch
SINGLE = ("avg_length", "avg_num_values")  # that a statistics file has in 32 bits

# Path, value, and what a difference is measured by; None for what must be equal.
Value = tuple[str, Any, float | None]


@dataclasses.dataclass(frozen=True)
class Check:
    """What was compared.

    Attributes:
      name: of it.
      limit: of a difference; 0 for what must be equal.
      compared: how many values.
      worst: the largest difference; infinite for a text that differs, or a value that one of them has not.
      where: it is; empty if all are equal.
      unequal: how many are not equal to the last bit, by the last word of their paths.
    """

    name: str
    limit: float
    compared: int
    worst: float
    where: str
    unequal: dict[str, int]


def compare(root: Path, expected: Path, name: str) -> list[Check]:
    """Compares the last run of a pipeline below a root with that below another."""
    pair = [each / "pipelines" / name for each in (root, expected)]
    return [hold(what, limit, *map(values, pair)) for what, (limit, values) in CHECKS.items()]


def hold(what: str, limit: float, ours: Iterator[Value], theirs: Iterator[Value]) -> Check:
    """Holds values against those that are expected."""
    found, expected = ({path: (value, unit) for path, value, unit in each} for each in (ours, theirs))
    nothing = (None, None)
    off = {path: _off(found.get(path, nothing), expected.get(path, nothing)) for path in {**expected, **found}}
    unequal = collections.Counter(path.rpartition(": ")[2] for path, difference in off.items() if difference)
    where = max(off, key=lambda path: off[path], default="")
    worst = off.get(where, 0.0)
    return Check(what, limit, len(off), worst, where if worst else "", dict(unequal))


def _off(ours: tuple[Any, float | None], theirs: tuple[Any, float | None]) -> float:
    (value, _), (expected, unit) = ours, theirs
    if value == expected:
        return 0.0
    if not unit or value is None or expected is None:
        return math.inf
    return abs(value - expected) / unit


def last_summary(folder: Path) -> dict[str, Any]:
    """Of a pipeline's folder."""
    return json.loads(max((folder / "runs").glob("*.json")).read_text())


def rows(done: dict[str, Any]) -> dict[str, dict[str, int] | None]:
    """Of a run's summary, by step and split."""
    return {entry["step"]: entry["rows"] for entry in done["steps"]}


def coefficients(done: dict[str, Any]) -> Iterator[Value]:
    """Of a run's summary. A coefficient is known to a part of itself or of its standard error, whichever is larger."""
    for column in done["linear_fit"]["columns"]:
        name, value, error = column["name"], column["coefficient"], column["standard_error"]
        yield f"{name}: coefficient", value, max(abs(value or 0.0), abs(error or 0.0))
        yield f"{name}: standard_error", error, abs(error or 0.0)
        for kind, other in column.get("standard_errors", {}).items():
            yield f"{name}: {kind}", other, abs(other or 0.0)


def _counts(folder: Path) -> Iterator[Value]:
    done = last_summary(folder)
    for path, value in _leaves({"rows": rows(done), "cleaning": done["cleaning"]}):
        yield path, value, None


def _coefficients(folder: Path) -> Iterator[Value]:
    return coefficients(last_summary(folder))


def _diagnostics(folder: Path) -> Iterator[Value]:
    """All figures; those that are 0 but for rounding are measured by a millionth."""
    [path] = folder.glob("Fit/fit/*/diagnostics.json")
    for at, value in _leaves(json.loads(path.read_text())):
        yield at, value, max(abs(value), 1e-6) if isinstance(value, float) else None


def _served(folder: Path) -> Iterator[Value]:
    fit = last_summary(folder)["fit"]
    for name, value in {"(intercept)": fit["intercept"], **fit["coefficients"]}.items():
        yield f"{name}: served", value, abs(value)


def _metrics(folder: Path) -> Iterator[Value]:
    done = last_summary(folder)
    kept = {key: done["verdict"][key] for key in ("blessed", "metrics", "intervals", "cross_validated", "tables")}
    for path, value in _leaves({**kept, "test": done["test"]}):
        number = isinstance(value, float)
        yield path, value, max(abs(value), 1e-3) if number else None


def _moments(folder: Path) -> Iterator[Value]:
    """What Transform has learned of each column of the design."""
    [path] = folder.glob("Gather/gathered/*/gathered.json")
    for column in json.loads(path.read_text())["design"]:
        key, mean, std = column["key"], column["mean"], column["std"]
        yield f"{key}: mean", mean, max(abs(mean), abs(std))
        yield f"{key}: std", std, abs(std)
        for at, value in _leaves({"origin": column["origin"], "learned": column["learned"]}):
            yield f"{key}: {at}", value, abs(value) if isinstance(value, float) else None


def _texts(folder: Path) -> Iterator[Value]:
    """The schema, whose columns stand in the order in which an engine came to them, and the bytes of vocabularies."""
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    [path] = folder.glob("SchemaGen/schema/*/schema.pbtxt")
    schema = text_format.Parse(path.read_bytes(), schema_pb2.Schema())
    for member in (*schema.feature, *schema.string_domain):
        yield f"{member.name}: {member.DESCRIPTOR.name}", str(member), None
    for field in ("feature", "string_domain"):
        schema.ClearField(field)
    yield "the rest: Schema", str(schema), None
    for vocabulary in folder.glob("Transform/transform_graph/*/transform_fn/assets/*"):
        yield f"{vocabulary.name}: vocabulary", vocabulary.read_bytes(), None


def _statistics(folder: Path) -> Iterator[Value]:
    """All of the statistics, with what they are measured by: a column's range, its number of values, or the value itself."""
    from google.protobuf.json_format import MessageToDict
    from tensorflow_metadata.proto.v0 import statistics_pb2

    for file in sorted(folder.glob("StatisticsGen/statistics/*/Split-*/FeatureStats.pb")):
        read = statistics_pb2.DatasetFeatureStatisticsList.FromString(file.read_bytes())
        for number, dataset in enumerate(read.datasets):
            yield f"{file.parent.name}: {number}: num_examples", dataset.num_examples, None
            for feature in dataset.features:
                kind = "num_stats" if feature.HasField("num_stats") else "string_stats"
                told = MessageToDict(
                    getattr(feature, kind), preserving_proto_field_name=True, always_print_fields_with_no_presence=True
                )
                name = ".".join(feature.path.step)
                for path, value in _leaves(told):
                    yield f"{file.parent.name}: {name}: {path}", value, _unit(path, value, told)


def _unit(path: str, value: Any, told: dict[str, Any]) -> float | None:
    if not isinstance(value, float):
        return None
    if path == "mean":
        return max(abs(value), float(told["std_dev"]))
    if not _is_sketched(path):
        return abs(value)
    if path.endswith("sample_count"):
        return float(told["common_stats"]["tot_num_values"])
    if "num_values_histogram" in path:
        return float(told["common_stats"]["max_num_values"])
    return float(told["max"]) - float(told["min"])


def _is_sketched(path: str) -> bool:
    return any(word in path.split(": ") for word in SKETCHED)


def _exact(folder: Path) -> Iterator[Value]:
    """But for the deviation of the rows' identities: small beside their mean, so that TFDV's sums keep few digits of it."""
    identity = f": {ROW_COLUMN}: std_dev"
    return (
        each for each in _statistics(folder) if not _is_sketched(each[0]) and not each[0].endswith((*SINGLE, identity))
    )


def _single(folder: Path) -> Iterator[Value]:
    return (each for each in _statistics(folder) if each[0].endswith(SINGLE))


def _sketched(folder: Path) -> Iterator[Value]:
    return (each for each in _statistics(folder) if _is_sketched(each[0]))


def _leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """What is in a tree of JSON, by path; the numbers of list members stand before the last word."""
    if isinstance(value, dict | list):
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(member, f"{at}: {key}" if at else str(key))
    else:
        yield at, value


CHECKS: dict[str, tuple[float, Callable[[Path], Iterator[Value]]]] = {
    "rows of every step": (0.0, _counts),
    "coefficients, standard errors": (1e-9, _coefficients),
    "the served model's coefficients": (1e-6, _served),
    "statistics: counts, texts, min, max, mean, deviation": (1e-9, _exact),
    "statistics in 32 bits": (2.5e-7, _single),
    "statistics: quantiles, of a column's range or rows": (0.02, _sketched),
    "schema by column, vocabularies": (0.0, _texts),
    "means and deviations that Transform learned": (1e-7, _moments),
    "metrics, their intervals and tables": (1e-6, _metrics),
    "diagnostics": (1e-9, _diagnostics),
}
