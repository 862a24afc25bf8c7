"""The seed's job against plain numpy on the same rows."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import shutil
import sqlite3
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

from components.publishing.versions import versions
from tests.conftest import REPOSITORY, plumbline
from tests.e2e.oracles import examples, splits_of, values

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def gradient_descent(x, y, rate, steps):
    theta, trace = np.zeros(2), []
    for step in range(steps + 1):
        error = theta[0] + theta[1] * x - y
        trace.append(np.mean(error**2))
        if step < steps:
            theta = theta - rate * 2 * np.array([error.mean(), (error * x).mean()])
    return theta, trace


def test_figures_match_numpy_gradient_descent(seed_run):
    shown = seed_run.show()
    rows = examples(seed_run.root, "seed", "train")
    theta, trace = gradient_descent(values(rows, "x"), values(rows, "y"), 0.001, 1000)
    fit = shown["fit"]
    assert (fit["intercept"], fit["coefficients"]["x"]) == pytest.approx(tuple(theta), rel=1e-4)
    assert [point["step"] for point in fit["loss_trace"]] == list(range(0, 1001, 100))
    assert [point["loss"] for point in fit["loss_trace"]] == pytest.approx(trace[::100], rel=1e-4)


def test_how_far_descent_ended_from_the_exact_fit_is_statsmodels(seed_run):
    rows = examples(seed_run.root, "seed", "train")
    x, y = values(rows, "x"), values(rows, "y")
    exact = sm.OLS(y, sm.add_constant(x)).fit()
    apart = gradient_descent(x, y, 0.001, 1000)[0] - exact.params
    found = seed_run.show()["fit"]["from_exact"]
    assert found["length"] == pytest.approx(np.sqrt(apart @ np.linalg.solve(exact.cov_params(), apart)), rel=1e-3)
    farthest = np.abs(apart) / exact.bse
    assert (found["largest"], found["column"]) == (
        pytest.approx(farthest.max(), rel=1e-3),
        ["(intercept)", "x"][np.argmax(farthest)],
    )


def test_the_exact_fit_equals_rational_arithmetic_and_is_the_true_optimum(seed_run):
    """The normal equations of the rows as ExampleGen wrote them, in exact rational arithmetic."""
    rows = examples(seed_run.root, "seed", "train")
    x, y = ([Fraction(value) for value in values(rows, name)] for name in ("x", "y"))
    n, sx, sy = len(x), sum(x), sum(y)
    sxx, sxy = sum(v * v for v in x), sum(a * b for a, b in zip(x, y, strict=True))
    slope = (n * sxy - sx * sy) / (n * sxx - sx * sx)
    found = {column["name"]: column["coefficient"] for column in seed_run.show()["linear_fit"]["columns"]}
    assert found["x"] == pytest.approx(float(slope), rel=1e-13)
    assert found["(intercept)"] == pytest.approx(float((sy - slope * sx) / n), rel=1e-13)
    assert (found["(intercept)"], found["x"]) == pytest.approx((2.5, 3.0), abs=0.3)
    assert "above it" in seed_run.out


def test_the_served_model_predicts_what_show_says(seed_run):
    fit = seed_run.show()["fit"]
    done = plumbline("predict", seed_run.config, "--root", seed_run.root, "--json", '{"x": 0.5}')
    answer = json.loads(done.out)
    assert answer["predictions"] == pytest.approx([fit["intercept"] + 0.5 * fit["coefficients"]["x"]], abs=1e-5)
    assert answer["version"] == seed_run.show()["pushed"]["version"]


def test_the_split_is_decided_by_a_rows_place_in_its_file(seed_run):
    with (REPOSITORY / "data/seed/data.csv").open() as file:
        table = [(np.float32(row["x"]), np.float32(row["y"])) for row in csv.DictReader(file)]
    splits = splits_of("data", len(table))
    for split in ("train", "eval"):
        rows = examples(seed_run.root, "seed", split)
        found = list(zip(values(rows, "x"), values(rows, "y"), strict=True))
        assert found == [row for row, its in zip(table, splits, strict=True) if its == split]


def test_the_table_is_known_by_its_digest_and_to_the_cache_by_its_stamp(seed_run):
    digest = hashlib.sha256((REPOSITORY / "data/seed/data.csv").read_bytes()).hexdigest()
    assert f"table: 1 file, SHA-256 {digest}" in seed_run.out
    [listed] = json.loads(plumbline("versions", seed_run.config, "--root", seed_run.root, "--json").out)
    assert listed["facts"]["table"] == {"files": 1, "sha256": digest}
    with contextlib.closing(sqlite3.connect(f"file:{seed_run.root}/metadata.db?mode=ro", uri=True)) as database:
        found = database.execute("SELECT DISTINCT string_value FROM ArtifactProperty WHERE name = 'input_fingerprint'")
        [[fingerprint]] = found.fetchall()
    assert "split:table,stamps:" in fingerprint


def test_the_table_is_made_by_its_script():
    import subprocess
    import sys

    made = subprocess.run([sys.executable, "data/seed/make_data.py"], cwd=REPOSITORY, capture_output=True, check=True)
    assert made.stdout == (REPOSITORY / "data/seed/data.csv").read_bytes()


def test_metrics_equal_numpy_on_the_eval_split(seed_run):
    shown = seed_run.show()
    rows = examples(seed_run.root, "seed", "eval")
    y = values(rows, "y")
    predicted = shown["fit"]["intercept"] + shown["fit"]["coefficients"]["x"] * values(rows, "x")
    overall = shown["verdict"]["metrics"]["overall"]
    mse = np.mean((y - predicted) ** 2)
    assert overall["example_count"] == len(y)
    assert overall["mean_squared_error"] == pytest.approx(mse, rel=1e-5)
    assert overall["root_mean_squared_error"] == pytest.approx(np.sqrt(mse), rel=1e-5)
    assert overall["mean_absolute_error"] == pytest.approx(np.mean(np.abs(y - predicted)), rel=1e-5)
    assert overall["r_squared"] == pytest.approx(1 - mse / y.var(), rel=1e-4)
    assert overall["mean_label"] == pytest.approx(y.mean(), rel=1e-6)
    assert overall["mean_prediction"] == pytest.approx(predicted.mean(), rel=1e-5)


def test_tensorboard_logs_are_kept_with_the_model_run(seed_run):
    found = (seed_run.root / "pipelines/seed/Trainer/model_run").rglob("events.out.tfevents*")
    assert list(found)


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A folder of its own with the seed's table and configuration, and its first run, for tests that run again."""
    folder = tmp_path_factory.mktemp("copied")
    for name in ("data.csv", "pipeline.yaml"):
        shutil.copy2(REPOSITORY / "data/seed" / name, folder)
    done = plumbline("run", folder / "pipeline.yaml", "--root", folder / "R")
    assert done.code == 0, done.err
    return folder


