import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import statsmodels.api as sm

from components.errors import DataError
from components.linear_model import fit, fit_parquet, threads

GENERATOR = np.random.default_rng(4)
X = GENERATOR.normal(size=(5_000, 4)) * np.array([1e-2, 1.0, 1e2, 5.0]) + np.array([0, 1, 50, -3])
Y = X @ np.array([1e3, -2.0, 1e-4, 0.5]) + GENERATOR.normal(size=5_000)
W = GENERATOR.integers(0, 4, 5_000).astype(float)
NAMES = ["a", "b", "c", "d"]


@pytest.fixture
def file(tmp_path):
    return written(tmp_path / "t.parquet", {})


def written(path, changes, groups=700):
    columns = {**dict(zip(NAMES, X.T, strict=True)), "y": Y, "w": W, **changes}
    pq.write_table(pa.table(columns), path, row_group_size=groups)
    return path


@pytest.mark.parametrize("workers", [1, 2, 5, 100])
@pytest.mark.parametrize("weight", [None, "w"])
def test_equals_statsmodels_with_any_number_of_workers(file, workers, weight):
    found = fit_parquet(file, "y", features=NAMES, weight=weight, workers=workers)
    oracle = sm.WLS(Y[W > 0], sm.add_constant(X)[W > 0], W[W > 0]) if weight else sm.OLS(Y, sm.add_constant(X))
    result = oracle.fit()
    assert found.names == ["(intercept)", *NAMES]
    assert (found.coefficients - result.params) / result.bse == pytest.approx(np.zeros(5), abs=1e-6)
    assert found.standard_errors == pytest.approx(result.bse, rel=1e-8)
    assert found.rows == (np.count_nonzero(W) if weight else 5_000)


def test_several_files_are_the_rows_of_all_and_other_kinds_of_numbers_are_numbers(tmp_path):
    changes = {"a": (X[:, 0] > 0), "b": X[:, 1].astype(np.float32), "c": X[:, 2].astype(np.int32)}
    one, two = written(tmp_path / "1", changes), written(tmp_path / "2", {**changes, "y": Y + 1})
    x = np.column_stack([X[:, 0] > 0, X[:, 1].astype(np.float32), X[:, 2].astype(np.int32), X[:, 3], W])
    expected = fit(np.concatenate([x, x]), np.concatenate([Y, Y + 1]), refine=False)
    found = fit_parquet([one, two], "y", refine=False)
    assert found.names == ["(intercept)", *NAMES, "w"]
    assert found.coefficients == pytest.approx(expected.coefficients, rel=1e-9)
    assert found.standard_errors == pytest.approx(expected.standard_errors, rel=1e-9)


def test_a_fit_is_refined_by_reading_again(tmp_path):
    """NIST's Wampler1: all coefficients are 1."""
    powers = np.vander(np.arange(21.0), 6, increasing=True)
    table = {f"t{power}": powers[:, power] for power in range(1, 6)}
    pq.write_table(pa.table({**table, "y": powers.sum(axis=1)}), tmp_path / "t", row_group_size=4)
    found = fit_parquet(tmp_path / "t", "y", refine=True)
    assert found.refined > 0
    assert found.coefficients.tolist() == [1.0] * 6
    assert (fit_parquet(tmp_path / "t", "y", refine=False).coefficients != 1.0).any()


def test_dropped_columns_and_penalties_are_as_of_arrays(tmp_path):
    path = written(tmp_path / "t", {"e": X[:, 0] + X[:, 1]})
    features = [*NAMES, "e"]
    x = np.column_stack([X, X[:, 0] + X[:, 1]])
    assert [column.because for column in fit_parquet(path, "y", features=features).dropped] == ["e = a + b"]
    for options in ({"l2": 3.0}, {"intercept": False}):
        found = fit_parquet(path, "y", features=features, **options)
        assert found.coefficients == pytest.approx(fit(x, Y, names=features, **options).coefficients, rel=1e-6)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({}, {"features": ["z"]}, "expected one column z; there are a, b, c, d, y, w"),
        ({"d": ["text"] * 5_000}, {}, "column d: expected numbers or truth values; received string"),
        (
            {"a": pa.array([None if row == 4_000 else 1.0 for row in range(5_000)])},
            {},
            "row group 5, column a: expected numbers; received a null",
        ),
        (
            {"b": np.where(np.arange(5_000) == 9, np.nan, 1.0)},
            {},
            "row group 0: column b of the design matrix: expected",
        ),
        ({"y": np.where(np.arange(5_000) == 9, np.inf, 1.0)}, {}, "row group 0: the label: expected finite"),
        ({"w": W - 1}, {"weight": "w"}, "weights: expected finite numbers of at least 0"),
        ({"c": 1e160 * X[:, 2]}, {}, "c: its greatest value is"),
    ],
)
def test_what_cannot_be_fitted_is_said(tmp_path, changes, options, message):
    with pytest.raises(DataError) as caught:
        fit_parquet(written(tmp_path / "t.parquet", changes), "y", **options)
    assert message in str(caught.value)


def test_rows_that_the_metadata_do_not_count_are_refused(file, monkeypatch):
    whole = pq.ParquetFile.iter_batches

    def less(self, *arguments, **options):
        return (batch.slice(1) for batch in whole(self, *arguments, **options))

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", less)
    with pytest.raises(DataError, match="expected 5000 rows, as the files' metadata say; read 4992"):
        fit_parquet(file, "y")


@pytest.mark.parametrize(("paths", "l2"), [([], 0.0), ("t", -1.0)])
def test_arguments_that_make_no_sense(paths, l2):
    with pytest.raises(ValueError):
        fit_parquet(paths, "y", l2=l2)


def test_threads_merge_in_order_and_errors_come_through():
    found = threads.gathered([1, 2, 3], lambda part: Collected([part]))
    assert found.parts == [1, 2, 3]
    with pytest.raises(ZeroDivisionError):
        threads.gathered([1, 0], lambda part: Collected([1 / part]))


class Collected:
    def __init__(self, parts):
        self.parts = parts

    def merge(self, other):
        self.parts += other.parts
        return self
