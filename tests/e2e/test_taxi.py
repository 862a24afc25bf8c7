"""The taxi table, against scikit-learn and pandas on the same rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.table.row_identity import folds
from tests.conftest import REPOSITORY, plumbline
from tests.e2e.gathered import gathered
from tests.e2e.oracles import examples, texts, values

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

NUMBERS = ("trip_miles", "trip_seconds", "trip_start_hour", "trip_start_month")


@pytest.fixture(scope="module")
def raw(taxi_run):
    return {split: examples(taxi_run.root, "taxi-fare", split) for split in ("train", "eval")}


def test_row_counts_are_equal_at_every_step(taxi_run, raw):
    shown = taxi_run.show()
    rows = {step["step"]: step["rows"] for step in shown["steps"] if step["rows"]}
    both = {"train": len(raw["train"]), "eval": len(raw["eval"])}
    assert rows["ExampleGen"] == rows["StatisticsGen"] == both
    assert rows["Gather"] == rows["Fit"] == rows["Trainer"] == {"train": both["train"]}
    assert rows["ModelGate"] == {"eval": both["eval"]}


def test_cleaning_is_counted_as_pandas_counts_it(taxi_run):
    table = pd.read_csv(REPOSITORY / "data/taxi/data.csv")
    kept = table[(table.fare >= 2.25) & (table.fare <= 200)]
    counts = taxi_run.show()["cleaning"]
    assert counts["rows read"] == len(table) == 15_002
    assert counts["rows kept"] == len(kept)
    assert counts["fare: below 2.25, row dropped"] == (table.fare < 2.25).sum()
    assert counts["fare: above 200.0, row dropped"] == (table.fare > 200).sum()
    assert counts["trip_miles: below 0.01, taken as missing"] == (kept.trip_miles < 0.01).sum()
    assert counts["trip_seconds: missing, median imputed"] == (~kept.trip_seconds.between(1, 14400)).sum()


@pytest.fixture(scope="module")
def fitted(taxi_run):
    """The exact fit as the artifact has it, read without TFX."""
    from components.linear_model.linear_fit import LinearFit

    [folder] = (taxi_run.root / "pipelines/taxi-fare/Fit/fit").iterdir()
    return LinearFit.load(str(folder))


@pytest.fixture(scope="module")
def train(taxi_run, fitted):
    return gathered(taxi_run.root, "taxi-fare", fitted.design)


def test_the_model_beats_the_mean_and_keeps_up_with_scikit_learn(taxi_run, fitted, train, raw):
    """scikit-learn on the very columns of Gather, and on the eval split's as the served graph makes them."""
    import tensorflow as tf
    from sklearn.linear_model import LinearRegression
    from sklearn.metrics import mean_squared_error, r2_score

    shown = taxi_run.show()
    model = tf.saved_model.load(shown["pushed"]["path"])
    served = model.signatures["transform_features"](
        examples=tf.constant([row.SerializeToString() for row in raw["eval"]])
    )
    held_out = {term.key: served[term.key].numpy() for term in fitted.design.terms}
    y, y_train = np.array(values(raw["eval"], "fare")), train["label"]
    predicted = LinearRegression().fit(fitted.design.dense(train), y_train).predict(fitted.design.dense(held_out))
    mse, r2 = mean_squared_error(y, predicted), r2_score(y, predicted)
    mean_mse = mean_squared_error(y, np.full(len(y), y_train.mean()))
    overall = shown["verdict"]["metrics"]["overall"]
    print(f"\nMSE on eval: mean {mean_mse:.4f}, scikit-learn {mse:.4f}, ours {overall['mean_squared_error']:.4f}")  # noqa: T201
    print(f"R² on eval: scikit-learn {r2:.4f}, ours {overall['r_squared']:.4f}")  # noqa: T201
    assert overall["mean_squared_error"] < mean_mse / 2
    assert overall["mean_squared_error"] == pytest.approx(mse, rel=0.02)
    assert overall["r_squared"] == pytest.approx(r2, abs=0.01)


def test_the_factors_give_statsmodels_figures(fitted, train):
    """Ordinary least squares from the artifact's factors, against statsmodels on the same rows and columns."""
    import statsmodels.api as sm

    from components.linear_model.solve import Problem, Settings

    label = train["label"]
    settings = Settings(tolerance=1e-6, references=set(fitted.references.values()))
    problem = Problem(fitted.fold_factors, settings)
    found, kept = problem.fit(), problem.columns
    dense = np.column_stack([np.ones(len(label)), fitted.design.dense(train)])
    oracle = sm.OLS(label, dense[:, kept]).fit()
    assert found.coefficients[kept] == pytest.approx(oracle.params, rel=1e-8)
    assert found.standard_errors[kept] == pytest.approx(oracle.bse, rel=1e-8)
    assert found.p_values[kept] == pytest.approx(oracle.pvalues, rel=1e-8)
    assert found.confidence_intervals()[kept] == pytest.approx(oracle.conf_int(), rel=1e-8)
    assert found.r_squared == pytest.approx(oracle.rsquared, rel=1e-8)


def test_references_are_the_most_frequent_levels_and_counts_are_the_tables(taxi_run, fitted, raw):
    train = texts(raw["train"], "company")
    levels, counts = np.unique(train, return_counts=True)
    names = fitted.fit.names
    assert names[fitted.references["company"]] == f"company[{levels[np.argmax(counts)]}]"
    index = names.index("company[Choice Taxi Association]")
    assert fitted.present[index] == train.count("Choice Taxi Association")
    assert fitted.rows_read == len(train)