def run_again(folder, *args, env=None):
    done = plumbline("run", folder / "pipeline.yaml", "--root", folder / "R", *args, env=env)
    shown = json.loads(plumbline("show", folder / "pipeline.yaml", "--root", folder / "R", "--json").out)
    ran = [step["step"] for step in shown["steps"] if not step["cached"] and step["step"] != "Baseline"]
    return done, shown, ran


def test_second_runs(copied):
    """One after the other, because each builds on what the one before left."""
    config, serving = copied / "pipeline.yaml", copied / "R/serving/seed"
    text = config.read_text()
    first = versions(serving)

    (copied / "none").mkdir()
    for package in ("tensorflow", "tfx"):
        (copied / "none" / f"{package}.py").write_text("raise SystemExit('nothing changed, and this was loaded')")
    done, shown, ran = run_again(copied, env={"PYTHONPATH": str(copied / "none")})
    assert (done.code, ran, done.err) == (0, [], "")
    assert "14 of 14 cached" in done.out
    assert "loaded TensorFlow" not in done.out
    assert f"already live: version {first[0]}" in done.out

    done, shown, ran = run_again(copied, "--from", "Pusher")
    assert (done.code, ran) == (0, ["Pusher", "Report"]), "all but those that look at what is live are cached"
    assert "12 of 14 cached" in done.out
    assert f"already live: version {first[0]}" in done.out
    assert versions(serving) == first

    config.write_text(text.replace("steps: 1000", "steps: 2000"))
    done, shown, ran = run_again(copied)
    assert (done.code, ran) == (0, ["Trainer", "Evaluator", "ModelGate", "ServingCheck", "Pusher", "Report"])
    assert "of the live model" in done.out
    assert len(versions(serving)) == 2

    config.write_text(text)
    done, shown, ran = run_again(copied)
    assert done.code == 4, "the model of 1,000 steps is worse than the live one"
    assert "mean_squared_error on overall (20 rows, fewer than min_rows 30" in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert shown["pushed"] is None
    assert len(versions(serving)) == 2

    config.write_text(text.replace("steps: 1000", "steps: 2000"))
    gone = versions(serving)[-1]
    shutil.rmtree(serving / str(gone))
    done, shown, ran = run_again(copied, "--from", "ModelGate")
    assert (done.code, ran) == (0, ["ModelGate", "ServingCheck", "Pusher", "Report"])
    assert shown["pushed"]["version"] == versions(serving)[-1] > gone, "a number is never given twice"

    back = plumbline("rollback", config, "--root", copied / "R")
    assert back.code == 0, back.err
    assert back.out == f"published version {versions(serving)[-1]}\n"
    listed = json.loads(plumbline("versions", config, "--root", copied / "R", "--json").out)
    assert [entry["problem"] for entry in listed] == [None, None, None]
    assert listed[-1]["digest"] == listed[0]["digest"]
    assert listed[-1]["facts"]["metrics"]["mean_squared_error"] > listed[1]["facts"]["metrics"]["mean_squared_error"]


def test_the_network_is_not_needed(tmp_path):
    """A network namespace has no interface but a loopback that is down."""
    import subprocess
    import sys

    if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system forbids network namespaces")
    command = [sys.executable, "-m", "pipeline.cli", "run", "data/seed/pipeline.yaml", "--root", str(tmp_path)]
    done = subprocess.run(["unshare", "-rn", *command], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "pushed: version" in done.stdout


def test_an_answer_near_zero_is_checked_by_the_size_of_its_terms(seed_run):
    """Seen: two right answers near zero, apart by rounding of 32-bit floats, were called wrong."""
    model = json.loads((Path(seed_run.show()["pushed"]["path"]) / "model.json").read_text())
    intercept, slope = model["coefficients"]
    rows = [{"x": -intercept / slope + step} for step in np.linspace(-1e-6, 1e-6, 50)]
    done = plumbline("predict", seed_run.config, "--root", seed_run.root, "--json", json.dumps(rows), "--check")
    assert done.code == 0, done.err
    assert json.loads(done.out)["checked"] == "SavedModel"
