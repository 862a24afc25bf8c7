"""Hypotheses about a whole run's coefficients beside statsmodels' constrained fit of the rows that Gather left."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm

from components.linear_model.linear_fit import LinearFit
from tests.conftest import HEAVY, REPOSITORY, WholeRun, plumbline

pytestmark = pytest.mark.e2e

TEXT = "month[6] = month[7] = month[8], weekday[2] = weekday[5], wind_speed = precip/25, (intercept) = -1.5"


def matrix_of(run: WholeRun) -> tuple[list[str], Any, Any, Any]:
    """Names and raw values of the columns with a coefficient, the labels, and the logarithms of the exposure."""
    folders = [Path(output) for output in run.show()["outputs"]]
    [fit], [gathered] = ([path for path in folders if path.parent.name == name] for name in ("fit", "gathered"))
    found = LinearFit.load(str(fit))
    parts = [pa.ipc.open_stream(path.read_bytes()).read_all() for path in sorted(gathered.glob("rows/*.arrow"))]
    rows = pa.concat_tables(parts)
    columns = [np.ones(rows.num_rows)]
    for index, term in enumerate(found.design.terms):
        values = rows[f"term_{index}"].to_numpy()
        columns += [(values == level) * 1.0 for level in range(term.width)] if term.levels else [values + term.origin]
    kept = np.flatnonzero(~np.isnan(found.raw.standard_errors))
    [offset] = found.design.offsets
    return (
        [found.fit.names[place] for place in kept],
        np.column_stack(columns)[:, kept],
        rows["label"].to_numpy(),
        columns[offset],
    )


def test_the_tests_of_late_flights_are_those_of_statsmodels(delays_run: WholeRun) -> None:
    done = plumbline("test", delays_run.config, TEXT, "--root", delays_run.root, "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    names, x, y, exposure = matrix_of(delays_run)
    contrast = np.zeros((5, len(names)))
    for row, weights in enumerate(
        [
            {"month[6]": 1, "month[7]": -1},
            {"month[7]": 1},  # month[8] is the reference
            {"weekday[2]": 1, "weekday[5]": -1},
            {"wind_speed": 1, "precip": -1 / 25},
            {"(intercept)": 1},
        ]
    ):
        for name, weight in weights.items():
            contrast[row, names.index(name)] = weight
    values = np.array([0, 0, 0, 0, -1.5])
    model = sm.GLM(y, x, family=sm.families.Poisson(), offset=exposure)
    whole = model.fit(tol=1e-14)
    its = whole.wald_test((contrast, values), scalar=True)
    assert found["wald"]["statistic"] == pytest.approx(float(its.statistic), rel=1e-8)
    held = model.fit_constrained((contrast, values), tol=1e-14)
    assert found["likelihood_ratio"]["statistic"] == pytest.approx(held.deviance - whole.deviance, rel=1e-8)
    assert found["likelihood_ratio"]["degrees_of_freedom"] == found["wald"]["degrees_of_freedom"] == 5
    assert [one["estimate"] for one in found["equations"]] == pytest.approx(contrast @ whole.params - values, rel=1e-7)


def test_the_command_loads_no_tensorflow(delays_run: WholeRun) -> None:
    """Its second test reads all rows."""
    program = (
        "import sys; from pipeline.cli.main import main; main(sys.argv[1:], standalone_mode=False); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    arguments = ["test", str(delays_run.config), "temp = 0", "--root", str(delays_run.root)]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert "likelihood ratio" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
