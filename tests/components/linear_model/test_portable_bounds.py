"""What is served of a fit within bounds, beside statsmodels with what is held taken as known."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS

from components.linear_model.linear_fit import LinearFit
from components.linear_model.portable import PortableModel, portable_model
from components.linear_model.scoring import score
from components.preprocessing.features import features_to_json
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.numeric import Numeric
from tests.components.bounded_fits import bounds_of_fair, fair
from tests.components.table_fits import table_fit

FEATURES = {"age": Numeric(), "educ": Numeric(), "occupation": Categorical(vocabulary=6)}


@pytest.fixture(scope="module")
def table():
    """A label that rises with the first occupations and falls with the last, so that two pools come about."""
    effect = fair().occupation.map({"o1": 0.0, "o2": 2.0, "o3": 1.0, "o4": 4.0, "o5": 3.5, "o6": 6.0})
    return fair().assign(affairs=effect - 0.1 * fair().age + np.random.default_rng(0).normal(size=len(effect)))


def test_a_level_that_equals_another_is_as_sure_as_that_one(table, tmp_path):
    found = table_fit(table, "affairs", list(FEATURES), bounds=bounds_of_fair)
    likes = {(found.fit.names[held.column], held.like and found.fit.names[held.like]) for held in found.fit.bounds.held}
    assert ("occupation[o5]", "occupation[o4]") in likes and ("age", None) in likes
    found.save(str(tmp_path))
    again = LinearFit.load(str(tmp_path))
    assert again.fit.bounds == found.fit.bounds
    filled = {name: {"fill": float(table[name].mean())} for name in ("age", "educ")}
    model = portable_model(again, features_to_json(FEATURES), filled, again.fit.coefficients, 0.9, "exact", [""])
    model = PortableModel.from_text(model.to_text())
    rows = {"age": [30.0, 30.0, 22.0], "educ": [14.0, 14.0, 20.0], "occupation": ["o4", "o5", "o1"]}
    answers = score(model, rows)
    held_education = next(held for held in found.fit.bounds.held if found.fit.names[held.column] == "educ")
    education = {"min": -0.001, "max": 0.001}[held_education.side]
    pool = table.occupation.replace({"o5": "o4", "o2": "o3"})

    def design(levels):
        return np.column_stack([np.ones(len(levels)), *(levels == level for level in ("o1", "o4", "o6"))]).astype(float)

    oracle = OLS(table.affairs - education * table.educ, design(pool)).fit()
    asked = pd.Series(rows["occupation"]).replace({"o5": "o4"})
    frame = oracle.get_prediction(design(asked)).summary_frame(alpha=0.1)
    plus = education * np.array(rows["educ"])
    assert answers["prediction"] == pytest.approx(frame["mean"] + plus, rel=1e-9)
    assert answers["low"] == pytest.approx(frame["obs_ci_lower"] + plus, rel=1e-8)
    assert answers["high"] == pytest.approx(frame["obs_ci_upper"] + plus, rel=1e-8)
