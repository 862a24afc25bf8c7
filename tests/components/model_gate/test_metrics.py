import functools

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score, root_mean_squared_error

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


@pytest.mark.parametrize("size", [1, 7, 300])
def test_metrics_equal_scikit_learns_in_any_grouping(size):
    from components.model_gate.metrics import FORMULAS, merge, sums_of

    generator = np.random.default_rng(0)
    y = generator.normal(1e6, 1.0, 300)  # a large mean, to show cancellation
    p = y + generator.normal(0, 0.5, 300)
    w = generator.random(300)
    parts = [sums_of(y[i : i + size, None], p[i : i + size], w[i : i + size]) for i in range(0, 300, size)]
    total = functools.reduce(merge, parts)
    found = {name: formula(total) for name, formula in FORMULAS.items() if not name.endswith("_standard_error")}
    assert found == pytest.approx(
        {
            "mean_squared_error": mean_squared_error(y, p, sample_weight=w),
            "root_mean_squared_error": root_mean_squared_error(y, p, sample_weight=w),
            "mean_absolute_error": mean_absolute_error(y, p, sample_weight=w),
            "r_squared": r2_score(y, p, sample_weight=w),
            "mean_label": np.average(y, weights=w),
            "mean_prediction": np.average(p, weights=w),
            "example_count": 300,
        },
        rel=1e-9,
    )


def test_one_weight_for_all_and_no_weight_at_all():
    from components.model_gate.metrics import FORMULAS, Sums, merge, sums_of

    sums = sums_of([1.0, 3.0], [1.0, 1.0], 1.0)
    assert FORMULAS["mean_squared_error"](sums) == 2.0
    nothing = sums_of([1.0, 3.0], [1.0, 1.0], [0.0, 0.0])
    assert nothing == Sums(rows=2.0)
    assert np.isnan(FORMULAS["r_squared"](nothing))
    assert merge(nothing, sums) == sums._replace(rows=4.0)


def test_arrays_that_do_not_match_are_an_error():
    from components.model_gate.metrics import sums_of

    with pytest.raises(ValueError, match="expected a label, a prediction and a weight a row; received 2, 1 and 1"):
        sums_of([1.0, 2.0], [1.0], [1.0])


@pytest.mark.parametrize("weighted", [False, True])
def test_standard_errors_equal_the_bootstraps_and_do_not_depend_on_the_grouping(weighted):
    from components.model_gate.metrics import FORMULAS, merge, sums_of

    generator = np.random.default_rng(1)
    n, draws = 2000, 800
    y = generator.gamma(2, 3, n) + 1000
    p = y + generator.normal(0, 2, n) * np.sqrt(y - 999)
    w = generator.integers(1, 5, n).astype(float) if weighted else np.ones(n)
    whole = sums_of(y, p, w)
    parts = functools.reduce(merge, [sums_of(y[i : i + 137], p[i : i + 137], w[i : i + 137]) for i in range(0, n, 137)])
    drawn = [sums_of(y[rows], p[rows], w[rows]) for rows in generator.integers(0, n, (draws, n))]
    names = [name for name in FORMULAS if name.endswith("_standard_error")]
    assert len(names) == 6
    for name in names:
        metric = FORMULAS[name.removesuffix("_standard_error")]
        assert FORMULAS[name](parts) == pytest.approx(FORMULAS[name](whole), rel=1e-9)
        assert FORMULAS[name](whole) == pytest.approx(np.std([metric(sums) for sums in drawn]), rel=0.12), name


def test_the_standard_error_of_the_mean_is_statsmodels():
    from statsmodels.stats.weightstats import DescrStatsW

    from components.model_gate.metrics import FORMULAS, sums_of

    y = np.random.default_rng(2).normal(5, 2, 40)
    assert FORMULAS["mean_label_standard_error"](sums_of(y, y, 1.0)) == pytest.approx(
        DescrStatsW(y).std_mean, rel=1e-12
    )
    assert FORMULAS["r_squared_standard_error"](sums_of(y, y, 1.0)) == 0
    assert np.isnan(FORMULAS["mean_label_standard_error"](sums_of([1.0], [1.0], 1.0)))
