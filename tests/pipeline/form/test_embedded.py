"""What a page computes of a model.json, in a browser, is what `components.linear_model.scoring` does."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from components.errors import DataError
from components.linear_model.families import FAMILIES
from components.linear_model.portable import PortableModel
from components.linear_model.scoring import score, term_sizes
from pipeline.form.assets import text_of
from pipeline.form.embedded import LEFT_AWAY, NONE, embedded
from tests.browser import chromium, needs_chromium
from tests.pipeline.form.every_kind import NAN, ODD, REFUSED, every_kind, rows

TEXTS = [
    "gaussian",
    "gaussian(label=log)",
    "gaussian(label=log, mean=smearing)",
    "gaussian(label=log1p)",
    "gaussian(label=log1p, mean=smearing)",
    "gaussian(label=sqrt)",
    "gaussian(label=sqrt, mean=smearing)",
    "gaussian(label=boxcox, lambda=0.3)",
    "gaussian(label=boxcox, lambda=-0.2)",
    "binomial",
    "binomial(link=probit)",
    "binomial(link=cloglog)",
    "poisson",
    "gamma",
    "tweedie(power=1.5)",
]
SCORE = """([model, rows]) => {
  const score = plumblineScore(model);
  return rows.map((row) => { try { return score(row); } catch (error) { return error.message; } });
}"""
Scorer = Callable[[dict[str, Any], list[dict[str, Any]]], list[Any]]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The made models have more columns than a page has room for."""
    monkeypatch.setattr("pipeline.form.embedded.MOST_INTERVAL", 3_000_000)


@pytest.fixture(scope="module")
def scored() -> Iterator[Scorer]:
    """Scores rows in a browser, by what is embedded: an answer each, or why there is none."""
    with chromium() as browser:
        page = browser.new_page()
        for name in ("values.js", "dates.js", "score.js"):
            page.add_script_tag(content=text_of(name))
        yield lambda model, given: page.evaluate(SCORE, [json.loads(json.dumps(model, allow_nan=False)), given])


def oracle(model: PortableModel, row: dict[str, Any]) -> dict[str, Any] | str:
    columns = {name: [row[name]] for name in model.raw_columns}
    try:
        with np.errstate(all="ignore"):
            return {name: values[0] for name, values in score(model, columns).items()} | {
                "size": term_sizes(model, columns)[0]
            }
    except DataError as error:
        return str(error)


def compare(model: PortableModel, given: list[dict[str, Any]], answers: list[Any]) -> int:
    """Holds answers against `scoring.score`'s to 1e-9 of what was added up; says how many rows have no finite interval."""
    link, unbounded, answered = model.of_family.link, 0, 0
    for row, answer in zip(given, answers, strict=True):
        expected = oracle(model, row)
        if isinstance(expected, str):
            assert isinstance(answer, str), (row, expected)
            continue
        assert isinstance(answer, dict), (row, answer)
        answered += 1
        size = float(expected.pop("size"))
        assert answer.keys() == expected.keys()
        unbounded += answer["standard_error"] > 1e30
        for name, value in expected.items():
            if name == "class":
                assert answer[name] == value
                continue
            own = abs(float(value))
            slack = size if name in ("linear_predictor", "baseline") or name.startswith("contribution_") else 0.0
            if name in (model.of_family.answer, "low", "high"):
                slack = float(link.change(own)) * size if own < 1e30 else 0.0
            assert answer[name] == pytest.approx(value, rel=1e-9, abs=1e-9 * slack if math.isfinite(slack) else 0), (
                row,
                name,
            )
    assert answered > len(given) / 5
    return unbounded


@needs_chromium
@pytest.mark.parametrize("text", TEXTS)
def test_the_page_scores_as_scoring_does(scored: Scorer, text: str) -> None:
    seed = TEXTS.index(text)
    model = every_kind(text, seed, absorbed=seed % 2 == 1, exposure=seed % 3 == 0)
    model = PortableModel.from_text(model.to_text())
    given = rows(100, seed)
    assert 0 < compare(model, given, scored(embedded(model), given)) < len(given)


@needs_chromium
def test_each_odd_value_by_itself(scored: Scorer) -> None:
    model = every_kind("poisson", 3, exposure=True)
    usual = {name: values[1] for name, values in ODD.items()}
    given = [{**usual, name: value} for name, values in ODD.items() for value in values]
    given += [{**usual, name: value} for name, values in REFUSED.items() for value in values] + [
        {**usual, "units": 0.0}
    ]
    answers = scored(
        embedded(model), [{name: None if value is NAN else value for name, value in row.items()} for row in given]
    )
    compare(model, given, answers)
    refusals = [answer for answer in answers if isinstance(answer, str)]
    assert len(refusals) >= 8
    assert 'column at: expected a date such as 2024-01-31 or 2024-01-31T23:59:00Z; received "2023-02-29".' in refusals
    assert "column units: expected an exposure, a number above 0, in every row; received 0." in refusals


@needs_chromium
def test_far_from_everything(scored: Scorer) -> None:
    features = {"num": "numeric"}
    for text in TEXTS:
        model = every_kind(text, 5, features)
        given = [
            {"num": value, "units": shift} for value in (-1e6, 0.5, 1e6) for shift in (0.0, -800.0, -30.0, 6.0, 40.0)
        ]
        compare(model, given, scored(embedded(model), given))


def test_every_link_and_transform_is_in_the_page() -> None:
    script = text_of("score.js")
    links = {link.name for family in FAMILIES.values() for link in family.links}
    links |= {every_kind(text, 1, {}).of_family.link.name for text in TEXTS}
    assert [name for name in links if f'"{name}":' not in script] == []


@needs_chromium
def test_a_level_that_the_page_has_no_room_for_is_refused_by_name(
    scored: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.form.embedded.MOST_LEVELS", 3000)
    model = every_kind("gaussian", 8)
    made = embedded(model)
    usual = {name: values[1] for name, values in ODD.items()}
    given = [{**usual, "street": name} for name in ("street 0", "street 20", None)]
    compare(model, given, scored(made, given))
    (refused,) = scored(made, [{**usual, "street": "street 299"}])
    listed = len(next(feature for feature in made["features"] if feature["name"] == "street")["terms"][0]["texts"])
    assert 20 < listed < 300
    assert refused == (
        f"street: this page has {listed} of the model's 300 levels, and street 299 is none of these. Ask the served model."
    )


def test_an_interval_that_is_too_large_is_left_away_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    model = every_kind("gaussian", 2)
    assert embedded(model)["no_interval"] is None
    monkeypatch.setattr("pipeline.form.embedded.MOST_INTERVAL", 10_000)
    made = embedded(model)
    assert (made["interval"], made["no_interval"]) == (None, LEFT_AWAY)
    assert embedded(every_kind("gaussian", 2, {}))["interval"] is not None
    assert embedded(dataclasses.replace(model, interval=None))["no_interval"] == NONE


def test_twenty_thousand_levels_stay_small() -> None:
    from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
    from tests.components.models import made_model

    term = Term("who", "who", text_levels([f"person number {index}" for index in range(20_000)]))
    model = made_model([{"name": "who", "kind": "categorical"}], DesignMatrix((term,)))
    assert len(json.dumps(embedded(model))) < 800_000
