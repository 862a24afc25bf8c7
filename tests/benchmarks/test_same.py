"""What counts as a difference between two runs, and where it is looked for."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from benchmarks.same import CHECKS, compare, hold, last_summary

EXPECTED = [("a: coefficient", 2.0, 2.0), ("b: coefficient", 0.0, 0.5), ("rows", 12, None), ("c: median", None, None)]
STATISTICS = "StatisticsGen/statistics/3/Split-train/FeatureStats.pb"
GATHERED = "Gather/gathered/7/gathered.json"
DIAGNOSTICS = "Fit/fit/8/diagnostics.json"
SCHEMA = "SchemaGen/schema/2/schema.pbtxt"
SUMMARY = "runs/2026-01-01T00:00:00.000000.json"


def test_equal_values_are_equal():
    held = hold("all", 1e-9, iter(EXPECTED), iter(EXPECTED))
    assert (held.worst, held.where, held.compared, held.unequal) == (0.0, "", 4, {})


def test_a_difference_is_measured_by_the_unit_of_what_is_expected():
    found = [("a: coefficient", 2.5, 9.0), ("b: coefficient", 1.0, 9.0), *EXPECTED[2:]]
    held = hold("all", 1e-9, iter(found), iter(EXPECTED))
    assert (held.worst, held.where, held.unequal) == (2.0, "b: coefficient", {"coefficient": 2})


@pytest.mark.parametrize(
    ("path", "value"),
    [("rows", 13), ("rows", None), ("c: median", 1.0), ("a: coefficient", None), ("d: another", 1.0)],
)
def test_what_must_be_equal_or_is_missing_differs_beyond_any_limit(path, value):
    found = {**{each[0]: each for each in EXPECTED}, path: (path, value, 1.0)}
    held = hold("all", 1.0, iter(found.values()), iter(EXPECTED))
    assert held.worst == math.inf
    assert held.where == path


def test_a_value_that_only_the_expected_run_has_differs():
    held = hold("all", 1.0, iter(EXPECTED[:2]), iter([*EXPECTED[:2], ("rows", 12, None)]))
    assert (held.worst, held.where) == (math.inf, "rows")


def test_the_last_summary_is_the_newest(tmp_path):
    (tmp_path / "runs").mkdir()
    for day in ("02", "01"):
        (tmp_path / "runs" / f"2026-01-{day}T00:00:00.000000.json").write_text(f'{{"day": "{day}"}}')
    assert last_summary(tmp_path) == {"day": "02"}


def write(root: Path) -> Path:
    """What a run leaves, as far as it is compared."""
    folder = root / "pipelines" / "made"
    statistics = statistics_pb2.DatasetFeatureStatisticsList()
    dataset = statistics.datasets.add(num_examples=4)
    number = dataset.features.add()
    number.path.step.append("x")
    number.num_stats.mean, number.num_stats.std_dev, number.num_stats.median = 2.0, 1.0, 2.5
    number.num_stats.max = 10.0
    text = dataset.features.add()
    text.path.step.append("c")
    text.string_stats.avg_length = 3.5
    column = {"name": "x", "coefficient": 2.0, "standard_error": 0.5}
    verdict = {"blessed": True, "metrics": {"overall": {"r_squared": 0.5}}, "intervals": {}, "cross_validated": None}
    files = {
        STATISTICS: statistics.SerializeToString(),
        GATHERED: {"design": [{"key": "x", "mean": 2.0, "std": 1.0, "origin": 0, "learned": [0.5]}]},
        DIAGNOSTICS: {"leverage_sum": 2.0, "shapes": [{"column": "x", "bins": [{"residual": 0.0}]}]},
        SUMMARY: {
            "steps": [{"step": "Gather", "rows": {"train": 4}}],
            "cleaning": {"rows read": 5, "rows kept": 4},
            "linear_fit": {"columns": [column, {**column, "name": "reference", "coefficient": None}]},
            "fit": {"intercept": 1.0, "coefficients": {"x": 2.0}},
            "verdict": {**verdict, "tables": None},
            "test": None,
        },
        SCHEMA: b'feature { name: "x" type: FLOAT } feature { name: "c" type: BYTES }',
        "Transform/transform_graph/6/transform_fn/assets/vocabularies": b"red\ngreen\n",
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return folder


def replace(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / path).read_text()
        assert old in text
        (folder / path).write_text(text.replace(old, new, 1))

    return change


def measured(kind: str, feature: int, field: str, value: float) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        statistics = statistics_pb2.DatasetFeatureStatisticsList.FromString((folder / STATISTICS).read_bytes())
        setattr(getattr(statistics.datasets[0].features[feature], kind), field, value)
        (folder / STATISTICS).write_bytes(statistics.SerializeToString())

    return change


CHANGES = {
    "a row is lost": (replace(SUMMARY, '"train": 4', '"train": 3'), 0, math.inf),
    "a row is read twice": (replace(SUMMARY, '"rows read": 5', '"rows read": 6'), 0, math.inf),
    "a coefficient": (replace(SUMMARY, '"coefficient": 2.0', '"coefficient": 2.5'), 1, 0.25),
    "a standard error": (replace(SUMMARY, '"standard_error": 0.5', '"standard_error": 0.75'), 1, 0.5),
    "the served model": (replace(SUMMARY, '"x": 2.0', '"x": 3.0'), 2, 0.5),
    "a mean": (measured("num_stats", 0, "mean", 2.5), 3, 0.25),
    "a length": (measured("string_stats", 1, "avg_length", 7.0), 4, 1.0),
    "a median, of the range": (measured("num_stats", 0, "median", 3.0), 5, 0.05),
    "a vocabulary": (
        replace("Transform/transform_graph/6/transform_fn/assets/vocabularies", "red", "rod"),
        6,
        math.inf,
    ),
    "a column's type": (replace(SCHEMA, "FLOAT", "INT"), 6, math.inf),
    "what Transform learned": (replace(GATHERED, '"mean": 2.0', '"mean": 4.0'), 7, 1.0),
    "a metric": (replace(SUMMARY, '"r_squared": 0.5', '"r_squared": 0.25'), 8, 0.5),
    "a metric that is none": (replace(SUMMARY, '"r_squared": 0.5', '"r_squared": null'), 8, math.inf),
    "the verdict": (replace(SUMMARY, "true", "false"), 8, math.inf),
    "a leverage": (replace(DIAGNOSTICS, "2.0", "2.5"), 9, 0.25),
    "a bin's residual": (replace(DIAGNOSTICS, '"residual": 0.0', '"residual": 0.5'), 9, 5e5),
}


def test_two_runs_that_left_the_same_are_the_same(tmp_path):
    write(tmp_path / "a")
    write(tmp_path / "b")
    checks = compare(tmp_path / "a", tmp_path / "b", "made")
    assert [check.name for check in checks] == list(CHECKS)
    assert all(check.worst == 0.0 and check.compared for check in checks)


def test_columns_of_a_schema_may_stand_in_another_order(tmp_path):
    (write(tmp_path / "a") / SCHEMA).write_text('feature { name: "c" type: BYTES } feature { name: "x" type: FLOAT }')
    write(tmp_path / "b")
    assert not any(check.worst for check in compare(tmp_path / "a", tmp_path / "b", "made"))


@pytest.mark.parametrize(("change", "number", "difference"), CHANGES.values(), ids=CHANGES)
def test_each_difference_is_found_by_its_own_check_alone(change, number, difference, tmp_path):
    change(write(tmp_path / "a"))
    write(tmp_path / "b")
    checks = compare(tmp_path / "a", tmp_path / "b", "made")
    assert [check.name for check in checks if check.worst] == [checks[number].name]
    assert checks[number].worst == difference
    assert checks[number].worst > checks[number].limit
