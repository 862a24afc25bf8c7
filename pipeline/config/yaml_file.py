"""Reads a YAML file that a person wrote: strictly, and so that nothing in it can hang or crash the reader."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from components.errors import ConfigError

MOST_BYTES = 1 << 20
MOST_NODES = 100_000  # aliases written out
DEEPEST = 50

_MERGE = "tag:yaml.org,2002:merge"


def read_yaml(path: Path) -> Any:
    """The value that a file holds.

    A key that stands twice is an error, not a silent overwrite. Scalars are those of YAML 1.2: `1e-3` is a number, and `no`, `on`,
    `007` and `12:30` are texts. A key is always a text, so a column may be called `2010` or `true`. What looks like a date stays a
    text: whoever reads the value knows whether a date was meant.

    Raises:
      ConfigError: the file can't be read, or is not YAML that a configuration may be; the text names file, line and rule.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: can't read the configuration: {error.strerror or error}.") from error
    if len(content) > MOST_BYTES:
        raise ConfigError(
            f"{path}: the file is larger than 1 MB, and a configuration has a few kilobytes. Name the configuration, not the table."
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: not UTF-8: {error.reason}. Save the file as UTF-8 text.") from error
    try:
        _check_depth(text)
        return _load(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(
            f"{path}, line {line}: not valid YAML: the character U+{ord(text[error.position]):04X} may not stand in it. Remove it."
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        said = " ".join(f"{error.context or ''} {error.problem or ''}".split())
        raise ConfigError(f"{path}{where}: not valid YAML: {said}. Mend that line.") from error


def _refusal(rule: str, place: yaml.Node | yaml.Event) -> yaml.MarkedYAMLError:
    mark: Any = place.start_mark
    return yaml.MarkedYAMLError(problem=rule, problem_mark=mark)


def _check_depth(text: str) -> None:
    """Without recursion, as everything after it recurses."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise _refusal(f"nested more than {DEEPEST} deep", event)


def _load(text: str) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _measure(node, {})
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _measure(node: yaml.Node, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Nodes and depth of a tree with its aliases written out; each node is looked at once."""
    if isinstance(node, yaml.ScalarNode):
        return 1, 0
    if id(node) in known:
        if not known[id(node)][0]:
            raise _refusal("an alias that holds itself", node)
        return known[id(node)]
    known[id(node)] = 0, 0  # begun
    children = [child for pair in node.value for child in pair] if isinstance(node, yaml.MappingNode) else node.value
    below = [_measure(child, known) for child in children]
    count, depth = 1 + sum(nodes for nodes, _ in below), 1 + max((deep for _, deep in below), default=0)
    if count > MOST_NODES or depth > DEEPEST:
        rule = f"its aliases stand for more than {MOST_NODES:,} values, or for more than {DEEPEST} levels"
        raise _refusal(f"{rule}; write out what is meant", node)
    known[id(node)] = count, depth
    return count, depth


class _Loader(yaml.SafeLoader):
    """Safe YAML with keys that stand once, texts for dates, and a line for whatever a scalar can't be."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
            tag = node.tag.rpartition(":")[2]
            value = f" {node.value[:50]!r}" if isinstance(node, yaml.ScalarNode) else ""
            raise _refusal(f"expected a value of type {tag}; received{value or ' something else'}", node) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise _refusal("a key must be a text; received a list or a mapping", key_node)
            if key_node.tag in _SCALARS:
                key_node.tag = _TEXT
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise _refusal(f"the key {key!r} stands twice", key_node)
            seen.add(key)
        return super().construct_mapping(node, deep)


_TEXT = "tag:yaml.org,2002:str"
_RESOLVERS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "merge": (r"<<", "<"),
}
_SCALARS = {f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "null")}
_Loader.yaml_implicit_resolvers = {}
for _kind, (_pattern, _first) in _RESOLVERS.items():
    # A number that begins with zeros (a ZIP code) is a text.
    _whole = re.compile(rf"^(?:{_pattern})$" if _kind != "float" else rf"^(?![-+]?0[0-9])(?:{_pattern})$")
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", _whole, list(_first))
