"""ExampleGen: TFX's FileBasedExampleGen with our executor."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from google.protobuf import any_pb2, wrappers_pb2
from tfx.components import FileBasedExampleGen
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.proto import example_gen_pb2

from components.fingerprint import code_fingerprint
from components.ingest.executor import Executor
from components.ingest.table import TableSpec


def example_gen(path: Path, spec: TableSpec, split: Mapping[str, float]) -> FileBasedExampleGen:
    """The node that reads a table.

    Args:
      path: the table.
      spec: its columns and rules.
      split: fraction of the rows by split name. A row's split is decided by the SHA-256 of its tf.Example, so it depends
        on nothing but the row.

    Returns:
      A FileBasedExampleGen, so that any TFX tool reads its `Examples`.
    """
    settings = wrappers_pb2.StringValue(
        value=json.dumps({"spec": spec.model_dump_json(), "code": code_fingerprint("ingest")})
    )
    custom = any_pb2.Any()
    custom.Pack(settings)
    parts = {name: Fraction(fraction).limit_denominator(10_000) for name, fraction in split.items()}
    buckets = math.lcm(*(part.denominator for part in parts.values()))
    return FileBasedExampleGen(
        input_base=str(path.parent),
        input_config=example_gen_pb2.Input(splits=[example_gen_pb2.Input.Split(name="table", pattern=path.name)]),
        output_config=example_gen_pb2.Output(
            split_config=example_gen_pb2.SplitConfig(
                splits=[
                    example_gen_pb2.SplitConfig.Split(name=name, hash_buckets=int(part * buckets))
                    for name, part in parts.items()
                ]
            )
        ),
        custom_config=example_gen_pb2.CustomConfig(custom_config=custom),
        custom_executor_spec=BeamExecutorSpec(Executor),
    ).with_id("ExampleGen")
