"""From a Parquet file on disk to coefficients and standard errors, ours beside its peers.

Run: make bench-solve [ROWS="1000000 10000000"] [RUNS=3] [PEER_PYTHON=...] [ARGS='--only plumbline scikit-learn']

Every contender reads the same file of 20 numbers and a label in 64 bits, the way its users would, and is a process of its own,
one after the other, RUNS times in turn. Wall and processor seconds run from the start of the process to the coefficients,
imports and the start of a Java machine among it; memory is the greatest sum over the process tree, where what processes share
counts once. scikit-learn has no standard errors, and none are asked of glum. `apart` is how far coefficients and standard
errors are from statsmodels', in standard errors.

PEER_PYTHON is the Python of a virtual environment with the others: `pip install scikit-learn statsmodels glum pyspark h2o
pandas pyarrow psutil`, and Java for Spark ML and H2O. What isn't installed is said.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

COLUMNS = 20
CHUNK = 200_000
NAMES = [f"x{index}" for index in range(COLUMNS)]
LABEL = "y"
OURS, ORACLE = "plumbline", "statsmodels"

Found = tuple[Any, Any]  # coefficients [1 + COLUMNS], the intercept first, and their standard errors or None


def make_table(rows: int, path: Path) -> None:
    """Writes the table, in row groups of CHUNK rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    generator = np.random.default_rng(0)
    beta = generator.normal(size=COLUMNS)
    schema = pa.schema([(name, pa.float64()) for name in (*NAMES, LABEL)])
    with pq.ParquetWriter(path, schema) as parquet:
        for start in range(0, rows, CHUNK):
            x = generator.normal(size=(min(CHUNK, rows - start), COLUMNS))
            y = 1.0 + x @ beta + generator.normal(size=len(x))
            parquet.write_batch(pa.record_batch([pa.array(column) for column in (*x.T, y)], schema=schema))


def plumbline(path: str) -> Found:
    """`components.linear_model`, all cores."""
    from components.linear_model import fit_parquet

    found = fit_parquet(path, LABEL)
    return found.coefficients, found.standard_errors


def scikit_learn(path: str) -> Found:
    """LinearRegression, which gives coefficients alone."""
    import pandas as pd
    from sklearn.linear_model import LinearRegression

    table = pd.read_parquet(path)
    model = LinearRegression().fit(table[NAMES], table[LABEL])
    return [model.intercept_, *model.coef_], None


def statsmodels(path: str) -> Found:
    """OLS."""
    import pandas as pd
    import statsmodels.api as sm

    table = pd.read_parquet(path)
    result = sm.OLS(table[LABEL], sm.add_constant(table[NAMES])).fit()
    return result.params, result.bse


def glum(path: str) -> Found:
    """Its Gaussian family without a penalty; coefficients alone."""
    import pandas as pd
    from glum import GeneralizedLinearRegressor

    table = pd.read_parquet(path)
    model = GeneralizedLinearRegressor(family="normal", alpha=0).fit(table[NAMES], table[LABEL])
    return [model.intercept_, *model.coef_], None


def spark(path: str) -> Found:
    """LinearRegression by the normal equations, a worker a core."""
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.regression import LinearRegression
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[*]").config("spark.driver.memory", "8g").getOrCreate()
    rows = VectorAssembler(inputCols=NAMES, outputCol="x").transform(session.read.parquet(path))
    model = LinearRegression(featuresCol="x", labelCol=LABEL, solver="normal").fit(rows)
    *errors, of_intercept = model.summary.coefficientStandardErrors
    return [model.intercept, *model.coefficients], [of_intercept, *errors]


def h2o(path: str) -> Found:
    """GLM of the Gaussian family without a penalty."""
    import h2o
    from h2o.estimators import H2OGeneralizedLinearEstimator

    h2o.init(port=54421, max_mem_size="8g")
    table = h2o.import_file(path)
    model = H2OGeneralizedLinearEstimator(family="gaussian", lambda_=0, compute_p_values=True, standardize=False)
    model.train(x=NAMES, y=LABEL, training_frame=table)
    found = model._model_json["output"]["coefficients_table"].as_data_frame().set_index("names")
    h2o.cluster().shutdown()
    order = ["Intercept", *NAMES]
    return found.loc[order, "coefficients"], found.loc[order, "std_error"]


