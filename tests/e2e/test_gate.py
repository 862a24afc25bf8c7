"""The gate on an exact law, whose errors are rounding alone, and on a table too small to be judged by its eval split."""

from __future__ import annotations

import json

import numpy as np
import pytest

from components.publishing.versions import versions
from tests.conftest import plumbline

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

CONFIG = """
name: law
data: {path: t.csv}
label: y
features: {x: numeric}
"""


def run(folder, x, y):
    np.savetxt(folder / "t.csv", np.column_stack([x, y]), "%.9g", delimiter=",", header="x,y", comments="")
    done = plumbline("run", folder / "p.yaml", "--root", folder / "R")
    shown = plumbline("show", folder / "p.yaml", "--root", folder / "R", "--json").out
    return done, json.loads(shown)["verdict"]


def test_one_run_after_the_other(tmp_path):
    """Each is compared with the model that the one before pushed."""
    (tmp_path / "p.yaml").write_text(CONFIG)
    serving = tmp_path / "R/serving/law"

    x = np.arange(200.0)
    done, verdict = run(tmp_path, x, 2 * x + 1)
    assert done.code == 0, done.err
    assert verdict["metrics"]["overall"]["mean_squared_error"] < 1e-8

    x = np.arange(260.0)
    done, verdict = run(tmp_path, x, 2 * x + 1)
    assert done.code == 0, "a difference of rounding is no reason"
    assert "of the live model" in verdict["checks"][-1]
    assert len(versions(serving)) == 2

    x = np.arange(60.0)
    done, verdict = run(tmp_path, x, 2 * x + 1 + np.random.default_rng(0).normal(size=60))
    assert done.code == 4, "the live model had no error, and this one has"
    rows = int(verdict["metrics"]["overall"]["example_count"])
    limit, change = verdict["checks"]
    assert "(95 % interval " in limit
    assert f"{rows} rows), too few to judge (min_rows 30); cross-validated on {60 - rows} rows it is 0.99" in limit
    assert limit.endswith("; the limit is at least 0: kept")
    assert change.startswith(
        f"mean_squared_error cross-validated on {60 - rows} rows, as {rows} rows are too few to judge, is "
    )
    assert verdict["reasons"] == [change]
    assert len(versions(serving)) == 2
