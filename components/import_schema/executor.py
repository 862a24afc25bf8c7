"""ImportTableSchema's work: a schema file, with the columns that ingest adds put in."""

from __future__ import annotations

import json
import os
from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.schema_gen import executor as schema_gen
from tfx.components.schema_gen.import_schema_gen import executor
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils


class Executor(executor.Executor):
    """Writes the `Schema`."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Copies the file, then adds the columns that it does not name."""
        super().Do(input_dict, output_dict, exec_properties)
        uri = artifact_utils.get_single_uri(output_dict[standard_component_specs.SCHEMA_KEY])
        path = os.path.join(uri, schema_gen.DEFAULT_FILE_NAME)
        schema = io_utils.SchemaReader().read(path)
        known = {feature.name for feature in schema.feature}
        for name in json.loads(exec_properties["added"]):
            if name not in known:
                schema.feature.add(name=name, type=schema_pb2.INT, presence=schema_pb2.FeaturePresence(min_count=1))
        io_utils.write_pbtxt_file(path, schema)
