"""DataGate's work: read what ExampleValidator found, report it, stop the run if there is anything."""

from __future__ import annotations

import os
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from components.data_gate.anomalies import describe
from components.data_gate.report import REPORT_FILE, AnomalyReport
from components.errors import DataError


class Executor(BaseExecutor):
    """Writes the `DataReport`, and raises if there are anomalies."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Reads `SchemaDiff.pb` of every split, as TFX's ExampleValidator writes it.

        Raises:
          DataError: there is an anomaly; the text names feature, rule and what was seen.
        """
        del exec_properties
        artifact = artifact_utils.get_single_instance(input_dict["anomalies"])
        found = {}
        for split in artifact_utils.decode_split_names(artifact.split_names):
            with fileio.open(os.path.join(artifact.uri, f"Split-{split}", "SchemaDiff.pb"), "rb") as file:
                found[split] = anomalies_pb2.Anomalies.FromString(file.read())
        rows = describe(found)
        report = artifact_utils.get_single_instance(output_dict["report"])
        with fileio.open(os.path.join(report.uri, REPORT_FILE), "w") as file:
            file.write(AnomalyReport(anomalies=rows).to_json())
        if rows:
            raise DataError(
                "the data do not fit the schema:\n"
                + "\n".join(f"  {row}" for row in rows)
                + "\nCorrect the table, or change the schema if these data are right."
            )
