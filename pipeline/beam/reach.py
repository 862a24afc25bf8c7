"""What can be known of an engine on other machines before a job is sent to it: whether it answers, and what its workers can see."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Mapping, Sequence

from components.errors import ConfigError, RunError

CONNECT_SECONDS = 5.0


def split(address: str) -> tuple[str, int]:
    """Host and port of `host:port`, whatever scheme is before it."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    return host, int(port)


def check_listening(address: str, key: str, what: str) -> None:
    """Looks whether anything listens.

    Args:
      address: host:port.
      key: of the configuration, that says it.
      what: listens there.

    Raises:
      RunError: nothing does.
    """
    host, port = split(address)
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise RunError(
            f"{key}: {what} doesn't answer at {host}:{port}: {why}. Start it, or correct the address."
        ) from error


def check_seen(places: Mapping[str, str], shared: Sequence[str], address: str) -> None:
    """Looks whether an engine's workers can see what they are to read and write: they are told paths, and mount nothing.

    Args:
      places: paths by what they are called.
      shared: folders that every worker has.
      address: host:port of the engine; on this machine, all is seen.

    Raises:
      ConfigError: a place lies on this machine alone, or a shared folder is not there.
    """
    for folder in shared:
        if not os.path.isdir(folder):
            raise ConfigError(
                f"beam.shared: {folder} is no folder here. Mount it on this machine too, at the same path."
            )
    if is_here(split(address)[0]):
        return
    for name, path in places.items():
        if "://" not in path and not any(_is_below(path, folder) for folder in shared):
            listed = ", ".join(shared) or "none"
            raise ConfigError(
                f"{name} {path}: the engine's workers, by {address}, must see it at the same path, and it lies in no "
                f"folder that they share (beam.shared: {listed}). Move it to a folder that every worker has mounted, "
                "and name that in beam.shared."
            )


def is_here(host: str) -> bool:
    """Whether a host's name or address is one of this machine's own loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_below(path: str, folder: str) -> bool:
    return os.path.commonpath([os.path.realpath(path), os.path.realpath(folder)]) == os.path.realpath(folder)
