"""What clusters and clouds take as an image, an artifact's address, a pipeline root, a label, and as a compiled pipeline's file."""

from __future__ import annotations

import re
from pathlib import Path

from components.errors import ConfigError

ROOT_SCHEMES = {"kubeflow": ("gs", "s3", "minio"), "vertex": ("gs",)}
ARTIFACT = re.compile(r"(gs|s3|minio)://[^/\s]+/[^\s]*[^/\s]")
ADDRESS = "the address of a Model artifact, such as 'gs://bucket/path', without a '/' at its end"

_IMAGE = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?"  # registry
    r"[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*"  # repository
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?P<digest>@sha256:[0-9a-f]{64})?"
)


def check_label(name: str, text: str) -> None:
    """Raises a ValueError unless Google Cloud takes it as a label."""
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", name) or not re.fullmatch(r"[a-z0-9_-]{0,63}", text):
        raise ValueError(
            "labels are made of a-z, 0-9, '_' and '-', 63 characters at most, and a name begins with a letter. "
            f"{name}={text} is none"
        )


def check_image(image: str) -> None:
    """Raises a ConfigError unless the name of a container image says exactly which one it is."""
    rule = broken_rule(image)
    if rule is not None:
        raise ConfigError(f"--image: expected {rule}. Received {image!r}.")


def broken_rule(image: str) -> str | None:
    """What the name of an image had to be and isn't; None if it says exactly which one it is."""
    match = _IMAGE.fullmatch(image)
    if match is None:
        return "registry/repository:tag, or …@sha256:digest"
    if match["digest"] is None and match["tag"] in {None, "latest"}:
        return "a digest (@sha256:…) or an exact tag (:1.4.0), so that a run can be repeated"
    return None


def check_baseline(address: str) -> None:
    """Raises a ConfigError unless it can be the address of a Model artifact."""
    if not ARTIFACT.fullmatch(address):
        raise ConfigError(f"--baseline: expected {ADDRESS}. Received {address!r}.")


def check_pipeline_root(target: str, root: str) -> None:
    """Raises a ConfigError unless a target's orchestrator can keep artifacts there."""
    schemes = ROOT_SCHEMES[target]
    if not re.fullmatch(rf"({'|'.join(schemes)})://[^/\s]+(/[^\s]*)?", root):
        forms = " or ".join(f"{scheme}://bucket/path" for scheme in schemes)
        raise ConfigError(f"--pipeline-root: for {target} expected {forms}. Received {root!r}.")


def check_output(path: Path) -> None:
    """Raises a ConfigError unless a compiled pipeline can be written there."""
    if path.suffix not in {".yaml", ".yml"}:
        raise ConfigError(
            f"--output: expected a file that ends in .yaml: the clients take no other. Received {str(path)!r}."
        )
    if not path.parent.is_dir():
        raise ConfigError(f"--output: the folder {path.parent} does not exist. Create it, or name another file.")
