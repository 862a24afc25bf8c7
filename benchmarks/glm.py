"""Fit of a logit and of a Poisson model beside glum, scikit-learn, statsmodels and Spark ML, on the same rows.

Run: make bench-glm [ROWS="1000000 10000000"] [RUNS=1] [PEER_PYTHON=...]

Each contender is a process of its own, one after the other, RUNS times in turn, with two threads or two worker processes. Ours is
the step Fit itself, from what Gather wrote to the artifact that it leaves: it reads the shards in every pass, and its passes are
those of the sample that it starts from and of the cross-validation too, which the others don't do; `the fit alone` ends with the
pass that has the certificate and the standard errors. The others read the same shards into memory first, Spark ML a Parquet file of
the same values. All are told to stop at the same precision, as far as they take it; how far from the optimum each ended is the
length of the Newton step that is left, in standard errors, from gradient and information at its coefficients, by numpy. Processor
seconds and peak memory are of the process tree, imports among it.

PEER_PYTHON is the Python of a virtual environment with the others: `pip install glum scikit-learn statsmodels pyspark pyarrow`, and
Java for Spark ML. What isn't installed is said.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

COLUMNS = 20
SHARD_ROWS = 200_000
BATCH_ROWS = 8192
FOLDS = 5
NAMES = [f"x{index}" for index in range(COLUMNS)]
FAMILIES = {"logit": "binomial", "poisson": "poisson"}
PARQUET = "rows.parquet"
TIGHT = 1e-9  # of mean gradients, or relative changes
GLUM = 1e-8  # of its gradients; at 1e-9 it makes up to 73 passes that lead no nearer

Array = NDArray[np.float64]


def make_rows(model: str, rows: int, folder: Path) -> None:
    """Writes what Gather would have written of some rows, and a Parquet file of the same values."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    import tfx  # noqa: F401 (first)

    from components.gather import shards
    from components.gather.design_rows import DesignRows
    from components.linear_model.design_matrix import DesignMatrix, Term
    from components.linear_model.factors import TriangularFactor
    from components.linear_model.gathered import GatheredRows

    design = DesignMatrix(tuple(Term(name, name) for name in NAMES))
    kept = DesignRows(design, False, FOLDS)
    factors = [TriangularFactor(kept.names, intercept=True) for _ in range(FOLDS)]
    generator = np.random.default_rng(0)
    beta = generator.normal(scale=0.3, size=COLUMNS)
    names = [*map(shards.term_column, range(COLUMNS)), shards.LABEL, shards.ROW]
    schema = pa.schema([(name, pa.float64()) for name in names[:-1]] + [(names[-1], pa.int64())])
    (folder / shards.ROWS).mkdir()
    begins = range(0, rows, SHARD_ROWS)
    with pq.ParquetWriter(folder / PARQUET, schema) as parquet:
        for shard, begin in enumerate(begins):
            number = np.arange(begin, min(begin + SHARD_ROWS, rows))
            x = generator.normal(size=(len(number), COLUMNS)).astype(np.float32).astype(np.float64)
            eta = x @ beta - 1.0
            drawn = (
                generator.random(len(eta)) < 1 / (1 + np.exp(-eta))
                if model == "logit"
                else generator.poisson(np.exp(eta))
            )
            table = pa.table([*map(pa.array, x.T), pa.array(drawn.astype(np.float64)), pa.array(number)], schema=schema)
            parquet.write_table(table)
            path = folder / shards.ROWS / f"design-{shard:05d}-of-{len(begins):05d}.arrow"
            with pa.ipc.new_stream(str(path), schema) as out:
                for batch in table.to_batches(BATCH_ROWS):
                    out.write(batch)
                    matrix, label, _, fold = kept.matrices(batch)
                    for index, factor in enumerate(factors):
                        factor.add(matrix[fold == index], label[fold == index])
    present = [rows] * (1 + COLUMNS)
    GatheredRows(FAMILIES[model], "y", None, False, design, rows, present, factors).save(str(folder))


