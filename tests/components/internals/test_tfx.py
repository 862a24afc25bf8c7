from __future__ import annotations

import ast
import gzip
import importlib.util
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


@pytest.fixture(scope="module")
def stock():
    """Transform's executor as TFX has it: what is put in its place is put into the module that everybody imports."""
    found = importlib.util.find_spec("tfx.components.transform.executor")
    spec = importlib.util.spec_from_file_location("stock_transform_executor", found.origin)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def records(folder: Path) -> list[bytes]:
    import tensorflow as tf

    files = sorted(map(str, folder.glob("*")))
    assert all(gzip.open(file).read(1) for file in files)
    return sorted(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())


def test_transformed_examples_are_those_of_transforms_own_writer(stock, tmp_path):
    import apache_beam as beam
    import pyarrow as pa
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    from components.internals.tfx import example_format
    from pipeline.beam.batched_io import encode_and_write

    schema = text_format.Parse(
        'feature { name: "x" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }', schema_pb2.Schema()
    )
    batches = [
        (pa.RecordBatch.from_arrays([pa.array([[float(i)], [i + 0.5]], pa.list_(pa.float32()))], names=["x"]), {})
        for i in range(3)
    ]

    def write(writer, folder: str) -> list[bytes]:
        (tmp_path / folder).mkdir()
        with beam.Pipeline(runner=FnApiRunner()) as pipeline:
            _ = pipeline | beam.Create(batches) | writer(schema, example_format(), str(tmp_path / folder / "t"))
        return records(tmp_path / folder)

    theirs = write(stock.TransformProcessor._EncodeAndWrite, "theirs")
    assert len(theirs) == 6
    assert write(encode_and_write, "ours") == theirs


def test_transform_calls_the_writer_that_is_put_in_its_place(stock):
    from tfx.components.transform.executor import TransformProcessor

    from pipeline.beam.batched_io import encode_and_write, install

    install()
    assert TransformProcessor._EncodeAndWrite is encode_and_write
    calls = [node for node in ast.walk(ast.parse(Path(stock.__file__).read_text())) if isinstance(node, ast.Call)]
    assert [call for call in calls if ast.unparse(call.func).endswith("self._EncodeAndWrite")]


def test_a_node_is_compiled_and_launched_and_its_outputs_are_found(tmp_path):
    from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
    from tfx.orchestration import metadata
    from tfx.orchestration.pipeline import Pipeline

    from components.internals import tfx as internals

    (tmp_path / "schema.pbtxt").write_text('feature { name: "x" type: FLOAT }')
    database = metadata.sqlite_metadata_connection_config(str(tmp_path / "metadata.sqlite"))
    step = ImportSchemaGen(schema_file=str(tmp_path / "schema.pbtxt"))
    pipeline = Pipeline("p", str(tmp_path / "p"), database, [step])
    representation = internals.compile_pipeline(pipeline, "the run")
    assert representation.runtime_spec.pipeline_run_id.field_value.string_value == "the run"
    deployment = internals.local_deployment(representation)
    [node] = [node.pipeline_node for node in representation.nodes]
    number = internals.launch(node, representation, deployment, database)
    with metadata.Metadata(database) as handle:
        [schema] = internals.output_artifacts(handle, number)["schema"]
    outputs, _ = internals.half_outputs("ImportSchemaGen", number)
    assert [str(path) for path in (tmp_path / "p").glob(outputs)] == [schema.uri]
    assert (Path(schema.uri) / "schema.pbtxt").exists()


def test_a_killed_run_left_its_state_where_it_is_looked_for(tmp_path):
    from tfx.orchestration.portable import outputs_utils

    from components.internals.tfx import half_outputs

    report = Path(outputs_utils.get_executor_output_uri(str(tmp_path / "Step"), 7))
    report.parent.mkdir(parents=True, exist_ok=True)
    report.touch()
    _, state = half_outputs("Step", 7)
    assert [folder for folder in tmp_path.glob(state) if report.is_relative_to(folder)]


def test_a_task_runs_as_tfxs_own_entrypoint_runs_it(tmp_path):
    import json
    from argparse import Namespace

    from components.internals.tfx import run_task

    (tmp_path / "schema.pbtxt").write_text('feature { name: "x" type: FLOAT }')
    schema = {
        "artifacts": [
            {
                "name": "1",
                "type": {"instanceSchema": "title: tfx.Schema\ntype: object\n"},
                "uri": str(tmp_path / "schema"),
            }
        ]
    }
    invocation = {
        "inputs": {"parameterValues": {"schema_file": str(tmp_path / "schema.pbtxt")}},
        "outputs": {"artifacts": {"schema": schema}, "outputFile": str(tmp_path / "report.json")},
    }
    args = Namespace(
        executor_class_path="tfx.components.schema_gen.import_schema_gen.executor.Executor",
        json_serialized_invocation_args=json.dumps(invocation),
        json_serialized_inputs_spec_args="{}",
    )
    run_task(args, [])
    assert "x" in (tmp_path / "schema" / "schema.pbtxt").read_text()
    assert "schema" in json.loads((tmp_path / "report.json").read_text())["artifacts"]


def test_the_driver_of_example_gen_reports_the_newest_span_and_a_fingerprint(tmp_path):
    import json
    from argparse import Namespace

    from components.internals.tfx import run_example_gen_driver

    for span in (1, 2):
        (tmp_path / f"span{span}").mkdir()
        (tmp_path / f"span{span}" / "t.csv").write_text("y\n1\n")
    examples = {
        "artifacts": [
            {"name": "1", "type": {"instanceSchema": "title: tfx.Examples\ntype: object\n"}, "uri": str(tmp_path / "e")}
        ]
    }
    config = {"splits": [{"name": "table", "pattern": "span{SPAN}/t.csv"}]}
    invocation = {
        "inputs": {
            "parameterValues": {"input_base": str(tmp_path), "input_config": json.dumps(config), "output_config": "{}"}
        },
        "outputs": {"artifacts": {"examples": examples}, "outputFile": str(tmp_path / "report.json")},
    }
    run_example_gen_driver(
        Namespace(json_serialized_invocation_args=json.dumps(invocation), json_serialized_inputs_spec_args="{}")
    )
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["parameterValues"]["span"] == 2
    assert report["parameterValues"]["input_fingerprint"].startswith("split:table,num_files:1,total_bytes:4,")
    assert [artifact["name"] for artifact in report["artifacts"]["examples"]["artifacts"]] == ["1"]