CONTENDERS: dict[str, Callable[[str], Found]] = {
    OURS: plumbline,
    "scikit-learn": scikit_learn,
    ORACLE: statsmodels,
    "glum": glum,
    "Spark ML": spark,
    "H2O": h2o,
}


def run(contender: str, path: Path) -> dict[str, Any]:
    """What a contender found, with `seconds`, `processor` seconds and `peak` MiB; or why it `failed`."""
    from benchmarks.measure import measure

    python = sys.executable if contender == OURS else os.environ.get("PEER_PYTHON", sys.executable)
    command = [python, "-m", "benchmarks.solve", "--contender", contender, "--path", str(path)]
    try:
        measured = measure(command, {**os.environ, "PYSPARK_PYTHON": python})
    except SystemExit as error:
        return {"failed": str(error).strip().splitlines()[-1]}
    processor = measured.samples[-1].cpu
    peak = max(sample.memory for sample in measured.samples) / 2**20
    found = json.loads(measured.out.splitlines()[-1])
    return {**found, "seconds": measured.seconds, "processor": processor, "peak": peak}


def compare(rows: int, runs: int, names: list[str]) -> None:
    """Makes a table, runs the contenders in turn, prints medians and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        make_table(rows, path)
        size = path.stat().st_size / 2**20
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for _ in range(runs):
            for name in names:
                if not any("failed" in each for each in found[name]):
                    found[name].append(run(name, path))
    print(f"\n{rows:,} rows × {COLUMNS} columns, {size:,.0f} MiB of Parquet, medians of {runs}")  # noqa: T201
    print(f"{'':<14}{'seconds':>9}{'to ours':>9}{'CPU s':>8}{'to ours':>9}{'peak MiB':>10}  apart: coefficients, SE")  # noqa: T201
    for name, measured in found.items():
        if "failed" in measured[-1]:
            print(f"{name:<14}failed: {measured[-1]['failed']}", flush=True)  # noqa: T201
            continue
        cells = []
        for key in ("seconds", "processor"):
            ratios = [each[key] / ours[key] for each, ours in zip(measured, found[OURS], strict=True)]
            cells += [statistics.median(each[key] for each in measured), statistics.median(ratios)]
        peak = statistics.median(each["peak"] for each in measured)
        seconds, ratio, processor, processor_ratio = cells
        print(  # noqa: T201
            f"{name:<14}{seconds:>9.1f}{ratio:>9.2f}{processor:>8.1f}{processor_ratio:>9.2f}{peak:>10,.0f}  "
            f"{_apart(measured[0], found.get(ORACLE, [{}])[0])}",
            flush=True,
        )


def _apart(mine: dict[str, Any], oracle: dict[str, Any]) -> str:
    """How far coefficients and standard errors are from the oracle's, in its standard errors; a dash for what isn't there."""
    cells = []
    for key in ("coefficients", "errors"):
        there = "errors" in oracle and mine[key] is not None
        far = np.abs(np.subtract(mine[key], oracle[key])) / oracle["errors"] if there else None
        cells.append("-" if far is None else f"{far.max():.0e}")
    return ", ".join(cells)


def main() -> None:
    """Compares at each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--path", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        coefficients, errors = CONTENDERS[arguments.contender](arguments.path)
        found = {"coefficients": list(map(float, coefficients)), "errors": None}
        print(json.dumps(found if errors is None else {**found, "errors": list(map(float, errors))}))  # noqa: T201
        return
    for rows in arguments.rows:
        compare(rows, arguments.runs, [OURS, *(name for name in arguments.only if name != OURS)])


if __name__ == "__main__":
    main()
