"""Every number of a report: the page's are the JSON's, and the JSON's those of `show`, statsmodels, numpy and TFMA."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

from tests.e2e.gathered import gathered
from tests.e2e.told import Elements, numbers, plain, report

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

RUNS = ["seed", "taxi", "tips", "delays", "canaries", "refused", "stopped"]


@pytest.fixture(params=RUNS)
def told(request):
    return report(request.getfixturevalue(f"{request.param}_run"))


def unit(text: str) -> float:
    """The last digit that a text shows, as a number: 0.01 of `3.14` and 10 of `1.2e+02`."""
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(10.0 ** (int(exponent or 0) - decimals))


def rounded_wrong(value: str, shown: str) -> bool:
    """Whether what is shown is another number, by more than half of its last digit (which a group of three may end)."""
    share = shown.endswith("%")
    text = re.sub(r"[,%\s+]|^[≤<≥>~≈]\s*", "", shown).replace("\N{MINUS SIGN}", "-")
    exact = float(value) * (100 if share else 1)
    if shown[0] in "<>≤≥":
        return not (exact <= plain(text) if shown[0] in "<≤" else exact >= plain(text))
    return abs(plain(text) - exact) > 0.5000001 * unit(text) + 1e-12 * abs(exact)


def test_the_pages_numbers_are_the_jsons(told):
    data = Elements(told.html).data
    known = numbers(told.json())
    assert len(data) > 10
    assert [(value, shown) for value, shown in data if float(value) not in known] == []
    assert [(value, shown) for value, shown in data if rounded_wrong(value, shown)] == []


def test_a_wrong_rounding_would_be_found():
    assert not rounded_wrong("1234.5678", "1,235")
    assert not rounded_wrong("0.8619801", "86.2 %")
    assert not rounded_wrong("-0.00012345", "\N{MINUS SIGN}0.0001235")
    assert not rounded_wrong("1e-300", "< 0.001")
    assert rounded_wrong("1234.5678", "1,234")
    assert rounded_wrong("0.8619801", "0.862 %")
    assert rounded_wrong("0.00012", "0.0002")
    assert rounded_wrong("0.01", "< 0.001")


def test_nothing_is_no_number(told):
    """No `nan`, `inf`, `None` or `undefined` where a person reads; JSON has no such constants."""
    odd = re.compile(r"\b(nan|inf|none|null|undefined|true|false)\b", re.IGNORECASE)
    page = Elements(told.html)
    assert [text for text in page.loose if odd.fullmatch(text.strip())] == []
    assert [pair for pair in page.data if odd.search(pair[1])] == []
    json.loads(told.figures.read_text(encoding="utf-8"), parse_constant=pytest.fail)


@pytest.fixture(scope="module")
def taxi_fit(taxi_run):
    from components.linear_model.linear_fit import LinearFit

    folders = (taxi_run.root / "pipelines/taxi-fare/Fit/fit").iterdir()
    return LinearFit.load(str(max(folders, key=lambda folder: int(folder.name))))


@pytest.fixture(scope="module")
def design(taxi_run, taxi_fit):
    """The columns of all training rows that have a coefficient, the ones before them, and their names."""
    rows = gathered(taxi_run.root, "taxi-fare", taxi_fit.design)
    kept = np.flatnonzero(taxi_fit.fit.standard_errors > 0)
    dense = np.column_stack([np.ones(len(rows["label"])), taxi_fit.design.dense(rows)])[:, kept]
    return rows, dense, [taxi_fit.fit.names[index] for index in kept]


@pytest.fixture(scope="module")
def oracle(design):
    import statsmodels.api as sm

    rows, dense, _ = design
    return sm.OLS(rows["label"], dense).fit()


@pytest.fixture(scope="module")
def taxi(taxi_run):
    return report(taxi_run).json()


def ends(change):
    return [change["value"], change["low"], change["high"]]


def test_effects_and_intervals_are_statsmodels(taxi, oracle, design, taxi_fit):
    """A number's over its inner values, a level's against the reference, from contrasts of ordinary least squares."""
    _, _, names = design
    stds = {term.key: term.std for term in taxi_fit.design.terms if not term.levels}
    numeric = levels = 0
    for effect in taxi["drives"]["features"]:
        contrast = np.zeros(len(names))
        if effect["over"] == "inner":
            place = names.index(effect["feature"])
            span = np.float32(effect["end"]) - np.float32(effect["start"])
            contrast[place] = span / stds[effect["feature"]]
            found = oracle.t_test(contrast)
            assert ends(effect["change"]) == pytest.approx([found.effect[0], *found.conf_int()[0]], rel=1e-5), effect
            numeric += 1
        for level in effect["levels"]:
            if level["reference"]:
                assert level["change"] is None
                continue
            place = names.index(f"{effect['feature']}[{level['name']}]")
            expected = [oracle.params[place], *oracle.conf_int()[place]]
            assert ends(level["change"]) == pytest.approx(expected, rel=1e-5), level
            levels += 1
        if effect["over"] == "levels":
            contrast = _level(effect, effect["end"], names) - _level(effect, effect["start"], names)
            found = oracle.t_test(contrast)
            assert ends(effect["change"]) == pytest.approx([found.effect[0], *found.conf_int()[0]], rel=1e-5), effect
    assert (numeric, levels) >= (7, 15)


def _level(effect, level, names):
    """The columns of a row that has a level: all 0 for the reference."""
    return np.array([float(name == f"{effect['feature']}[{level}]") for name in names])


def test_shares_of_the_variance_are_numpys(taxi, oracle, design):
    """Cov(x·b, η)/Var(η) over the training rows."""
    _, dense, names = design
    linear = dense @ oracle.params
    for effect in taxi["drives"]["features"]:
        own = [
            index for index, name in enumerate(names) if re.fullmatch(rf"{effect['feature']}(_missing|\[.*\])?", name)
        ]
        part = dense[:, own] @ oracle.params[own]
        assert effect["share"] == pytest.approx(np.cov(part, linear)[0, 1] / np.var(linear, ddof=1), rel=1e-6, abs=1e-9)
    assert math.fsum(effect["share"] for effect in taxi["drives"]["features"]) == pytest.approx(1)


def test_curves_are_contributions_against_the_mean_row(taxi, oracle, design, taxi_fit):
    """At each value what the feature's columns add to the linear predictor, less that at their means."""
    _, dense, names = design
    terms = {term.key: term for term in taxi_fit.design.terms if not term.levels}
    curved = [effect for effect in taxi["drives"]["features"] if effect["curve"]]
    assert len(curved) >= 7
    for effect in curved:
        name, curve = effect["feature"], effect["curve"]
        contrasts = np.zeros((len(curve["x"]), len(names)))
        contrasts[:, names.index(name)] = (np.float32(curve["x"]) - terms[name].mean) / terms[name].std
        if f"{name}_missing" in names:
            there = dense[:, names.index(f"{name}_missing")]
            contrasts[:, names.index(f"{name}_missing")] = there.min() - there.mean()
        found = oracle.t_test(contrasts)
        expected = np.column_stack([found.effect, found.conf_int()]).T
        for key, values in zip(("value", "low", "high"), expected, strict=True):
            # A longitude of 32 bits is known to 8e-6 degrees, of 27 dollars each.
            assert curve[key] == pytest.approx(values, rel=1e-5, abs=3e-4), (name, key)
        assert len(curve["rows"]) == len(curve["edges"]) - 1
        assert 0.75 < math.fsum(curve["rows"]) <= 1


