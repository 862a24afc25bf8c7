"""TFX's own ExampleGens and ours split a table by a column: python -m tests.e2e.group_split FOLDER COLUMN …

The folder has `t.csv` and `t.parquet`, whose column `row` numbers the rows. Prints, by column, the rows of the eval split of each
of the four: `[CsvExampleGen, TFX's Parquet executor, ours of the CSV, ours of the Parquet file]`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import tfx.components  # noqa: F401 (first)

import tensorflow as tf  # isort: skip
from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.components.example_gen.csv_example_gen import executor as csv_executor
from tfx.components.example_gen.custom_executors import parquet_executor
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.proto import example_gen_pb2
from tfx.types import standard_artifacts

from components.ingest.component import TableExampleGen
from components.ingest.executor import Executor
from components.table.spec import TableSpec
from components.table.split_rule import SplitRule
from pipeline.beam.in_process import local_args

SHARES = {"train": 2, "eval": 1}


def stock(executor: Any, folder: str, pattern: str, column: str, out: Path) -> list[int]:
    """One of TFX's."""
    splits = [example_gen_pb2.SplitConfig.Split(name=name, hash_buckets=buckets) for name, buckets in SHARES.items()]
    component = FileBasedExampleGen(
        input_base=folder,
        input_config=example_gen_pb2.Input(splits=[example_gen_pb2.Input.Split(name="all", pattern=pattern)]),
        output_config=example_gen_pb2.Output(
            split_config=example_gen_pb2.SplitConfig(splits=splits, partition_feature_name=column)
        ),
        custom_executor_spec=BeamExecutorSpec(executor),
    )
    return run(executor, component, out)


def ours(folder: str, pattern: str, column: str, out: Path) -> list[int]:
    """TableExampleGen; the column is nothing but the one to split by."""
    spec = TableSpec(numbers=["row", "y"], texts=[], label="y", split=SplitRule(shares=SHARES, group=column))
    return run(Executor, TableExampleGen(folder, pattern, spec, 0, f"{out}-rejected"), out)


def run(executor: Any, component: Any, out: Path) -> list[int]:
    """Runs an executor alone, and reads the eval split back."""
    examples = standard_artifacts.Examples()
    examples.uri = str(out)
    context = BaseBeamExecutor.Context(local_args(0), "", tmp_dir=f"{out}-tmp", unique_id="1")
    executor(context).Do({}, {"examples": [examples]}, dict(component.spec.exec_properties))
    records = tf.data.TFRecordDataset(tf.io.gfile.glob(f"{out}/Split-eval/*"), "GZIP").as_numpy_iterator()
    found = [tf.train.Example.FromString(record).features.feature["row"] for record in records]
    return sorted(int((row.int64_list.value or row.float_list.value)[0]) for row in found)


def main() -> None:
    """Each way, for each column."""
    folder, *columns = sys.argv[1:]
    base = Path(folder)
    print(  # noqa: T201
        json.dumps(
            {
                column: [
                    stock(csv_executor.Executor, folder, "t.csv", column, base / column / "1"),
                    stock(parquet_executor.Executor, folder, "t.parquet", column, base / column / "2"),
                    ours(folder, "t.csv", column, base / column / "3"),
                    ours(folder, "t.parquet", column, base / column / "4"),
                ]
                for column in columns
            }
        )
    )


if __name__ == "__main__":
    main()