def _shards(folder: Path) -> Iterator[tuple[Array, Array]]:
    """The columns [COLUMNS, n] and the labels [n] of each shard."""
    import pyarrow as pa

    for path in sorted((folder / "rows").glob("*.arrow")):
        with pa.memory_map(str(path)) as file:
            table = pa.ipc.open_stream(file).read_all()
        yield np.array([table.column(index).to_numpy() for index in range(COLUMNS)]), table.column(COLUMNS).to_numpy()


def _arrays(folder: Path, rows: int, order: Literal["C", "F"], ones: int = 0) -> tuple[Array, Array]:
    """X [n, ones + COLUMNS], so many columns of ones first, and y [n], filled shard by shard."""
    x, y = np.ones((rows, ones + COLUMNS), order=order), np.empty(rows)
    begin = 0
    for columns, label in _shards(folder):
        here = slice(begin, begin + len(label))
        x[here, ones:], y[here] = columns.T, label
        begin += len(label)
    return x, y


class Clock:
    """Seconds from mark to mark; the first begins with the process."""

    def __init__(self) -> None:
        import psutil

        self._last = psutil.Process().create_time()

    def lap(self) -> float:
        """Since the mark before."""
        now = time.time()
        seconds, self._last = now - self._last, now
        return seconds


Found = dict[
    str, Any
]  # `coefficients` [1 + COLUMNS], the intercept first; `passes`; seconds of `imports`, `read`, `fit`


def plumbline(model: str, folder: Path, rows: int, workers: int) -> Found:
    """The step Fit, as `plumbline run --workers` runs it."""
    del model, rows
    clock = Clock()
    from pipeline.beam import fork_server
    from pipeline.beam.engine import Run
    from pipeline.beam.local_engine import LOCAL
    from pipeline.config.beam import Beam

    LOCAL.begin(Run(workers), ("components.fit.executor",))
    import tfx.components  # noqa: F401, I001 (first)
    from components import progress
    from components.artifact_types import GatheredRows, LinearFit
    from components.fit.executor import Executor
    from components.fit.settings import Exact
    from components.linear_model.gathered import GatheredRows as Gathered
    from components.linear_model.linear_fit import LinearFit as Fitted
    from components.preprocessing.features import features_to_json
    from components.preprocessing.kinds.numeric import Numeric

    gathered, fit = GatheredRows(), LinearFit()
    gathered.uri, fit.uri = str(folder), tempfile.mkdtemp(dir=folder)
    settings = {
        "features": features_to_json({name: Numeric(scale="none") for name in NAMES}),
        "exact": Exact(family=Gathered.load(str(folder)).family).model_dump(mode="json"),
    }
    if workers > 1:  # until the server of the workers has imported, which in a whole run it has long before
        warm = fork_server.CONTEXT.Process(target=time.time)
        warm.start()
        warm.join()
    imports = clock.lap()
    executor = Executor(Executor.Context(beam_pipeline_args=LOCAL.arguments(Beam(), Run(workers))))
    newton: list[float] = []  # when each of Newton's passes was over; those of the cross-validation follow

    def told(text: str) -> None:
        if text.startswith("pass "):
            newton.append(time.time())

    begin = time.time()
    with progress.listening(told):
        executor.Do({"gathered": [gathered]}, {"fit": [fit]}, {"settings": json.dumps(settings)})
    seconds = clock.lap()
    found: Any = Fitted.load(fit.uri).fit
    return {
        "coefficients": found.coefficients.tolist(),
        "passes": found.passes,
        "imports": imports,
        "read": None,
        "fit": seconds,
        "alone": newton[-1] - begin,
    }


def _fitted(clock: Clock, imports: float, read: float, coefficients: Array, passes: Any) -> Found:
    return {
        "coefficients": np.asarray(coefficients, np.float64).tolist(),
        "passes": int(np.max(passes)),
        "imports": imports,
        "read": read,
        "fit": clock.lap(),
    }


