from pathlib import Path

from pipeline.config.file import load_config
from pipeline.graph.report.distributions import Distribution, Spread
from pipeline.graph.report.page import page
from pipeline.graph.report.sections import card
from pipeline.graph.report.sections.card import SECTION
from tests.pipeline.graph.diagnosed import looked, rows
from tests.pipeline.graph.report.sources import document, source

REPOSITORY = Path(__file__).parents[5]
FEATURES = {
    "x": {"kind": "numeric", "impute": "median", "indicator": True},
    "c": "categorical",
    "root": {"kind": "sqrt", "column": "x", "impute": 3},
    "words": {"kind": "text", "words": ["good"]},
}


def read(fit, **config):
    return SECTION.read(source(fit, config={"features": FEATURES, **config}))


def test_what_the_configuration_says_stands_first():
    fit = looked(rows())[1]
    found = read(fit, about={"purpose": "Prices that are <quoted>.", "owner": "pricing"})
    assert (found.about.purpose, found.about.limits) == ("Prices that are <quoted>.", None)
    text = page(document(card=found))
    assert "Prices that are &lt;quoted&gt;." in text
    assert "about.purpose" not in text
    assert "about.purpose" in page(document(card=read(fit)))


def test_inputs_are_the_columns_that_callers_send():
    spread = Spread(rows=9, missing=0, missing_share=0.0, mean=1.0, deviation=1.0, tenth=0.1, median=1.0, ninetieth=2.5)
    column = Distribution(column="x", role="feature", kind="numbers", spreads={"train": spread})
    given = source(
        looked(rows())[1], config={"features": FEATURES, "exposure": "nights", "model": {"family": "poisson"}}
    )
    given.__dict__["distributions"] = [column]
    x, c, words, nights = SECTION.read(given).inputs
    assert (x.column, x.kinds, x.low, x.high) == ("x", ["numeric", "sqrt"], 0.1, 2.5)
    assert x.missing == "the median of the training rows, and a column of its own; 3"
    assert (c.column, c.missing, c.low) == ("c", "a level of its own", None)
    assert (words.kinds, words.missing) == (["text"], "no word stands there")
    assert (nights.kinds, nights.missing) == (["exposure"], "no answer")


def test_very_many_columns_are_not_told_one_by_one(monkeypatch):
    monkeypatch.setattr(card, "MOST", 10)
    found = read(looked(rows())[1], features={f"x{place}": "numeric" for place in range(300)})
    assert (len(found.inputs), found.more) == (10, 290)


def test_conventions_are_the_familys():
    fit = looked(rows())[1]
    least_squares = " ".join(read(fit).conventions)
    assert "that of the label of one new row, in the label's units" in least_squares
    assert "reference: c[" in least_squares
    assert "weights" not in least_squares
    assert "min_rows" not in least_squares
    single = read(fit, features={**FEATURES, "c": {"kind": "categorical", "min_rows": 1}})
    assert "Levels of c are named although fewer rows have them" in " ".join(single.conventions)
    assert "Rows have weights" in " ".join(read(fit, weight="w").conventions)
    table = rows()
    table["k"] = (table.x + table.e > 0).astype(float)
    classes = looked(table.assign(y=table.k), family="binomial")[1].model_copy(
        update={"classes": ["no", "yes"], "threshold": 0.25}
    )
    found = read(classes)
    told = " ".join(found.conventions)
    assert found.predicts == "the probability that y is yes, and not no"
    assert "that of the probability, not of the label of one row" in told
    assert "exp of a coefficient is the odds ratio" in told
    assert "A row of a probability of 0.25 or more is answered as yes." in told
    logged = fit.model_copy(update={"answers": "the median of y: the inverse of what is fitted", "fitted": "log of y"})
    found = read(logged)
    assert found.predicts.startswith("the median of y")
    assert "of log of y, and told in the label's units" in " ".join(found.conventions)


def test_which_rows_judge_it_is_said():
    fit = looked(rows())[1]
    data = {"path": "t.csv"}
    assert "train 0.8, eval 0.2" in read(fit, data=data).split
    assert read(fit, data={**data, "split": {"train": 1}}).split.startswith("no rows are held out")
    assert "those of one day stay together" in read(fit, data={**data, "split_by": "day"}).split
    time = {**data, "split": {"by": "day", "eval_from": "2024-04-01"}}
    assert "what came before 2024-04-01 trains" in read(fit, data=time).split


def test_the_configurations_of_the_repository_have_a_card():
    fit = looked(rows())[1]
    for path in sorted(REPOSITORY.glob("data/*/*.yaml")):
        config = load_config(path)
        given = source(
            fit, config=config.model_dump(mode="json", exclude={"targets", "beam"}, exclude_unset=True, by_alias=True)
        )
        found = SECTION.read(given)
        assert len(found.inputs) >= len({*config.features}) / 2
        assert all(one.missing for one in found.inputs)


def test_without_a_fit_there_is_no_card():
    assert SECTION.read(source()) is None
