"""ImportTableSchema: TFX's ImportSchemaGen, which takes a file as the schema, with the columns that ingest adds put in."""

from __future__ import annotations

import hashlib
import json

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.channel import Channel
from tfx.types.component_spec import ExecutionParameter

from components.fingerprint import code_fingerprint
from components.import_schema.executor import Executor


class ImportTableSchemaSpec(standard_component_specs.ImportSchemaGenSpec):
    """TFX's, with the columns that ingest adds, and what shows TFX's cache that the file changed."""

    PARAMETERS = {
        **standard_component_specs.ImportSchemaGenSpec.PARAMETERS,
        "added": ExecutionParameter(type=str),
        "content": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }


class ImportTableSchema(BaseComponent):
    """Takes a file as the schema."""

    SPEC_CLASS = ImportTableSchemaSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(self, schema_file: str, content: bytes, added: list[str]) -> None:
        """Takes the path of a schema in text format, its content, and the names of the columns that ingest adds."""
        super().__init__(
            ImportTableSchemaSpec(
                schema_file=schema_file,
                added=json.dumps(added),
                content=hashlib.sha256(content).hexdigest(),
                code=code_fingerprint(__name__),
                schema=Channel(type=standard_artifacts.Schema),
            )
        )
