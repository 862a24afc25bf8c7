"""A schema file of one's own, and the columns that it can't know of."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

SCHEMA = """
feature { name: "x" type: FLOAT presence { min_count: 1 } }
feature { name: "plumbline_row" type: INT presence { min_fraction: 1.0 } }
"""


def test_what_ingest_adds_is_added_where_the_file_does_not_name_it(tmp_path):
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2
    from tfx.types import standard_artifacts

    from components.import_schema.component import ImportTableSchema
    from components.import_schema.executor import Executor

    (tmp_path / "own.pbtxt").write_text(SCHEMA)
    schema = standard_artifacts.Schema()
    schema.uri = str(tmp_path / "out")
    added = ["plumbline_row", "plumbline_cluster", "plumbline_time"]
    step = ImportTableSchema(str(tmp_path / "own.pbtxt"), SCHEMA.encode(), added)
    Executor().Do({}, {"schema": [schema]}, dict(step.spec.exec_properties))
    assert json.loads(step.spec.exec_properties["added"]) == added
    found = text_format.Parse((tmp_path / "out/schema.pbtxt").read_text(), schema_pb2.Schema())
    assert [feature.name for feature in found.feature] == ["x", *added]
    assert {feature.type for feature in found.feature[1:]} == {schema_pb2.INT}
    assert found.feature[1].presence.min_fraction == 1.0  # as the file has it
