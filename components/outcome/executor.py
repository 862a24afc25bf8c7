"""Outcome's work: the verdict, as an error where it is a refusal."""

from __future__ import annotations

import os
from typing import Any

from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from components.errors import RefusedError
from components.model_gate.verdict import VERDICT_FILE, WAY_OUT, Verdict


class Executor(BaseExecutor):
    """Writes nothing."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Reads `verdict.json`.

        Raises:
          RefusedError: the model was refused.
        """
        del output_dict, exec_properties
        path = os.path.join(artifact_utils.get_single_instance(input_dict["verdict"]).uri, VERDICT_FILE)
        with fileio.open(path) as file:
            verdict = Verdict.parse(file.read(), path, WAY_OUT)
        if not verdict.blessed:
            raise RefusedError(verdict.reasons)
