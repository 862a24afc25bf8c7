import dataclasses

import numpy as np
import pytest

from components.linear_model.design_matrix import DesignMatrix, Term, bucket_levels, text_levels
from components.linear_model.factors import TriangularFactor
from components.linear_model.gathered import GatheredRows
from components.linear_model.solve import Problem, Settings
from components.values.names import INTERCEPT

PARTS = 3
GENERATOR = np.random.default_rng(4)
ROWS = 400
YEAR = GENERATOR.integers(2000, 2026, ROWS)
HOUR = GENERATOR.integers(0, 2, ROWS)
Y = 3.0 + 0.25 * (YEAR - 2010) + HOUR + GENERATOR.normal(size=ROWS)


def gathered(texts, vocabulary, rows=slice(None), mean=2010.0, std=7.0, origin=0):
    """What a pass over some rows leaves."""
    design = DesignMatrix(
        (
            Term("year", "year", mean=mean, std=std, origin=origin),
            Term("hour", "hour", levels=bucket_levels([12])),
            Term("city", "city", levels=text_levels(vocabulary)),
        )
    )
    ids = np.array([vocabulary.index(text) if text in vocabulary else len(vocabulary) for text in texts])
    matrix = design.dense({"year": YEAR[rows] - origin, "hour": HOUR[rows], "city": ids})
    matrix = np.column_stack([np.ones(len(matrix)), matrix])
    parts = [TriangularFactor([INTERCEPT, *design.column_names], intercept=True) for _ in range(PARTS)]
    for index, part in enumerate(parts):
        part.add(matrix[index::PARTS], Y[rows][index::PARTS])
    present = np.count_nonzero(matrix, axis=0).tolist()
    return GatheredRows("binomial", "y", None, False, design, len(matrix), present, parts, ["no", "yes"])


def predictions(found, texts):
    """Of the fit of scaled columns."""
    fit = Problem(found.scaled(), Settings(tolerance=1e-9)).fit()
    means, stds = found.design.scales()
    vocabulary = [level.text for level in found.design.terms[2].levels if level.text is not None]
    ids = np.array([vocabulary.index(text) if text in vocabulary else len(vocabulary) for text in texts])
    raw = found.design.dense({"year": YEAR - found.design.terms[0].origin, "hour": HOUR, "city": ids})
    return ((np.column_stack([np.ones(ROWS), raw]) - means) / stds) @ fit.coefficients, fit


def test_scaled_factors_are_those_of_scaled_columns():
    texts = GENERATOR.choice(["a", "b"], ROWS)
    found = gathered(texts, ["a", "b"])
    means, stds = found.design.scales()
    ids = (texts == "b").astype(int)
    raw = np.column_stack([np.ones(ROWS), found.design.dense({"year": YEAR, "hour": HOUR, "city": ids})])
    for index, part in enumerate(found.scaled()):
        scaled = ((raw - means) / stds)[index::PARTS]
        expected = np.column_stack([scaled, Y[index::PARTS]])
        square = part.square()
        assert square.T @ square == pytest.approx(expected.T @ expected, rel=1e-10, abs=1e-9)


def test_files_round_trip(tmp_path):
    found = gathered(GENERATOR.choice(["a", "b"], ROWS), ["a", "b"])
    found.save(str(tmp_path))
    again = GatheredRows.load(str(tmp_path))
    assert (again.design, again.present, again.rows_read) == (found.design, found.present, found.rows_read)
    assert again.classes == ["no", "yes"]
    for mine, its in zip(found.parts, again.parts, strict=True):
        assert mine.square().tolist() == its.square().tolist()
    text = (tmp_path / "gathered.json").read_text()
    (tmp_path / "gathered.json").write_text(text.replace('"format": 4', '"format": 99'))
    with pytest.raises(ValueError, match="format 4"):
        GatheredRows.load(str(tmp_path))


def test_factors_of_other_rows_with_other_vocabularies_and_origins_merge():
    """The first half has cities a and b, the second b and c: together they are what all rows with three cities give."""
    first, second = slice(0, ROWS // 2), slice(ROWS // 2, ROWS)
    texts = np.concatenate([GENERATOR.choice(["a", "b"], ROWS // 2), GENERATOR.choice(["b", "c"], ROWS // 2)])
    halves = gathered(texts[first], ["b", "a"], first), gathered(texts[second], ["c", "b"], second, 2012.0, 6.0, 1990)
    merged, whole = halves[0].merge(halves[1]), gathered(texts, ["b", "a", "c"])
    assert merged.names == whole.names
    assert merged.present == whole.present
    found, fit = predictions(merged, texts)
    expected, oracle = predictions(whole, texts)
    assert found == pytest.approx(expected, rel=1e-9)
    assert fit.residual_sum_of_squares == pytest.approx(oracle.residual_sum_of_squares, rel=1e-10)
    assert (fit.rows, fit.rank) == (oracle.rows, oracle.rank) == (ROWS, 5)


def test_rows_of_other_features_do_not_merge():
    texts = GENERATOR.choice(["a", "b"], ROWS)
    other = gathered(texts, ["a", "b"])
    changed = GatheredRows(**{**vars(other), "label": "z"})
    with pytest.raises(ValueError, match="can't be merged"):
        other.merge(changed)


def test_rows_of_other_intervals_do_not_merge():
    other = gathered(GENERATOR.choice(["a", "b"], ROWS), ["a", "b"])
    design = DesignMatrix(
        (other.design.terms[0], Term("hour", "hour", levels=bucket_levels([13])), other.design.terms[2])
    )
    with pytest.raises(ValueError, match="can't be merged"):
        other.merge(GatheredRows(**{**vars(other), "design": design}))


def test_rows_of_other_knots_do_not_merge():
    other = gathered(GENERATOR.choice(["a", "b"], ROWS), ["a", "b"])
    number, *rest = other.design.terms
    one, two = (
        GatheredRows(**{**vars(other), "design": DesignMatrix((dataclasses.replace(number, learned=knots), *rest))})
        for knots in ((0.0, 1.0, 2.0), (0.0, 1.5, 2.0))
    )
    one.merge(one)
    with pytest.raises(ValueError, match="can't be merged"):
        one.merge(two)


def test_levels_of_several_columns_merge_and_are_saved(tmp_path):
    pairs = [("a", "x"), ("a", None), ("b", "x")]
    texts = [pairs[place] for place in GENERATOR.integers(0, 3, ROWS)]
    halves = gathered(texts, pairs[:2]), gathered(texts, pairs[2:])
    halves[0].merge(halves[1]).save(str(tmp_path))
    [*_, city] = GatheredRows.load(str(tmp_path)).design.terms
    assert [level.text for level in city.levels] == [*pairs, None, None]
    assert [level.name for level in city.levels][:3] == ["a × x", "a × (missing)", "b × x"]
