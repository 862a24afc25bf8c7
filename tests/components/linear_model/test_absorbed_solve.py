"""A fit with a feature's levels eliminated is the fit with their columns: coefficients, errors, penalties, folds."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy.sparse.linalg import ArpackNoConvergence
from scipy.sparse.linalg import eigsh as scipy_eigsh

from components.errors import DataError
from components.linear_model import absorbed_solve
from tests.components.absorbed_fits import Table


def both(table, **changed):
    return table.fit(True, **changed).fit, table.fit(False, **changed).fit


def same(found, expected):
    largest = np.abs(expected.coefficients).max()
    assert found.coefficients == pytest.approx(expected.coefficients, abs=1e-12 * largest)
    assert found.standard_errors == pytest.approx(expected.standard_errors, rel=1e-11, nan_ok=True)
    dense = found.covariance.dense()
    assert dense == pytest.approx(expected.covariance, abs=1e-12 * np.nanmax(expected.covariance), nan_ok=True)
    for name in (
        "residual_sum_of_squares",
        "total_sum_of_squares",
        "degrees_of_freedom",
        "condition_number",
        "cv_error",
        "log_weight",
        "penalty",
    ):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-10), name
    for name in ("rows", "rank", "penalty_rule", "refined", "names"):
        assert getattr(found, name) == getattr(expected, name), name
    assert pd.DataFrame(found.ridge_path).to_numpy() == pytest.approx(
        pd.DataFrame(expected.ridge_path).to_numpy(), rel=1e-9
    )


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("l2", [0.0, 1.7, "auto"])
def test_as_with_all_columns(l2, weights):
    found, expected = both(Table.drawn(900, 120, weights=weights), l2=l2)
    same(found, expected)
    assert [one.column for one in found.dropped] == [one.column for one in expected.dropped]
    assert [one.because for one in found.dropped] == [one.because for one in expected.dropped]


def test_as_statsmodels_has_it():
    table = Table.drawn(700, 80)
    found = table.fit(True).raw
    frame = pd.DataFrame({"y": table.y, "a": table.a, "b": table.b, "city": table.city, "month": table.month})
    city, month = (frame[name].value_counts(sort=True).index for name in ("city", "month"))
    city = min(index for index in city if (frame.city == index).sum() == frame.city.value_counts().max())
    oracle = smf.ols(f"y ~ a + b + C(city, Treatment({city})) + C(month, Treatment({month[0]}))", frame).fit()
    at = {name: index for index, name in enumerate(found.names)}
    for name in ("a", "b"):
        assert found.coefficients[at[name]] == pytest.approx(oracle.params[name], rel=1e-9)
        assert found.standard_errors[at[name]] == pytest.approx(oracle.bse[name], rel=1e-9)
    assert found.coefficients[0] == pytest.approx(oracle.params["Intercept"], rel=1e-8)
    assert found.standard_errors[0] == pytest.approx(oracle.bse["Intercept"], rel=1e-8)
    checked = 0
    for level in range(80):
        name = f"C(city, Treatment({city}))[T.{level}]"
        if name in oracle.params:
            assert found.coefficients[at[f"city[c{level}]"]] == pytest.approx(oracle.params[name], rel=1e-8)
            assert found.standard_errors[at[f"city[c{level}]"]] == pytest.approx(oracle.bse[name], rel=1e-9)
            checked += 1
    assert checked == frame.city.nunique() - 1


@pytest.mark.parametrize("l2", [0.0, 0.8, "auto"])
def test_with_more_columns_than_rows_in_training_folds(l2):
    """Levels of one row each: whatever is held out has none in training."""
    table = Table.drawn(260, 150)
    same(*both(table, l2=l2))


def test_a_column_that_the_levels_give_is_left_out():
    table = Table.drawn(900, 120)
    table.b = np.sin(table.city)
    found, expected = both(table)
    b = found.names.index("b")
    assert [one.because for one in found.dropped if one.column == b] == [
        "b is the same in all training rows of each level of city"
    ]
    assert found.coefficients[b] == 0
    assert np.isnan(found.standard_errors[b])
    assert found.rank == expected.rank
    assert found.residual_sum_of_squares == pytest.approx(expected.residual_sum_of_squares, rel=1e-12)
    dropped = next(one for one in found.dropped if one.column == b)
    design, columns = table.design, {"a": table.a, "city": table.city, "b": (table.b - 1) / 50, "month": table.month}
    x = np.column_stack([np.ones(900), design.dense(columns)])
    given = sum(factor * x[:, other] for other, factor in dropped.on.items())
    assert given == pytest.approx(x[:, b], abs=1e-9)


def test_a_column_that_levels_and_others_give_is_said_to_be():
    table = Table.drawn(900, 120)
    table.b = (table.a - 2010) / 7 + np.sin(table.city)
    found, expected = both(table)
    (said,) = [one.because for one in found.dropped if one.column == found.names.index("b")]
    assert said == "b is given by a and the levels of city"
    assert found.residual_sum_of_squares == pytest.approx(expected.residual_sum_of_squares, rel=1e-12)


def test_a_column_that_others_give_is_said_in_raw_units():
    table = Table.drawn(900, 120)
    table.b = 3 + 2 * table.a
    found, expected = both(table)
    assert [one.because for one in found.dropped if one.on] == [one.because for one in expected.dropped if one.on]
    assert "b = 3 + 2·a" in [one.because for one in found.dropped]


def test_a_penalty_shares_what_levels_and_a_column_have_in_common():
    table = Table.drawn(900, 120)
    table.b = np.sin(table.city)
    found, expected = both(table, l2=2.0)
    same(found, expected)
    assert [one.column for one in found.shared] == [found.names.index("b")]


def test_collinear_columns_are_an_error_where_that_is_asked_for():
    table = Table.drawn(900, 120)
    table.b = np.sin(table.city)
    with pytest.raises(
        DataError, match="collinear columns:\n  b is the same in all training rows of each level of city"
    ):
        table.fit(True, collinear="error")


def test_too_few_rows_are_said():
    table = Table.drawn(900, 120).take(slice(0, 40))
    table.city = np.arange(40)
    with pytest.raises(DataError, match="too few rows: 40 rows can't determine 45 coefficients"):
        table.fit(True)
    fit = table.fit(True, l2=1.0).fit
    assert np.isfinite(fit.coefficients).all()


def test_no_rows_are_said():
    with pytest.raises(DataError, match="there are no rows to fit"):
        Table.drawn(900, 120).take(slice(0, 0)).fit(True)


def test_without_a_fold_as_with_all_columns():
    from components.linear_model.absorbed_solve import AbsorbedProblem
    from components.linear_model.solve import Problem, Settings

    table = Table.drawn(900, 120)
    parts = [table.gathered(absorbed).scaled() for absorbed in (True, False)]
    references = {2 + int(np.argmax(parts[0][0].by_level)), 2 + 122 + 1}
    settings = Settings(l2=1.5, references=references, tolerance=1e-6)
    mine, its = AbsorbedProblem(parts[0], settings), Problem(parts[1], settings)
    assert mine.columns == its.columns
    assert mine.without_folds() == pytest.approx(its.without_folds(), abs=1e-9)
    assert not mine.wants_refinement()


def test_a_costly_path_is_for_who_asks_for_its_best(monkeypatch):
    table = Table.drawn(900, 120)
    whole = table.fit(True, l2=1.5).fit
    monkeypatch.setattr(absorbed_solve, "_COSTLY", 0.0)
    found = table.fit(True, l2=1.5).fit
    assert [one["l2"] for one in found.ridge_path] == [1.5]
    assert found.cv_error == pytest.approx(whole.cv_error, rel=1e-12)
    assert len(table.fit(True, l2="auto").fit.ridge_path) == 50


def test_an_iteration_that_does_not_settle_is_done_again_with_more_vectors(monkeypatch):
    expected = Table.drawn(900, 120).fit(True).fit.condition_number
    asked = []

    def eigsh(*args, **options):
        asked.append(options["tol"])
        if options["tol"] == 0:
            raise ArpackNoConvergence("no", np.array([]), np.array([]))
        return scipy_eigsh(*args, **options)

    monkeypatch.setattr(absorbed_solve, "eigsh", eigsh)
    assert Table.drawn(900, 120).fit(True).fit.condition_number == pytest.approx(expected, rel=1e-8)
    assert set(asked) == {0, 1e-9}
