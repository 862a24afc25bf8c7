"""What `label:` may say, and what is said of a mistake."""

from __future__ import annotations

import pytest

from components.errors import ConfigError
from pipeline.config.file import load_config

REST = "name: prices\ndata: {path: t.csv}\nfeatures: {x: numeric}\n"


def load(folder, text):
    (folder / "p.yaml").write_text(REST + text)
    return load_config(folder / "p.yaml")


@pytest.mark.parametrize(
    ("label", "family"),
    [
        ("price", "gaussian"),
        ("{column: price}", "gaussian"),
        ("{column: price, transform: log}", "gaussian(label=log)"),
        ("{column: price, transform: log, mean: median}", "gaussian(label=log)"),
        ("{column: price, transform: log1p, mean: smearing}", "gaussian(label=log1p, mean=smearing)"),
        ("{column: price, transform: boxcox, lambda: 0.5}", "gaussian(label=boxcox, lambda=0.5)"),
    ],
)
def test_the_label_says_what_is_fitted(tmp_path, label, family):
    config = load(tmp_path, f"label: {label}\n")
    assert (config.label.column, config.family.text) == ("price", family)
    spec = config.table_spec()
    assert (spec.label, spec.family, spec.numbers) == ("price", family, ["x", "price"])
    assert config.step_config()["label"] == "price"


def test_a_unit_is_a_text_without_blanks_around_it(tmp_path):
    assert load(tmp_path, "label: {column: price, unit: US dollars}\n").label.unit == "US dollars"
    for unit in ("''", "' m'", "x" * 41):
        with pytest.raises(ConfigError, match=r"label\.unit"):
            load(tmp_path, f"label: {{column: price, unit: {unit}}}\n")


def test_gradient_descent_may_fit_a_transformed_label(tmp_path):
    config = load(tmp_path, "label: {column: price, transform: sqrt}\nmodel: {solver: sgd}\n")
    assert config.family.text == "gaussian(label=sqrt)"


def test_what_is_done_with_the_label_is_part_of_the_fingerprint(tmp_path):
    labels = ("price", "{column: price, transform: log}", "{column: price, transform: log, mean: smearing}")
    assert len({load(tmp_path, f"label: {label}\n").fingerprint() for label in labels}) == 3
    same = load(tmp_path, "label: {column: price}\n").fingerprint()
    assert same == load(tmp_path, "label: price\n").fingerprint()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label: {transform: log}", "label.column: this key is missing. Add it."),
        ("label: {column: x, transform: log}", "features.x: 'x' is the label; it can't be a feature too."),
        ("label: {column: y, transform: ln}", "label.transform: Input should be 'log', 'log1p', 'sqrt' or 'boxcox'"),
        ("label: {column: y, transfrom: log}", "label.transfrom: unknown key; did you mean 'transform'?"),
        ("label: {column: y, transform: boxcox}", "label: lambda: transform: boxcox needs it, a finite number."),
        (
            "label: {column: y, transform: boxcox, lambda: 0}",
            "label: lambda: 0 is the logarithm: write transform: log.",
        ),
        ("label: {column: y, transform: log, lambda: 1}", "label: lambda: is for transform: boxcox; log has none."),
        ("label: {column: y, mean: smearing}", "label: mean: is for a label that is transformed. Add transform, or"),
        ("label: {column: y, lambda: 2}", "label: lambda: is for a label that is transformed. Add transform, or"),
        (
            "label: {column: y, transform: boxcox, lambda: 2, mean: smearing}",
            "label.mean: smearing has no formula for boxcox. Take log, log1p or sqrt, or serve the median (leave mean out).",
        ),
        (
            "label: {column: y, transform: log}\nmodel: {family: poisson}",
            "label.transform: log is for least squares (model.family: gaussian); poisson has a link of its own.",
        ),
        (
            "label: {column: y, transform: log, mean: smearing}\nmodel: {solver: sgd}",
            "label.mean: smearing is over the residuals of the exact fit. Set model.solver: exact, or serve the median",
        ),
    ],
)
def test_each_mistake_gets_one_line(tmp_path, text, message):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    [line] = str(caught.value).splitlines()
    assert line.startswith(f"{tmp_path / 'p.yaml'}: {message}")