def glum(model: str, folder: Path, rows: int) -> Found:
    """Iteratively reweighted least squares, which is its own choice where there is no penalty."""
    clock = Clock()
    from glum import GeneralizedLinearRegressor

    imports = clock.lap()
    x, y = _arrays(folder, rows, "F")
    read = clock.lap()
    fit = GeneralizedLinearRegressor(family=FAMILIES[model], alpha=0, gradient_tol=GLUM, max_iter=100).fit(x, y)
    return _fitted(clock, imports, read, np.append(fit.intercept_, fit.coef_), fit.n_iter_)


def scikit_learn(model: str, folder: Path, rows: int, solver: str) -> Found:
    """Without a penalty, by one of its solvers."""
    clock = Clock()
    from sklearn.linear_model import LogisticRegression, PoissonRegressor

    imports = clock.lap()
    x, y = _arrays(folder, rows, "C")
    read = clock.lap()
    unfitted = (
        LogisticRegression(C=np.inf, solver=solver, tol=TIGHT, max_iter=1000)
        if model == "logit"
        else PoissonRegressor(alpha=0, solver=solver, tol=TIGHT, max_iter=1000)
    )
    fit = unfitted.fit(x, y)
    return _fitted(clock, imports, read, np.append(fit.intercept_, fit.coef_), fit.n_iter_)


def statsmodels(model: str, folder: Path, rows: int) -> Found:
    """GLM, with standard errors."""
    clock = Clock()
    import statsmodels.api as sm

    imports = clock.lap()
    x, y = _arrays(folder, rows, "C", ones=1)
    read = clock.lap()
    family = sm.families.Binomial() if model == "logit" else sm.families.Poisson()
    fit = sm.GLM(y, x, family=family).fit(tol=TIGHT, tol_criterion="params", maxiter=100)
    _ = fit.bse
    return _fitted(clock, imports, read, fit.params, fit.fit_history["iteration"])


def spark(model: str, folder: Path, rows: int) -> Found:
    """Spark ML's GeneralizedLinearRegression, local[2], the rows cached; its start counts as its imports."""
    del rows
    clock = Clock()
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.regression import GeneralizedLinearRegression
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[2]").config("spark.driver.memory", "8g").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    imports = clock.lap()
    columns = [f"term_{index}" for index in range(COLUMNS)]
    table = VectorAssembler(inputCols=columns, outputCol="x").transform(session.read.parquet(str(folder / PARQUET)))
    table = table.select("x", "label").cache()
    table.count()
    read = clock.lap()
    fit = GeneralizedLinearRegression(
        featuresCol="x", labelCol="label", family=FAMILIES[model], tol=TIGHT, maxIter=100
    ).fit(table)
    passes = fit.summary.numIterations
    return _fitted(clock, imports, read, np.append(fit.intercept, fit.coefficients.toArray()), passes)


Contender = Callable[[str, Path, int], Found]
CONTENDERS: dict[str, Contender] = {
    "plumbline, 2 workers": functools.partial(plumbline, workers=2),
    "plumbline, 1 process": functools.partial(plumbline, workers=0),
    "glum": glum,
    "scikit-learn, newton-cholesky": functools.partial(scikit_learn, solver="newton-cholesky"),
    "scikit-learn, lbfgs": functools.partial(scikit_learn, solver="lbfgs"),
    "statsmodels": statsmodels,
    "Spark ML": spark,
}
OURS = "plumbline, 2 workers"


def run(contender: str, model: str, folder: Path, rows: int) -> Found:
    """What a contender found, with its `processor` seconds and `peak` MiB.

    Or what is `missing`, a package, or why it `failed`.
    """
    from benchmarks.measure import measure

    peer = os.environ.get("PEER_PYTHON", sys.executable)
    python = sys.executable if contender.startswith("plumbline") else peer
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2")
    arguments = ["--contender", contender, "--model", model, "--folder", str(folder), "--rows", str(rows)]
    env = {**os.environ, "PYSPARK_PYTHON": python, "TF_CPP_MIN_LOG_LEVEL": "2"}
    try:
        measured = measure(
            [python, "-m", "benchmarks.glm", *arguments], env if contender.startswith("plumbline") else env | threads
        )
    except SystemExit as error:
        return {"failed": str(error).strip().splitlines()[-1]}
    found: Found = json.loads(measured.out.splitlines()[-1])
    processor, peak = measured.between(0, np.inf)
    return {**found, "processor": processor, "peak": peak}


