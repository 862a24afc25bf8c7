"""Which models are served, from where, and which of their versions: TF Serving's ModelServerConfig."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from google.protobuf import text_format
from tensorflow_serving.config.file_system_storage_path_source_pb2 import FileSystemStoragePathSourceConfig
from tensorflow_serving.config.model_server_config_pb2 import TENSORFLOW, ModelConfig, ModelServerConfig

from components.errors import ConfigError
from components.publishing.versions import parse_version
from pipeline.serving.errors import RequestError, invalid

PLATFORM = "tensorflow"


@dataclasses.dataclass(frozen=True)
class VersionPolicy:
    """Which versions are to be served.

    Attributes:
      latest: how many of the highest that can be loaded, at least 1; ignored if one of the others is set.
      specific: these, as far as they are there.
      every: all that are there.
    """

    latest: int = 1
    specific: Sequence[int] | None = None
    every: bool = False

    def choose(self, found: Mapping[int, Path], broken: Collection[int] = ()) -> dict[int, Path]:
        """Those of the versions found that are to be served.

        Args:
          found: folders by version.
          broken: those that can't be loaded. They are chosen all the same, and `latest` chooses as many below them.
        """
        if self.specific is not None:
            chosen = [version for version in found if version in self.specific]
        elif self.every:
            chosen = list(found)
        else:
            chosen, whole = [], 0
            for version in sorted(found, reverse=True):
                if whole < max(self.latest, 1):
                    chosen.append(version)
                    whole += version not in broken
        return {version: found[version] for version in sorted(chosen)}


@dataclasses.dataclass(frozen=True)
class ServedModel:
    """A model to be served.

    Attributes:
      name: as callers name it.
      base_path: the folder whose children are its versions.
      policy: which of them are served.
      labels: versions by label.
    """

    name: str
    base_path: Path
    policy: VersionPolicy = VersionPolicy()
    labels: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def find(self) -> dict[int, Path] | None:
        """Folders of all versions, by version; None if the base path can't be read."""
        try:
            names = sorted(os.listdir(self.base_path))
        except OSError:
            return None
        found: dict[int, Path] = {}
        for name in names:
            version = parse_version(name)
            if version is not None:
                found[version] = self.base_path / name  # of two names of one number the last is taken
        return found


def from_proto(config: ModelServerConfig) -> list[ServedModel]:
    """The models of a ModelServerConfig.

    Raises:
      RequestError: it is not valid, in TF Serving's words.
    """
    kind = config.WhichOneof("config")
    if kind != "model_config_list":
        raise invalid(
            "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported"
        )
    models: dict[str, ServedModel] = {}
    for entry in config.model_config_list.config:
        if entry.name in models:
            raise invalid(f"Illegal to list model {entry.name} multiple times in config list")
        models[entry.name] = ServedModel(
            entry.name, Path(entry.base_path), _policy(entry.model_version_policy), dict(entry.version_labels)
        )
    for entry in config.model_config_list.config:
        if not os.path.isabs(entry.base_path):
            raise invalid(
                f"Expected model {entry.name} to have an absolute path or URI; got base_path()={entry.base_path}"
            )
    for entry in config.model_config_list.config:
        _check_platform(entry)
    return list(models.values())


def _policy(
    policy: FileSystemStoragePathSourceConfig.ServableVersionPolicy,
) -> VersionPolicy:
    kind = policy.WhichOneof("policy_choice")
    if kind == "specific":
        return VersionPolicy(specific=tuple(policy.specific.versions))
    if kind == "all":
        return VersionPolicy(every=True)
    return VersionPolicy(latest=max(policy.latest.num_versions, 1))


def _check_platform(entry: ModelConfig) -> None:
    platform = entry.model_platform
    if entry.model_type:
        if platform:
            raise invalid(
                "Illegal setting both ModelServerConfig::model_type (deprecated) "
                f"and ModelServerConfig::model_platform, model name is {entry.name}"
            )
        if entry.model_type != TENSORFLOW:
            raise invalid(f"ModelServerConfig::model_type choice {entry.model_type} not supported.")
        platform = PLATFORM
    if not platform:
        raise invalid(
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor "
            f"ModelServerConfig::model_platform, model name is {entry.name}"
        )
    if platform != PLATFORM:
        raise invalid(f"Model {entry.name} requests unsupported platform {platform}")


def parse_config(path: Path) -> ModelServerConfig:
    """What a `models.config` says.

    Raises:
      ConfigError: it can't be read, or names no model.
    """
    try:
        config = text_format.Parse(path.read_text(), ModelServerConfig())
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise ConfigError(
            f"{path}: not readable as TF Serving's ModelServerConfig: {error}. Correct the file."
        ) from error
    if not config.WhichOneof("config"):
        raise ConfigError(f"{path}: expected a model_config_list; the file names no model. Add one.")
    return config


def read_config(path: Path, base_paths: Mapping[str, Path] | None = None) -> list[ServedModel]:
    """The models of a `models.config`.

    Args:
      path: the file, a ModelServerConfig as text. A relative base path in it is one beside it.
      base_paths: base paths to take, by model, instead of those in the file: it may have been written for a container.

    Raises:
      ConfigError: it can't be read, or is not valid.
    """
    config = parse_config(path)
    for entry in config.model_config_list.config:
        if not entry.name or not entry.base_path:
            raise ConfigError(
                f"{path}: expected a name and a base_path of every model; got name {entry.name!r} and base_path "
                f"{entry.base_path!r}. Correct the file."
            )
        chosen = (base_paths or {}).get(entry.name, path.parent / entry.base_path)
        entry.base_path = str(chosen.absolute())
    try:
        return from_proto(config)
    except RequestError as error:
        raise ConfigError(f"{path}: {error.message.rstrip('.')}. Correct the file.") from error


def to_proto(models: Sequence[ServedModel]) -> ModelServerConfig:
    """The ModelServerConfig of models."""
    config = ModelServerConfig()
    for model in models:
        entry = config.model_config_list.config.add(
            name=model.name, base_path=str(model.base_path.absolute()), model_platform=PLATFORM
        )
        if model.policy.specific is not None:
            entry.model_version_policy.specific.versions.extend(model.policy.specific)
        elif model.policy.every:
            entry.model_version_policy.all.SetInParent()
        elif model.policy.latest > 1:
            entry.model_version_policy.latest.num_versions = model.policy.latest
        for label, version in model.labels.items():
            entry.version_labels[label] = version
    return config