def test_the_fits_figures_are_statsmodels(taxi, taxi_run, oracle, design):
    """R², and how much each column has in common with the others."""
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    _, dense, names = design
    [trained] = [one["train"] for one in taxi["use"]["opening"] if one["metric"] == "r_squared"]
    assert trained == pytest.approx(oracle.rsquared, rel=1e-9)
    [root] = [one["train"] for one in taxi["use"]["opening"] if one["metric"] == "root_mean_squared_error"]
    assert root == pytest.approx(math.sqrt(oracle.ssr / oracle.nobs), rel=1e-9)
    told = {one["feature"]: one["gvif"] for one in taxi_run.show()["linear_fit"]["tests"]["features"]}
    for name in ("pickup_latitude", "pickup_longitude", "dropoff_longitude", "trip_start_month"):
        assert told[name] == pytest.approx(variance_inflation_factor(dense, names.index(name)), rel=1e-6)
    named = {one["feature"]: one["gvif"] for one in taxi["doubt"]["collinear"]}
    assert named == {name: gvif for name, gvif in told.items() if name in named}


@pytest.fixture(params=["taxi", "tips", "delays"])
def both(request):
    """A report and the summary of the same run."""
    run = request.getfixturevalue(f"{request.param}_run")
    return report(run).json(), run.show()