def test_cross_validation_equals_refits_with_scikit_learn(fitted, train):
    from sklearn.linear_model import Ridge

    label = train["label"]
    fold = folds(train["row"], 5)
    assert np.bincount(fold).tolist() == fitted.fold_rows
    kept = [i - 1 for i, value in enumerate(np.diag(fitted.fit.covariance)) if not np.isnan(value)][1:]
    dense = fitted.design.dense(train)[:, kept]
    for point in fitted.fit.ridge_path[1::12]:
        total = 0.0
        for k in range(5):
            model = Ridge(alpha=point["l2"], solver="svd").fit(dense[fold != k], label[fold != k])
            total += np.sum((label[fold == k] - model.predict(dense[fold == k])) ** 2)
        assert point["cv_error"] == pytest.approx(total / len(label), rel=1e-8)


def test_the_served_model_is_the_exact_fit_to_float32(taxi_run, fitted, raw):
    import tensorflow as tf

    model = tf.saved_model.load(taxi_run.show()["pushed"]["path"])
    serialized = tf.constant([row.SerializeToString() for row in raw["eval"]])
    served = model.signatures["examples"](examples=serialized)["prediction"].numpy()
    transformed_rows = model.signatures["transform_features"](examples=serialized)
    columns = {term.key: transformed_rows[term.key].numpy() for term in fitted.design.terms}
    exact = fitted.fit.coefficients[0] + fitted.design.dense(columns) @ fitted.fit.coefficients[1:]
    assert served == pytest.approx(exact, rel=2e-6, abs=2e-5)


def test_slices_are_reported(taxi_run, raw):
    metrics = taxi_run.show()["verdict"]["metrics"]
    cash = sum(payment == "Cash" for payment in texts(raw["eval"], "payment_type"))
    assert metrics["payment_type=Cash"]["example_count"] == cash


def test_every_signature_of_the_pushed_model_agrees(taxi_run, raw):
    import tensorflow as tf

    path = taxi_run.show()["pushed"]["path"]
    assert Path(path).is_dir()
    signatures = tf.saved_model.load(path).signatures
    assert set(signatures) == {"serving_default", "explain", "examples", "regress", "transform_features"}
    rows = raw["eval"][:50]
    serialized = tf.constant([row.SerializeToString() for row in rows])
    from_examples = signatures["examples"](examples=serialized)["prediction"].numpy()
    specs = signatures["serving_default"].structured_input_signature[1]
    columns = {
        name: tf.constant([t if t != "(missing)" else "" for t in texts(rows, name)])
        if spec.dtype == tf.string
        else tf.constant(values(rows, name), tf.float32)
        for name, spec in specs.items()
    }
    assert "fare" not in specs
    from_columns = signatures["serving_default"](**columns)["prediction"].numpy()
    assert from_columns.shape == (50,)
    assert from_columns.tolist() == from_examples.tolist()
    transformed = signatures["transform_features"](examples=serialized)
    assert transformed["fare"].numpy() == pytest.approx(values(rows, "fare"))


def test_raw_coefficients_give_the_served_prediction(taxi_run):
    """From the table that `show` prints, by hand."""
    fit = taxi_run.show()["fit"]
    by_name = fit["coefficients"]
    row = {
        "trip_miles": 4.2, "trip_seconds": 900, "trip_start_hour": 8, "trip_start_month": 5,
        "pickup_latitude": 41.9, "pickup_longitude": -87.65, "dropoff_latitude": 41.88, "dropoff_longitude": -87.63,
        "payment_type": "Credit Card", "company": "Never Seen Cabs",
    }  # fmt: skip
    by_hand = fit["intercept"] + by_name["trip_start_hour[6 to 10]"]
    by_hand += by_name["payment_type[Credit Card]"] + by_name["company[(other)]"]
    by_hand += sum(by_name[name] * value for name, value in row.items() if name in by_name)
    done = plumbline("predict", taxi_run.config, "--root", taxi_run.root, "--json", json.dumps(row))
    assert json.loads(done.out)["predictions"] == pytest.approx([by_hand], rel=1e-4)


def test_missing_values_are_imputed_in_the_served_model(taxi_run):
    row = dict.fromkeys(
        ["trip_miles", "trip_seconds", "trip_start_hour", "trip_start_month", "pickup_latitude", "pickup_longitude",
         "dropoff_latitude", "dropoff_longitude", "payment_type", "company"]
    )  # fmt: skip
    done = plumbline("predict", taxi_run.config, "--root", taxi_run.root, "--json", json.dumps(row))
    [prediction] = json.loads(done.out)["predictions"]
    assert np.isfinite(prediction)


def test_an_anomaly_stops_the_run_with_feature_rule_and_what_was_seen(stopped_run):
    told = stopped_run.err
    assert (
        "feature payment_type: Unexpected string values. Seen: Examples contain values missing from the schema" in told
    )
    assert "Bitcoin" in told
    assert "feature trip_start_month: Out-of-range values. Seen: Unexpectedly high value: 13>12" in told
    assert "Traceback" not in told
    assert not (stopped_run.root / "serving").exists()


def test_a_text_far_down_a_number_column_ends_with_3(tmp_path):
    """Beyond the rows that are looked at before TFX is loaded."""
    rows = "".join(f"{i % 97},{i % 89}\n" for i in range(400_000))
    (tmp_path / "data.csv").write_text("x,y\n" + rows + "oops,1\n")
    (tmp_path / "pipeline.yaml").write_text((REPOSITORY / "data/seed/pipeline.yaml").read_text())
    done = plumbline("run", tmp_path / "pipeline.yaml", "--root", tmp_path / "R")
    assert done.code == 3
    assert "line 400002, column 'x': expected a number; received 'oops'." in done.err
    assert len(done.err.strip().splitlines()) == 1
