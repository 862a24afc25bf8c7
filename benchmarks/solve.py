"""Gather and Fit beside scikit-learn, statsmodels and Spark ML, on the same tables. Run: make bench-solve [ROWS="1000000 3000000"]

Each contender is a process of its own, one after the other, RUNS times in turn. Its wall time runs from start to
coefficients, imports and reading among it; its memory is the greatest sum over its process tree. Ours reads gzipped
TFRecords of raw tf.Examples, as ExampleGen writes them, through a transform graph and Beam's in-process runner, and keeps the
design matrix; the others read a Parquet file of the same values, their own way. scikit-learn and statsmodels hold the table in
memory. Spark ML needs Java and `pip install pyspark` in a virtual environment whose Python is named by SPARK_PYTHON; without that
it is left out, and the table says so.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from components.preprocessing.features import features_to_json
from components.preprocessing.kinds.numeric import Numeric
from components.table.added_columns import ROW_COLUMN

COLUMNS = 20
CHUNK = 200_000
RUNS = 3
NAMES = [f"x{index}" for index in range(COLUMNS)]
FEATURES = {name: Numeric(scale="none") for name in NAMES}


def make_table(rows: int, folder: Path) -> None:
    """Writes the table twice: `t.parquet`, and TFRecord shards below `examples/`; and a transform graph, in `transform/`."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    import tfx  # noqa: F401 (first)
    import tensorflow as tf  # isort: skip
    from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

    generator = np.random.default_rng(0)
    beta = generator.normal(size=COLUMNS)
    (folder / "examples").mkdir()
    schema = pa.schema([(name, pa.float32()) for name in (*NAMES, "y")])
    encoder = RecordBatchToExamplesEncoder()
    with pq.ParquetWriter(folder / "t.parquet", schema) as parquet:
        for start in range(0, rows, CHUNK):
            count = min(CHUNK, rows - start)
            x = generator.normal(size=(count, COLUMNS)).astype(np.float32)
            y = (1.0 + x @ beta + generator.normal(size=count)).astype(np.float32)
            arrays = [pa.array(column) for column in (*x.T, y)]
            parquet.write_batch(pa.record_batch(arrays, schema=schema))
            offsets = pa.array(np.arange(count + 1, dtype=np.int32))
            numbers = pa.array(np.arange(start, start + count))
            lists = [pa.ListArray.from_arrays(offsets, array) for array in (*arrays, numbers)]
            shard = str(folder / "examples" / f"{start:010d}.gz")
            with tf.io.TFRecordWriter(
                shard, tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)
            ) as out:
                for record in encoder.encode(pa.record_batch(lists, names=[*schema.names, ROW_COLUMN])):
                    out.write(record)


def make_transform(folder: Path) -> None:
    """A transform graph that takes the columns as they are: its analysis has seen a row."""
    import apache_beam as beam
    import tensorflow as tf
    import tensorflow_transform.beam as tft_beam
    from apache_beam.options.pipeline_options import PipelineOptions
    from tensorflow_transform import TFTransformOutput
    from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

    from components.preprocessing.preprocessing_fn import preprocessing_fn
    from pipeline.beam.in_process import LOCAL_ARGS

    config = {"features": features_to_json(FEATURES), "label": "y", "weight": None, "grouped": False, "missing": []}
    kinds = {name: tf.io.VarLenFeature(tf.float32) for name in (*NAMES, "y")}
    kinds[ROW_COLUMN] = tf.io.VarLenFeature(tf.int64)
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(kinds))
    row = {**{name: [1.0] for name in (*NAMES, "y")}, ROW_COLUMN: [0]}
    options = PipelineOptions(LOCAL_ARGS)
    with beam.Pipeline(options=options) as pipeline, tft_beam.Context(temp_dir=str(folder / "temporary")):
        raw = pipeline | beam.Create([row]), metadata
        transform = raw | tft_beam.AnalyzeDataset(functools.partial(preprocessing_fn, custom_config=config))
        _ = transform | tft_beam.WriteTransformFn(str(folder / "transform"))
        into = str(folder / "transform" / TFTransformOutput.RAW_METADATA_DIR)
        _ = metadata | tft_beam.WriteMetadata(into, pipeline=pipeline)


