"""The life of one version of a model: found, loading, ready, unloading, gone; and which step comes next.

One difference from TF Serving: a version that can't be loaded is in the state END, with the reason, at once. TF Serving says
LOADING until the last of its tries has failed, for five minutes, and keeps the reason in its log.
"""

from __future__ import annotations

import dataclasses
import enum
import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from pipeline.serving.errors import Code, RequestError
from pipeline.serving.models.servable import Servable

LoadVersion = Callable[[str, int, Path], Servable]
StateName = Literal["START", "LOADING", "AVAILABLE", "UNLOADING", "END"]
_LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class VersionStatus:
    """What callers are told of a version.

    Attributes:
      version: its number.
      state: TF Serving's ModelVersionStatus.State.
      code: OK, or why it could not be loaded.
      message: the same in words.
    """

    version: int
    state: StateName
    code: Code | Literal["OK"] = "OK"
    message: str = ""


class VersionState(enum.Enum):
    """Where a version is in its life."""

    NEW = enum.auto()
    READY = enum.auto()
    UNLOADING = enum.auto()
    GONE = enum.auto()
    ERROR = enum.auto()


class ServedVersion:
    """A version that is wanted, or was.

    Attributes:
      number: its number.
      path: its folder.
      wanted: whether the policy wants it served.
      state: where it is in its life.
      broken: whether loading it failed, the last time that it was tried.
      failures: how often loading it failed.
      failed: when it failed last, by the monotonic clock.
      reason: why, for a person.
    """

    def __init__(self, model: str, number: int, path: Path, publish: Callable[[str, VersionStatus], None]) -> None:
        self.model = model
        self.number = number
        self.path = path
        self.wanted = True
        self.state = VersionState.NEW
        self.broken = False
        self.failures = 0
        self.failed = 0.0
        self.reason = ""
        self.servable: Servable | None = None
        self._publish = publish
        self._users = 0
        self._lock = threading.Lock()
        self._stamp: object = None
        publish(model, VersionStatus(number, "START"))

    def load(self, load: LoadVersion, clock: Callable[[], float]) -> None:
        """Loads it: READY or ERROR afterwards. Never raises."""
        self._publish(self.model, VersionStatus(self.number, "LOADING"))
        self._stamp = _stamp(self.path)
        try:
            self.servable = load(self.model, self.number, self.path)
        except RequestError as error:
            self._fail(error, clock())
        except Exception as error:  # noqa: BLE001 - a version of whatever content must not end the loading of others
            _LOG.exception("%s: loading failed", self.path)
            self._fail(RequestError("INTERNAL", f"{type(error).__name__}: {error}"), clock())
        else:
            self._users = 1
            self.state = VersionState.READY
            self.broken = False
            _LOG.info("%s: version %d is loaded", self.model, self.number)

    def available(self) -> None:
        """Says that it is served."""
        self._publish(self.model, VersionStatus(self.number, "AVAILABLE"))

    def _fail(self, error: RequestError, now: float) -> None:
        self.state = VersionState.ERROR
        self.broken = True
        self.failures += 1
        self.failed = now
        self.reason = error.message
        _LOG.error("%s: version %d can't be loaded: %s", self.model, self.number, error.message)
        self._publish(self.model, VersionStatus(self.number, "END", error.code, error.message))

    def changed(self) -> bool:
        """Whether its files changed since it was loaded last."""
        return _stamp(self.path) != self._stamp

    def acquire(self) -> Servable | None:
        """Keeps it loaded until `release`; None if it is unloaded already."""
        with self._lock:
            if self._users == 0:
                return None
            self._users += 1
            return self.servable

    def release(self) -> None:
        """Ends a use; the last one frees the model."""
        with self._lock:
            self._users -= 1
            if self._users:
                return
            servable, self.servable = self.servable, None
        if servable is not None:
            servable.close()
        self.state = VersionState.GONE
        self._publish(self.model, VersionStatus(self.number, "END"))
        _LOG.info("%s: version %d is unloaded", self.model, self.number)

    def unload(self) -> None:
        """Frees the model as soon as nobody uses it."""
        self.state = VersionState.UNLOADING
        self._publish(self.model, VersionStatus(self.number, "UNLOADING"))
        self.release()


def _stamp(path: Path) -> object:
    """Changes when a file below a folder does."""
    try:
        found = []
        for folder, _, names in os.walk(path):
            for name in names:
                info = os.stat(os.path.join(folder, name))
                found.append((folder, name, info.st_size, info.st_mtime_ns))
        return sorted(found)
    except OSError as error:
        return str(error)


def next_step(versions: Iterable[ServedVersion]) -> tuple[Literal["load", "unload"], ServedVersion] | None:
    """What to do next with a model's versions so that one is always served: TF Serving's AvailabilityPreservingPolicy.

    What is not wanted is unloaded, but the last one only after a wanted one is ready; of new ones the highest is loaded first.
    """
    known = list(versions)
    wanted = [version for version in known if version.wanted]
    surplus = [version for version in known if not version.wanted and version.state is VersionState.READY]
    wanted_ready = any(version.state is VersionState.READY for version in wanted)
    if surplus and (not wanted or wanted_ready or len(surplus) > 1):
        return "unload", min(surplus, key=lambda version: version.number)
    new = [version for version in wanted if version.state is VersionState.NEW]
    return ("load", max(new, key=lambda version: version.number)) if new else None
