"""A configuration as YAML, as a person writes it: what is short stands on one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

SHORT = 76  # characters of a line that holds a whole section


def config_yaml(written: Mapping[str, Any]) -> str:
    """What is written, but for defaults, and for the folders of files, which are somebody's machine.

    Args:
      written: as of `source.Facts`.
    """
    said = {key: value for key, value in written.items() if value is not None}
    data, label = said.get("data", {}), said.get("label", {})
    if "path" in data:
        said["data"] = {**data, "path": PurePosixPath(data["path"]).name}
    if "schema" in said:
        said["schema"] = PurePosixPath(said["schema"]).name
    if set(label) == {"column"}:
        said["label"] = label["column"]
    if "features" in said:
        said["features"] = {name: _feature(of) for name, of in said["features"].items()}
    return yaml.dump(said, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=120)


def _feature(said: dict[str, Any]) -> Any:
    """The kind alone, or first."""
    return said["kind"] if set(said) == {"kind"} else {"kind": said["kind"], **said}


class _Writer(yaml.SafeDumper):
    """Writes whole numbers without a point, and short sections on one line."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True

    def represent_float(self, data: float) -> yaml.ScalarNode:
        return (
            self.represent_int(int(data)) if data.is_integer() and abs(data) < 1e15 else super().represent_float(data)
        )

    def serialize(self, node: yaml.Node) -> None:
        """The whole has a line a section."""
        if isinstance(node, yaml.MappingNode):
            node.flow_style = False
        super().serialize(node)

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        found = super().represent_mapping(tag, mapping, flow_style)
        found.flow_style = _length(_inside(found)) <= SHORT
        return found

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        found = super().represent_sequence(tag, sequence, flow_style)
        found.flow_style = _length(found.value) <= SHORT
        return found


def _length(nodes: Iterable[yaml.Node]) -> float:
    """Characters of nodes on one line."""
    return sum(2 + (len(node.value) if isinstance(node, yaml.ScalarNode) else _length(_inside(node))) for node in nodes)


def _inside(node: yaml.Node) -> list[yaml.Node]:
    return [one for pair in node.value for one in pair] if isinstance(node, yaml.MappingNode) else list(node.value)


_Writer.add_representer(float, _Writer.represent_float)
