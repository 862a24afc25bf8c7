import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.weightstats import DescrStatsW

from components.linear_model.moments import moments
from tests.components.table_fits import table_fit

TABLE = sm.datasets.grunfeld.load_pandas().data


@pytest.mark.parametrize("weight", [None, "capital"])
def test_they_are_those_of_the_raw_columns(weight):
    table = TABLE.assign(is_ge=(TABLE.firm == "General Electric").astype(float))
    found = moments(table_fit(table, "invest", ["value", "year", "firm"], weight=weight))
    weights = np.ones(len(table)) if weight is None else table[weight].to_numpy()
    by = DescrStatsW(table[["value", "year", "is_ge", "invest"]].to_numpy(), weights)
    ge = 3 + list(table.firm.value_counts().index).index("General Electric")
    assert found.weight == pytest.approx(weights.sum())
    assert found.mean[[1, 2, ge]] == pytest.approx(by.mean[:3], rel=1e-12)
    assert found.deviation[[1, 2, ge]] == pytest.approx(by.std[:3], rel=1e-10)
    assert found.correlation[[1, 2, ge]] == pytest.approx(by.corrcoef[:3, 3], rel=1e-9)
    assert [found.label_mean, found.label_deviation] == pytest.approx([by.mean[3], by.std[3]], rel=1e-12)
    assert (found.mean[0], found.deviation[0]) == (1.0, pytest.approx(0.0, abs=1e-12))
    assert np.isnan(found.correlation[-1])  # no row has (missing)


def test_standardised_coefficients_are_those_of_z_scores():
    found = table_fit(TABLE, "invest", ["value", "capital"])
    z = (TABLE[["invest", "value", "capital"]] - TABLE.mean(numeric_only=True)) / TABLE.std(numeric_only=True)
    by = sm.OLS(z.invest, sm.add_constant(z[["value", "capital"]])).fit()
    assert moments(found).standardised(found.raw.coefficients)[1:] == pytest.approx(by.params.iloc[1:], rel=1e-10)