def test_the_figures_that_show_has_too_are_the_same(both):
    told, shown = both
    verdict = shown["verdict"]
    overall, ends_of = verdict["metrics"]["overall"], verdict["intervals"]["overall"]
    found = 0
    for figure in told["use"]["opening"] + told["use"]["others"]:
        if figure["metric"] in overall:
            found += 1
            assert figure["held_out"] == overall[figure["metric"]]
            assert [figure["low"], figure["high"]] == list(ends_of.get(figure["metric"]) or (None, None))
        if figure["metric"] in verdict["cross_validated"]:
            assert figure["cross_validated"] == verdict["cross_validated"][figure["metric"]]
    assert found >= 4
    assert {check["text"] for check in told["use"]["checks"]} <= set(verdict["checks"])
    assert [told["learned"][key] for key in ("read", "kept", "dropped", "rejected")] == [
        shown["cleaning"][f"rows {key}"] for key in ("read", "kept", "dropped", "rejected")
    ]
    seconds = {step["step"]: step["seconds"] for step in shown["steps"]}
    assert {step["step"]: step["seconds"] for step in told["made"]["steps"]}.items() <= seconds.items()
    assert {step["step"] for step in told["made"]["steps"]} | {"Report"} == set(seconds)
    columns = {column["name"]: column for column in shown["linear_fit"]["columns"]}
    for column in told["changed"]["now"]["columns"]:
        expected = columns[column["name"]]
        assert column["coefficient"] == expected["coefficient"]
        assert column["standard_error"] == expected["standard_error"]


@pytest.mark.parametrize(
    ("run", "name"), [("taxi_run", "taxi-fare"), ("tips_run", "taxi-tips"), ("delays_run", "late-flights")]
)
def test_held_out_figures_and_slices_are_what_tfma_reads(run, name, request):
    import tensorflow_model_analysis as tfma

    done = request.getfixturevalue(run)
    folders = (done.root / "pipelines" / name / "Evaluator/evaluation").iterdir()
    read = tfma.load_eval_result(str(max(folders, key=lambda folder: int(folder.name))))
    metrics = {
        tuple(key): {metric: value.get("doubleValue") for metric, value in found[""][""].items()}
        for key, found in read.slicing_metrics
    }
    told = report(done).json()
    found = 0
    for figure in told["use"]["opening"] + told["use"]["others"]:
        if figure["metric"] in metrics[()]:
            found += 1
            assert figure["held_out"] == pytest.approx(metrics[()][figure["metric"]], rel=1e-9)
    for sliced in told["right"]["slices"]:
        for one in sliced["slices"]:
            expected = metrics[((sliced["columns"][0], one["name"]),)]
            assert one["rows"] == expected["example_count"]
            assert one["metric"] == pytest.approx(expected[sliced["metric"]], rel=1e-9)
            found += 1
    assert found >= 6