def plumbline(folder: Path) -> list[float]:
    """The steps' own transforms, source to fit."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    from components.gather import shards
    from components.gather.beam_pass import FactorRows, GatherBatches, RowSource
    from components.gather.design_rows import DesignRows
    from components.linear_model.design_matrix import DesignMatrix, Term
    from components.linear_model.factors import from_arrays
    from components.linear_model.solve import Problem, Settings
    from pipeline.beam.in_process import LOCAL_ARGS

    rows = DesignRows(DesignMatrix(tuple(Term(name, name) for name in NAMES)), False, 5)
    with tempfile.TemporaryDirectory(dir=folder) as kept:
        (Path(kept) / shards.ROWS).mkdir()
        source = RowSource(
            transform_graph=str(folder / "transform"),
            features=features_to_json(FEATURES),
            keys=tuple(NAMES),
            numbers=frozenset(NAMES),
            label="y",
            weight=None,
            family="gaussian",
            grouped=False,
            folder=f"{kept}/{shards.ROWS}",
            files=tuple(sorted(map(str, (folder / "examples").iterdir()))),
        )
        out = Path(kept) / "factors.npz"
        with beam.Pipeline(options=PipelineOptions(LOCAL_ARGS)) as pipeline:
            factors = pipeline | GatherBatches(source) | beam.CombineGlobally(FactorRows(rows))
            _ = factors | beam.Map(lambda arrays: np.savez(out, **arrays))
        return Problem(from_arrays(rows.names, np.load(out)), Settings()).fit().coefficients.tolist()


def _arrays(folder: Path) -> tuple[Any, Any]:
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "t.parquet")
    return np.column_stack([table[name].to_numpy() for name in NAMES]).astype(np.float64), table["y"].to_numpy().astype(
        float
    )


def scikit_learn(folder: Path) -> list[float]:
    """LinearRegression: coefficients alone."""
    from sklearn.linear_model import LinearRegression

    model = LinearRegression(copy_X=False).fit(*_arrays(folder))
    return [float(model.intercept_), *model.coef_.tolist()]


def statsmodels(folder: Path) -> list[float]:
    """OLS, with standard errors."""
    import statsmodels.api as sm

    x, y = _arrays(folder)
    result = sm.OLS(y, np.column_stack([np.ones(len(y)), x])).fit()
    _ = result.bse
    return list(map(float, result.params))


def spark(folder: Path) -> list[float]:
    """Spark ML's LinearRegression, normal solver, local[2]."""
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.regression import LinearRegression
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[2]").config("spark.driver.memory", "8g").getOrCreate()
    table = session.read.parquet(str(folder / "t.parquet"))
    rows = VectorAssembler(inputCols=NAMES, outputCol="x").transform(table)
    model = LinearRegression(featuresCol="x", labelCol="y", solver="normal").fit(rows)
    return [float(model.intercept), *map(float, model.coefficients)]


CONTENDERS = {function.__name__: function for function in (plumbline, scikit_learn, statsmodels, spark)}


def measure(name: str, folder: Path) -> tuple[float, float, list[float]]:
    """Wall seconds, peak MiB of the process tree, coefficients."""
    import psutil

    python = os.environ["SPARK_PYTHON"] if name == "spark" else sys.executable
    begin = time.monotonic()
    command = [python, "-m", "benchmarks.solve", "--contender", name, "--folder", str(folder)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)  # noqa: S603
        tree, peak = psutil.Process(process.pid), 0
        while process.poll() is None:
            try:
                peak = max(peak, sum(p.memory_info().rss for p in [tree, *tree.children(recursive=True)]))
            except psutil.NoSuchProcess:
                continue
            time.sleep(0.05)
        seconds = time.monotonic() - begin
        if process.returncode:
            err.seek(0)
            sys.exit(f"{name} failed:\n{err.read().decode()[-2000:]}")
        out.seek(0)
        return seconds, peak / 2**20, json.loads(out.read().decode().splitlines()[-1])


def compare(rows: int, runs: int, names: list[str]) -> None:
    """Makes a table, runs the contenders in turn, prints medians and ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_table(rows, folder)
        make_transform(folder)
        found: dict[str, list[tuple[float, float, list[float]]]] = {name: [] for name in names}
        for _ in range(runs):
            for contender in names:
                found[contender].append(measure(contender, folder))
    ours = statistics.median(run[0] for run in found["plumbline"])
    oracle = np.array(found["statsmodels"][0][2])
    print(f"{rows:,} rows × {COLUMNS} columns, medians of {runs}")  # noqa: T201
    print(f"{'':<14}{'seconds':>9}{'to ours':>9}{'peak MiB':>10}  largest difference to statsmodels")  # noqa: T201
    for contender, measured in found.items():
        seconds = statistics.median(run[0] for run in measured)
        peak = statistics.median(run[1] for run in measured)
        difference = float(np.max(np.abs(np.array(measured[0][2]) - oracle)))
        print(f"{contender:<14}{seconds:>9.1f}{seconds / ours:>9.2f}{peak:>10.0f}  {difference:.1e}", flush=True)  # noqa: T201


def main() -> None:
    """Compares at each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--contender", choices=CONTENDERS)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.contender:
        print(json.dumps(CONTENDERS[arguments.contender](arguments.folder)))  # noqa: T201
        return
    names = [name for name in CONTENDERS if name != "spark" or "SPARK_PYTHON" in os.environ]
    for rows in arguments.rows:
        compare(rows, arguments.runs, names)
    if "spark" not in names:
        print("spark was left out: SPARK_PYTHON is not set")  # noqa: T201


if __name__ == "__main__":
    main()
