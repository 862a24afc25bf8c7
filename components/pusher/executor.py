"""The Pusher's work with our way of publishing, for `tfx.components.Pusher(custom_executor_spec=ExecutorClassSpec(Executor))`."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import Any

import tensorflow as tf
from tfx.components.pusher import executor
from tfx.dsl.io import fileio
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, json_utils, proto_utils

from components.errors import RunError
from components.internals.tfx import mark_pushed
from components.publishing.object_store import publish_remote
from components.publishing.publish import Publication, publish

SAME_CONTENT_PROPERTY = "already_published"  # 1 where the live version has this content already
_LOG = logging.getLogger(__name__)


class Executor(executor.Executor):
    """TFX's Pusher, which reads the blessings and writes `pushed_model` as ever, with a publish that survives a crash.

    Without `custom_config` it takes the place of TFX's own in any pipeline: it pushes whatever the model's folder holds, adds no
    file to it, and deletes nothing.
    """

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Publishes the model if it is blessed.

        `pushed_model` holds a copy of the model and the custom properties `pushed`, `pushed_destination` and
        `pushed_version`, as TFX has them, and `already_published` where the newest version has the same content: then the
        properties name that one.

        Args:
          input_dict: `model` or an `infra_blessing` with a model in it, `model_blessing`, `infra_blessing`.
          output_dict: `pushed_model`.
          exec_properties: `push_destination`, a file system's; `custom_config`, of which `{"keep": 5, "texts": {name: text}}`
            are taken, as `publish` takes them, and other keys are passed over.

        Raises:
          RunError: as `publish`; or the destination or a setting is none.
        """
        model_push = artifact_utils.get_single_instance(output_dict[standard_component_specs.PUSHED_MODEL_KEY])
        if not self.CheckBlessing(input_dict):
            mark_pushed(self, model_push, None, None)
            return
        source = self.GetModelPath(input_dict)
        base = _base_directory(exec_properties)
        publication = _publish(source, base, _settings(exec_properties))
        # TFX's tools look for the model in the artifact's own folder too.
        io_utils.copy_dir(source, model_push.uri)
        destination = os.path.join(base, str(publication.version))
        mark_pushed(self, model_push, destination, publication.version)
        if publication.fresh:
            _LOG.info("Published %s as version %d, %s", source, publication.version, destination)
        else:
            model_push.set_int_custom_property(SAME_CONTENT_PROPERTY, 1)
            _LOG.info("%s: already published as version %d, %s", source, publication.version, destination)
        for version in publication.deleted:
            _LOG.info("Deleted version %d from %s", version, base)


def _base_directory(exec_properties: dict[str, Any]) -> str:
    destination = pusher_pb2.PushDestination()
    proto_utils.json_to_proto(exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination)
    base = str(destination.filesystem.base_directory)
    kind = destination.WhichOneof("destination")
    if kind != "filesystem" or not base:
        raise RunError(f"push_destination: expected a filesystem with a base_directory. Received: {kind or 'nothing'}.")
    return base


def _settings(exec_properties: dict[str, Any]) -> dict[str, Any]:
    """What of `custom_config`, which TFX's Pusher hands on as JSON, is ours. Other executors' keys may lie beside it."""
    config = json_utils.loads(exec_properties.get(standard_component_specs.CUSTOM_CONFIG_KEY) or "null") or {}
    keep, texts = config.get("keep"), config.get("texts") or {}
    if keep is not None and (isinstance(keep, bool) or not isinstance(keep, int)):
        raise RunError(f"custom_config: keep: expected a whole number of versions, or none. Received: {keep!r}.")
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise RunError(f"custom_config: texts: expected texts by the name of their file. Received: {texts!r}.")
    return {"keep": keep, "texts": texts}


def _publish(source: str, base: str, settings: dict[str, Any]) -> Publication:
    if "://" in base:
        return publish_remote(fileio, source, base, failures=(OSError, tf.errors.OpError), **settings)
    if "://" not in source:
        return publish(Path(source), Path(base), **settings)
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "model")
        io_utils.copy_dir(source, copy)
        return publish(Path(copy), Path(base), **settings)
