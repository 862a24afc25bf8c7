"""TableExampleGen: TFX's FileBasedExampleGen for CSV, CSV.gz and Parquet."""

from __future__ import annotations

from google.protobuf import any_pb2, wrappers_pb2
from tfx.components import FileBasedExampleGen
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.proto import example_gen_pb2

from components.fingerprint import code_fingerprint
from components.ingest.driver import Driver
from components.ingest.executor import Executor, IngestSettings
from components.table.spec import TableSpec


def input_config(pattern: str) -> example_gen_pb2.Input:
    """What TFX's driver reads: one input split, whose pattern may hold `{SPAN}` and `{VERSION}`."""
    return example_gen_pb2.Input(splits=[example_gen_pb2.Input.Split(name="table", pattern=pattern)])


class TableExampleGen(FileBasedExampleGen):
    """Reads tables through Arrow, and writes a standard `Examples` artifact."""

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)
    DRIVER_CLASS = Driver

    def __init__(
        self,
        input_base: str | RuntimeParameter,
        pattern: str | RuntimeParameter,
        spec: TableSpec,
        max_rejected: int,
        rejected: str,
        range_config: RuntimeParameter | None = None,
    ) -> None:
        """Takes what to read, and how.

        Args:
          input_base: a folder.
          pattern: of files below it; may hold TFX's `{SPAN}` and `{VERSION}`. A parameter holds the whole `input_config` as JSON.
          spec: columns, rules and splits.
          max_rejected: how many bad rows may be passed over.
          rejected: the folder that takes the list of bad rows.
          range_config: the span to read, as the JSON of TFX's RangeConfig; the newest one by default.
        """
        settings = IngestSettings(
            spec=spec, max_rejected=max_rejected, rejected=rejected, code=code_fingerprint(__name__)
        )
        custom = any_pb2.Any()
        custom.Pack(wrappers_pb2.StringValue(value=settings.model_dump_json()))
        super().__init__(
            input_base=input_base,
            input_config=input_config(pattern) if isinstance(pattern, str) else pattern,
            range_config=range_config,
            output_config=example_gen_pb2.Output(
                split_config=example_gen_pb2.SplitConfig(
                    splits=[
                        example_gen_pb2.SplitConfig.Split(name=name, hash_buckets=spec.split.shares.get(name, 1))
                        for name in spec.split.names
                    ],
                    partition_feature_name=spec.split.group or "",
                )
            ),
            custom_config=example_gen_pb2.CustomConfig(custom_config=custom),
        )
