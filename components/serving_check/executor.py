"""ServingCheck's work: put the files to be pushed together, and have them checked in a fresh process."""

from __future__ import annotations

import base64
import datetime
import itertools
import json
import os
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import tensorflow as tf
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils

from components.errors import RunError
from components.ingest.counts import COUNTS_FILE, WAY_OUT, Counts
from components.linear_model.portable import MODEL_FILE, PortableModel
from components.model_gate.verdict import VERDICT_FILE, Verdict
from components.model_gate.verdict import WAY_OUT as JUDGE_AGAIN
from components.mounts import to_uri
from components.publishing.manifest import ARTIFACT_FACT, write_manifest
from components.serving_check import requests
from components.serving_check.made_rows import made_examples, made_rows, required_columns
from components.serving_check.process import CheckProcess
from components.serving_check.report import REPORT_FILE

# As TFX's InfraValidator has them.
BLESSED_FILE, NOT_BLESSED_FILE = "INFRA_BLESSED", "INFRA_NOT_BLESSED"
BLESSED, HAS_MODEL = "blessed", "has_model"
GOLDEN_ROWS = 16
GOLDEN_SPLITS = ("eval", "train")  # of the first that is there and has rows
PACKAGES = ("tfx", "tensorflow", "tensorflow-transform", "tensorflow-model-analysis", "apache-beam", "keras", "numpy")


class Executor(BaseExecutor):
    """Writes the `InfraBlessing`, with the model in it (TFX's `stamped_model`) and the check's `report.json`."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """A model that ModelGate refused is not checked, and not blessed here either.

        Raises:
          RunError: the files don't do what they must; the text says what.
        """
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        path = os.path.join(artifact_utils.get_single_uri(input_dict["verdict"]), VERDICT_FILE)
        with fileio.open(path) as file:
            verdict = Verdict.parse(file.read(), path, JUDGE_AGAIN)
        if not verdict.blessed:
            io_utils.write_string_file(os.path.join(blessing.uri, NOT_BLESSED_FILE), "refused by ModelGate")
            blessing.set_int_custom_property(BLESSED, 0)
            return
        for validated in input_dict.get("infra_blessing") or ():
            if validated.get_int_custom_property(BLESSED) != 1:
                raise RunError(
                    "TF Serving did not load the model, or did not answer (InfraValidator). Nothing was pushed. The log says why."
                )
        model = artifact_utils.get_single_instance(input_dict["model"])
        examples = _golden_examples(input_dict["examples"])
        facts = {**json.loads(exec_properties["facts"]), ARTIFACT_FACT: to_uri(model.uri)}
        facts |= _table(artifact_utils.get_single_uri(input_dict["examples"]))
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "model"
            io_utils.copy_dir(path_utils.serving_model_path(model.uri), str(folder))
            golden = _complete(folder, facts, exec_properties["code"], verdict, examples)
            report = CheckProcess.take().check(folder, golden)
            io_utils.copy_dir(str(folder), path_utils.stamped_model_path(blessing.uri))
        with fileio.open(os.path.join(blessing.uri, REPORT_FILE), "w") as file:
            file.write(report.to_json())
        io_utils.write_string_file(os.path.join(blessing.uri, BLESSED_FILE), "")
        blessing.set_int_custom_property(BLESSED, 1)
        blessing.set_int_custom_property(HAS_MODEL, 1)


def _golden_examples(artifacts: list[Any]) -> list[bytes]:
    """Real rows to compare the served model with the fit on. They stay in memory: nothing of them is pushed."""
    there = [set(artifact_utils.decode_split_names(artifact.split_names)) for artifact in artifacts]
    for split in GOLDEN_SPLITS:
        if all(split in names for names in there):
            uris = artifact_utils.get_split_uris(artifacts, split)
            files = sorted(file for uri in uris for file in fileio.glob(io_utils.all_files_pattern(uri)))
            records = tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator()
            found = list(itertools.islice(records, GOLDEN_ROWS))
            if found:
                return found
    return []


def _table(examples: str) -> dict[str, Any]:
    """The fact that says which table the model was made from; none if another ExampleGen read it."""
    path = os.path.join(examples, COUNTS_FILE)
    if not fileio.exists(path):
        return {}
    with fileio.open(path) as file:
        return {"table": Counts.parse(file.read(), path, WAY_OUT).table.model_dump()}


def _complete(
    folder: Path, facts: dict[str, Any], code: str, verdict: Verdict, examples: list[bytes]
) -> dict[str, Any]:
    """Writes the warm-up requests, of made rows alone, and the manifest. Returns the golden rows as `check.check` takes them."""
    model = PortableModel.from_text((folder / MODEL_FILE).read_text())
    real = requests.rows_of(examples, model.inputs)
    made = made_rows(model)
    of_made = made_examples(made, model, required_columns(folder))
    made, of_made = requests.sendable(made, of_made, model)
    real, examples = requests.sendable(real, examples, model)
    path = folder / requests.WARM_UP_FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for log in requests.warm_up(facts["name"], made, of_made, model):
            writer.write(log.SerializeToString(deterministic=True))
    write_manifest(
        folder,
        {
            **facts,
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "code": code,
            "verdict": {"blessed": verdict.blessed, "reasons": verdict.reasons},
            "evaluated": verdict.split,
            "metrics": verdict.metrics["overall"],
            "cross_validated": verdict.cross_validated,
            "versions": {name: metadata.version(name) for name in PACKAGES},
        },
    )
    return {
        "rows": {name: real[name] + made[name] for name in real},
        "examples": [base64.b64encode(example).decode() for example in [*examples, *of_made]],
    }
