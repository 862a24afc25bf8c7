import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from pipeline.graph.report import distributions as module
from pipeline.graph.report.distributions import distributions
from tests.pipeline.graph.report.sources import source

CONFIG = {
    "label": "y",
    "weight": "w",
    "features": {"x": "numeric", "c": {"kind": "categorical", "min_rows": 1}, "d": {"kind": "log", "column": "x"}},
}
FEWEST = 5


def statistics_of(table):
    """As TensorFlow Data Validation has them of a table: of numbers moments and deciles, of texts all of them by frequency."""
    found = {}
    for name in table:
        feature, values = statistics_pb2.FeatureNameStatistics(), table[name].dropna()
        feature.path.step.append(name)
        if table[name].dtype == object:
            common = feature.string_stats.common_stats
            counts = values.value_counts()
            feature.string_stats.unique = len(counts)
            for text, rows in counts.items():
                feature.string_stats.rank_histogram.buckets.add(label=text, sample_count=rows)
        else:
            common = feature.num_stats.common_stats
            if len(values):
                numbers = feature.num_stats
                numbers.mean, numbers.std_dev, numbers.median = values.mean(), values.std(ddof=0), values.median()
                numbers.min, numbers.max = values.min(), values.max()
                histogram = numbers.histograms.add(type=statistics_pb2.Histogram.QUANTILES)
                ends = np.quantile(values, np.linspace(0, 1, 11))
                for low, high in itertools.pairwise(ends):
                    histogram.buckets.add(low_value=low, high_value=high, sample_count=len(values) / 10)
        common.num_non_missing, common.num_missing = len(values), len(table) - len(values)
        found[name] = feature
    return found


def batches_of(table, rows=100):
    """As ExampleGen keeps them: float32, and texts in a dictionary of each batch."""
    for start in range(0, len(table), rows):
        part = table.iloc[start : start + rows]
        arrays = [
            pa.array(part[name], pa.binary() if part[name].dtype == object else pa.float32(), from_pandas=True)
            for name in part
        ]
        yield pa.RecordBatch.from_arrays(
            [array.dictionary_encode() if pa.types.is_binary(array.type) else array for array in arrays],
            names=list(part),
        )


@pytest.fixture
def found(monkeypatch):
    def of(splits, config=CONFIG, with_columns=True):
        whole = source(config=config)
        monkeypatch.setattr(
            type(whole), "statistics", lambda self, split: statistics_of(splits[split]) if split in splits else {}
        )
        monkeypatch.setattr(
            module, "_batches", lambda _, split: batches_of(splits[split]) if with_columns else iter(())
        )
        return {one.column: one for one in distributions(whole, FEWEST)}

    return of


def drawn(rows, seed):
    generator = np.random.default_rng(seed)
    table = pd.DataFrame({name: generator.lognormal(size=rows).round(4) for name in ("plumbline_row", "x", "y", "w")})
    table["c"] = generator.choice(np.array(["a", "b", "rare", "secret"], object), rows, p=[0.6, 0.38, 0.015, 0.005])
    table.loc[generator.random(rows) < 0.1, ["x", "c"]] = None
    return table


def test_counts_are_pandas(found):
    splits = {"train": drawn(1000, 1), "eval": drawn(250, 2)}
    told = found(splits)
    assert list(told) == ["y", "w", "x", "c"], "the label, the weight, the features; not what ingest adds"
    assert [one.role for one in told.values()] == ["label", "weight", "feature", "feature"]
    for name in ("x", "y"):
        for split, table in splits.items():
            ends = [-np.inf, *told[name].edges[split], np.inf]
            expected = pd.cut(table[name].astype("float32"), ends, right=False).value_counts(sort=False)
            assert told[name].counts[split] == expected.tolist()
    spread = told["x"].spreads["train"]
    values = splits["train"].x
    assert (spread.rows, spread.missing) == (1000, int(values.isna().sum()))
    assert spread.missing_share == values.isna().mean()
    assert spread.mean == pytest.approx(values.mean())
    assert spread.median == pytest.approx(values.median(), abs=values.std() / 20)
    levels = splits["train"].c.value_counts()
    assert told["c"].levels == [level for level in levels.index if levels[level] >= FEWEST]
    assert told["c"].texts == len(levels)


def test_no_value_of_a_few_rows_is_told(found):
    splits = {"train": drawn(400, 3), "eval": drawn(60, 4)}
    splits["train"].loc[0, ["x", "c"]] = [98765.4321, "nobody else"]
    splits["eval"].loc[0, ["x", "c"]] = [87654.3219, "nobody there"]
    told = found(splits)
    text = " ".join(one.model_dump_json() for one in told.values())
    for secret in ("98765", "87654", "nobody", *map(repr, splits["train"].x.dropna().nsmallest(3))):
        assert secret not in text
    for one in told.values():
        assert all(count in (None, 0) or count >= FEWEST for of in one.counts.values() for count in of)


def test_quantiles_are_no_values_of_rows(found):
    table = drawn(101, 5)
    spread = found({"train": table})["y"].spreads["train"]
    for value, share in ((spread.tenth, 0.1), (spread.median, 0.5), (spread.ninetieth, 0.9)):
        exact = float(table.y.quantile(share))
        assert value != exact
        assert value == pytest.approx(exact, abs=table.y.std() / 20)


def test_a_split_of_hardly_a_row_tells_nothing_but_its_rows(found):
    splits = {"train": drawn(300, 6), "eval": drawn(3, 7)}
    spread = found(splits)["y"].spreads["eval"]
    assert (spread.rows, spread.mean, spread.deviation, spread.median) == (3, None, None, None)


@pytest.mark.parametrize("values", [[None] * 40, [7.0] * 40])
def test_a_column_without_a_value_or_with_one(found, values):
    table = drawn(40, 8)
    table["x"] = np.array(values, float)
    one = found({"train": table})["x"]
    assert one.edges == {"train": []}
    assert one.spreads["train"].missing == (40 if values[0] is None else 0)
    assert one.counts["train"] == [0 if values[0] is None else 40]
    assert one.inner("train") == ([], [])


def test_whole_numbers_have_whole_bins(found):
    table = drawn(500, 9)
    table["x"] = np.random.default_rng(9).integers(0, 12, 500).astype(float)
    edges = found({"train": table})["x"].edges["train"]
    assert edges == [float(number) for number in range(13)]


def test_without_columns_figures_are_all_that_is_told(found):
    one = found({"train": drawn(100, 10)}, with_columns=False)["x"]
    assert (one.counts, one.edges) == ({}, {})
    assert one.spreads["train"].mean is not None
    assert found({}) == {}


def test_shares_are_of_rows_with_a_value(found):
    table = drawn(2000, 11)
    one = found({"train": table})["c"]
    assert sum(one.shares("train")) == pytest.approx(1.0)
    assert one.shares("train")[0] == pytest.approx((table.c == "a").sum() / table.c.notna().sum())
