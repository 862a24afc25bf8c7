"""Report's work: from the artifacts of a run to `report.json` and `report.html`."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

import tensorflow as tf
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from components.publishing.reports import put_report
from pipeline.graph.report.document import REPORT_FILE, document_of
from pipeline.graph.report.page import PAGE_FILE, page
from pipeline.graph.report.source import Facts, source_of
from pipeline.graph.steps.report import INPUTS, NOT_BESIDE

_LOG = logging.getLogger(__name__)


class Executor(BaseExecutor):
    """Writes the `Report`."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Reads what the steps left by the very readers that a run's summary is made with."""
        outputs: dict[str, dict[str, Any]] = {}
        for key, artifacts in input_dict.items():
            step, output = INPUTS[key]
            outputs.setdefault(step.name, {})[output] = artifacts
        told = {
            key: value for name in ("described", "places") for key, value in json.loads(exec_properties[name]).items()
        }
        facts = Facts.model_validate(told)
        with tempfile.TemporaryDirectory() as copies:
            found = document_of(source_of(outputs, facts, Path(copies)))
        texts = {REPORT_FILE: found.to_json(), PAGE_FILE: page(found)}
        report = artifact_utils.get_single_instance(output_dict["report"])
        for name, text in texts.items():
            with fileio.open(os.path.join(report.uri, name), "w") as file:
                file.write(text)
        if facts.serving is not None and found.version is not None:
            beside = {os.path.splitext(name)[1]: text for name, text in texts.items()}
            try:
                put_report(fileio, facts.serving, found.version, beside)
            except (OSError, tf.errors.OpError) as error:  # the model is pushed, and the report is whole
                _LOG.warning("%s: no report lies beside version %d: %s", facts.serving, found.version, error)
                report.set_string_custom_property(NOT_BESIDE, str(error))