def distances(model: str, folder: Path, coefficients: Array) -> Array:
    """‖H^½·H⁻¹·g‖ at each row of coefficients [k, 1 + COLUMNS]: how far the optimum is, in standard errors."""
    gradient = np.zeros(coefficients.shape[::-1])
    information = np.zeros((1 + COLUMNS, 1 + COLUMNS))
    for columns, label in _shards(folder):
        x = np.column_stack([np.ones(len(label)), columns.T])
        eta = x @ coefficients.T
        mean = 1 / (1 + np.exp(-eta)) if model == "logit" else np.exp(eta)
        gradient += x.T @ (label[:, None] - mean)
        weight = mean[:, 0] * (1 - mean[:, 0]) if model == "logit" else mean[:, 0]
        information += x.T @ (weight[:, None] * x)
    half: Array = np.linalg.solve(np.linalg.cholesky(information), gradient)
    return np.asarray(np.linalg.norm(half, axis=0))


def compare(model: str, rows: int, runs: int, names: list[str]) -> None:
    """Makes the rows, runs the contenders in turn, prints medians."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_rows(model, rows, folder)
        found: dict[str, list[Found]] = {name: [] for name in names}
        for _ in range(runs):
            for contender in names:
                found[contender].append(run(contender, model, folder, rows))
        there = [name for name in names if all("fit" in each for each in found[name])]
        apart = dict(
            zip(
                there,
                distances(model, folder, np.array([found[name][0]["coefficients"] for name in there])),
                strict=True,
            )
        )

    def median(name: str, key: str) -> float:
        return statistics.median(each[key] or 0.0 for each in found[name])

    seconds = {name: median(name, "read") + median(name, "fit") for name in there}
    print(f"\n{model}, {rows:,} rows × {COLUMNS} columns, medians of {runs}")  # noqa: T201
    print(  # noqa: T201
        f"{'':<30}{'imports':>8}{'read':>7}{'fit':>8}{'both':>8}{'to ours':>8}{'passes':>7}{'CPU s':>7}{'peak MiB':>9}"
        "  SE to the optimum"
    )
    for contender in names:
        if contender not in there:
            last = found[contender][-1]
            why = f"{last['missing']} isn't installed" if "missing" in last else f"failed: {last.get('failed')}"
            print(f"{contender:<30}{why}", flush=True)  # noqa: T201
            continue
        first = found[contender][0]
        if "alone" in first:
            print(  # noqa: T201
                f"{contender + ', the fit alone':<39}{median(contender, 'alone'):>14.1f}{'':>8}"
                f"{median(contender, 'alone') / seconds[OURS] if OURS in seconds else 1:>8.2f}",
                flush=True,
            )
        read = "each" if first["read"] is None else f"{median(contender, 'read'):.1f}"
        ratio = f"{seconds[contender] / seconds[OURS]:.2f}" if OURS in seconds else ""
        print(  # noqa: T201
            f"{contender:<30}{median(contender, 'imports'):>8.1f}{read:>7}{median(contender, 'fit'):>8.1f}"
            f"{seconds[contender]:>8.1f}{ratio:>8}{first['passes']:>7}{median(contender, 'processor'):>7.1f}"
            f"{median(contender, 'peak'):>9.0f}  {apart[contender]:.1e}",
            flush=True,
        )


def main() -> None:
    """Compares at each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--model", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        try:
            found = CONTENDERS[arguments.contender](arguments.model[0], arguments.folder, arguments.rows[0])
        except ModuleNotFoundError as error:
            found = {"missing": error.name}
        print(json.dumps(found))  # noqa: T201
        return
    for rows in arguments.rows:
        for model in arguments.model:
            compare(model, rows, arguments.runs, arguments.only)


if __name__ == "__main__":
    main()
