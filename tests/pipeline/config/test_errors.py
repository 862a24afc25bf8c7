"""An error's place and its keys are found in the types of the sections."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.config.errors import describe, nearest, short
from pipeline.config.file import Config

GOOD: dict[str, Any] = {
    "name": "fares", "data": {"path": "t.csv"}, "label": "y", "features": {"x": "numeric", "kind": "categorical"},
}  # fmt: skip


def words(**changes: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate({**GOOD, **changes})
    return [describe(Config, detail) for detail in caught.value.errors()]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"evaluate": {"slices": [["x"], {"columns": ["x"], "limit": {}}]}},
         "evaluate.slices.1.limit: unknown key; did you mean 'limits'?; remove or rename it."),
        ({"evaluate": {"slices": [{"columns": ["x"], "limits": {"r_squared": {"mn": 0}}}]}},
         "evaluate.slices.0.limits.r_squared.mn: unknown key; did you mean 'min'?"),
        ({"features": {"numeric": {"kind": "numeric", "wide": True}}},
         "features.numeric.wide: unknown key. Known here: column, unit, impute, indicator, outside, min, max, kind, scale; "
         "remove or rename it."),
        ({"features": {"kind": {"kind": "text"}}}, "features.kind.words: this key is missing. Add it."),
        ({"model": {"solver": "sgd", "step": 1}}, "model.step: unknown key; did you mean 'steps'?"),
        ({"model": {"fold": 3}}, "model.fold: unknown key; did you mean 'folds'?"),
        ({"schma": "s"}, "schma: unknown key; did you mean 'schema'?"),
        ({"targets": {"vertex": {"data": "/t.csv", "serving": "/m", "resources": {"Fit": {"cpus": 1}}}}},
         "targets.vertex.resources.Fit.cpus: unknown key; did you mean 'cpu'?"),
        ({"data": {"path": "t.csv", "drop": {"y": {"bellow": 1}}}}, "data.drop.y.bellow: unknown key; did you mean 'below'?"),
    ],
)  # fmt: skip
def test_a_place_is_said_without_tags_and_with_the_keys_that_are_known_there(changes, message):
    assert words(**changes)[0].startswith(message)


def test_a_long_value_is_cut_and_a_word_that_is_near_to_nothing_gets_no_hint():
    assert short("x" * 500) == f"'{'x' * 199}…"
    assert nearest("label", ["lable"]) == "; did you mean 'lable'?"
    assert nearest("label", ["zzz"]) == ""
