"""The models that are served: finds their versions, loads, swaps and unloads them, and hands them to requests."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from components.errors import RunError
from components.publishing.manifest import verify_if_signed
from pipeline.serving.errors import RequestError, invalid
from pipeline.serving.models import warmup
from pipeline.serving.models.servable import Servable
from pipeline.serving.models.served_version import LoadVersion, ServedVersion, VersionState, VersionStatus, next_step
from pipeline.serving.models.server_config import ServedModel

RETRIES, RETRY_SECONDS = 5, 60.0  # TF Serving's --max_num_load_retries and --load_retry_interval_micros
MOST_ENDED = 100  # ended versions of a model whose status is remembered
_LOG = logging.getLogger(__name__)


def load_version(name: str, version: int, path: Path) -> Servable:
    """Verifies a version's manifest, loads it and replays its warm-up requests.

    One that somebody else put there without a manifest is loaded as TF Serving loads it, and the log says so.

    Raises:
      RequestError: any of these failed.
    """
    try:
        signed = verify_if_signed(path)
    except RunError as error:
        raise RequestError("INTERNAL", str(error)) from error
    servable = Servable.load(name, version, path)
    try:
        warmup.replay(servable, path)
    except BaseException:
        servable.close()
        raise
    if not signed:
        _LOG.warning("%s: has no manifest.json, so that nobody knows whether its files are what was published", path)
    return servable


def _sentence(name: str, version: int, reason: str) -> str:
    return f"{name}: version {version} can't be loaded: {' '.join(reason.split())}"


class ModelManager:
    """Serves versions of models, and keeps them as the folders and the configuration say.

    One thread looks at the folders and loads; requests go on meanwhile, and each keeps its version until it is answered.

    Args:
      served: the models.
      poll_seconds: between two looks at the folders.
      loader: loads a version.
      retry_seconds: after which a version that could not be loaded is tried again, if its files don't change before.
      failed: is told of each try that fails: the model, and a line for the operator.

    Attributes:
      generation: rises whenever other versions are served than before.
    """

    def __init__(
        self,
        served: Sequence[ServedModel],
        poll_seconds: float = 0.25,
        loader: LoadVersion = load_version,
        retry_seconds: float = RETRY_SECONDS,
        failed: Callable[[str, str], None] = lambda *_: None,
    ) -> None:
        self._models = {model.name: model for model in served}
        # At the start a label may name what is not loaded yet, as with --allow_version_labels_for_unavailable_models.
        self._labels: Mapping[str, Mapping[str, int]] = {model.name: model.labels for model in served}
        self._poll_seconds = poll_seconds
        self._load = loader
        self._retry_seconds = retry_seconds
        self._failed = failed
        self._versions: dict[str, dict[int, ServedVersion]] = {}
        self._serving: dict[str, dict[int, ServedVersion]] = {}  # replaced, never changed
        self._broken: dict[str, dict[int, str]] = {}  # replaced, never changed
        self._missing: set[str] = set()  # models of which no version was found; replaced, never changed
        self.generation = 0
        self._states: dict[str, dict[int, VersionStatus]] = {}
        self._unreadable: set[str] = set()  # base paths of these, of which the log says so already
        self._states_lock = threading.Lock()
        self._work = threading.RLock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="versions", daemon=True)

    def start(self) -> None:
        """Loads what is there, whether it works or not, and goes on looking."""
        self.poll()
        self._thread.start()

    def stop(self) -> None:
        """Ends the looking, and unloads everything that no request uses."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()
        with self._work:
            self._models = {}
            self.poll()

    def _run(self) -> None:
        while not self._stopped.wait(self._poll_seconds):
            try:
                self.poll()
            except Exception:  # noqa: BLE001 - the next look may go well, and nobody else would look
                _LOG.exception("looking for versions failed")

    def poll(self) -> None:
        """Looks at the folders once, and loads and unloads until all is as it should be."""
        with self._work:
            found = self._find()
            for name, there in found.items():
                self._retry(name, there)
            while True:  # what could be loaded decides what else is wanted
                for name, there in found.items():
                    self._want(name, there)
                if not self._step():
                    break
            self._broken = {
                name: {number: known[number].reason for number in sorted(known) if known[number].broken}
                for name, known in self._versions.items()
            }
            self._missing = {name for name in self._models if not self._versions.get(name)}

    def _find(self) -> dict[str, Mapping[int, Path]]:
        """The folders of all versions by model, but for base paths that can't be read: those change nothing."""
        found: dict[str, Mapping[int, Path]] = {}
        for name in sorted({*self._models, *self._versions}):
            model = self._models.get(name)
            there = model.find() if model else {}
            if there is not None:
                self._unreadable.discard(name)
                found[name] = there
            elif model and name not in self._unreadable:
                self._unreadable.add(name)
                _LOG.warning("Could not find base path %s for servable %s", model.base_path, name)
        return found

    def _retry(self, name: str, found: Mapping[int, Path]) -> None:
        """Has versions tried again that could not be loaded, if it is time."""
        for number, version in self._versions.get(name, {}).items():
            if number in found and version.state is VersionState.ERROR and self._try_again(version):
                version.path = found[number]
                version.state = VersionState.NEW

    def _want(self, name: str, found: Mapping[int, Path]) -> None:
        """Decides which versions of a model are to be served."""
        known = self._versions.setdefault(name, {})
        model = self._models.get(name)
        broken = {number for number, version in known.items() if version.broken}
        chosen = model.policy.choose(found, broken) if model else {}
        for number, version in list(known.items()):
            version.wanted = number in chosen and version.state is not VersionState.UNLOADING
            idle = version.state in (VersionState.NEW, VersionState.ERROR)
            if version.state is VersionState.GONE or (idle and not version.wanted):
                del known[number]
        for number, path in chosen.items():
            if number not in known:
                known[number] = ServedVersion(name, number, path, self._publish)
        if not known:
            del self._versions[name]

    def _try_again(self, version: ServedVersion) -> bool:
        if version.changed():
            version.failures = 0
            return True
        return version.failures <= RETRIES and time.monotonic() - version.failed >= self._retry_seconds

    def _step(self) -> bool:
        """One step of one model, if there is one to do; whether there was."""
        for known in self._versions.values():
            step = next_step(known.values())
            if step is None:
                continue
            action, version = step
            if action == "load":
                version.load(self._load, time.monotonic)
                if version.state is VersionState.READY:
                    self._serve()
                    version.available()
                else:
                    self._failed(version.model, _sentence(version.model, version.number, version.reason))
            else:
                version.state = VersionState.UNLOADING
                self._serve()
                version.unload()
            return True
        return False

    def _serve(self) -> None:
        self.generation += 1
        self._serving = {
            name: {number: known[number] for number in sorted(known) if known[number].state is VersionState.READY}
            for name, known in self._versions.items()
        }

    def _publish(self, name: str, status: VersionStatus) -> None:
        with self._states_lock:
            states = self._states.setdefault(name, {})
            states[status.version] = status
            ended = sorted(number for number, other in states.items() if other.state == "END")
            for number in ended[:-MOST_ENDED]:
                del states[number]

    def acquire(
        self, name: str, version: int | None = None, label: str | None = None
    ) -> tuple[Servable, ServedVersion]:
        """A loaded version; it stays loaded until `release` is called on the second of what is returned.

        Args:
          name: of the model.
          version: None for the highest that is loaded.
          label: of a version, instead of its number.

        Raises:
          RequestError: there is none, or no such label.
        """
        if not name:
            raise invalid("ModelSpec has no name specified.")
        if label is not None:
            version = self._labels.get(name, {}).get(label)
            if version is None:
                raise invalid(f"Unrecognized servable version label: {label}")
        while True:
            serving = self._serving.get(name) or {}
            found = next(reversed(serving.values()), None) if version is None else serving.get(version)
            if found is None:
                what = f"Latest({name})" if version is None else f"Specific({name}, {version})"
                raise RequestError("NOT_FOUND", f"Servable not found for request: {what}")
            servable = found.acquire()
            if servable is not None:  # else it was unloaded between the look-up and now
                return servable, found

    @contextlib.contextmanager
    def servable(self, name: str, version: int | None = None, label: str | None = None) -> Iterator[Servable]:
        """A loaded version, kept for the time of the block. Takes and raises what `acquire` does."""
        servable, holder = self.acquire(name, version, label)
        try:
            yield servable
        finally:
            holder.release()

    def statuses(self, name: str, version: int | None = None) -> list[VersionStatus]:
        """What is known of a model's versions, the highest first, or of one of them.

        Raises:
          RequestError: nothing is known.
        """
        states = self.known(name)
        if version is not None:
            found = [status for status in states if status.version == version]
            if not found:
                raise RequestError("NOT_FOUND", f"Could not find version {version} of model {name}")
            return found
        if not states:
            raise RequestError("NOT_FOUND", f"Could not find any versions of model {name}")
        return states

    def known(self, name: str) -> list[VersionStatus]:
        """What is known of a model's versions, the highest first; empty for nothing."""
        with self._states_lock:
            states = dict(self._states.get(name, {}))
        return [states[number] for number in sorted(states, reverse=True)]

    def broken(self) -> dict[str, dict[int, str]]:
        """Which versions should be served and can't be loaded, and why, of each model of the configuration."""
        return {name: dict(self._broken.get(name, {})) for name in self._models}

    def reasons(self) -> dict[str, list[str]]:
        """Why not all is served that should be: lines for the operator, by model; empty if all is."""
        said = {
            name: [_sentence(name, number, reason) for number, reason in versions.items()]
            for name, versions in self.broken().items()
        }
        for name, model in self._models.items():
            if name in self._missing:
                said[name] = [f"{name}: no version to serve was found in {model.base_path}"]
        return {name: lines for name, lines in said.items() if lines}

    def can_be_asked(self) -> bool:
        """Whether any model has a loaded version."""
        return any(self.available().values())

    def available(self) -> dict[str, list[int]]:
        """Loaded versions of each model of the configuration, lowest first; an empty list for a model that has none."""
        return {name: list(self._serving.get(name, {})) for name in self._models}

    def serve(self, served: Sequence[ServedModel]) -> None:
        """Serves these models and no others, and waits until it does.

        Raises:
          RequestError: one gives a label to a version that is not loaded, or a new one can't be loaded.
        """
        self.check_labels(served)
        self.replace(served)

    def check_labels(self, served: Sequence[ServedModel]) -> None:
        """Raises a RequestError if a model gives a label to a version that is not loaded."""
        for model in served:
            for number in model.labels.values():
                if number not in self._serving.get(model.name, {}):
                    raise RequestError(
                        "FAILED_PRECONDITION",
                        f"Request to assign label to version {number} of model {model.name}, "
                        "which is not currently available for inference",
                    )

    def replace(self, served: Sequence[ServedModel]) -> None:
        """The same, but that a label may name a version that is not loaded, as at the start.

        Raises:
          RequestError: a new one can't be loaded; the others are served.
        """
        with self._work:
            added = [model.name for model in served if model.name not in self._models]
            self._models = {model.name: model for model in served}
            self._labels = {model.name: model.labels for model in served}
            self.poll()
            missing = [name for name in added if not self._serving.get(name)]
        if missing:
            reasons = "".join(self._reason(name) + ", " for name in missing)
            raise RequestError("INTERNAL", f"{len(missing)} model(s) did not become available: {{{reasons}}}")

    def _reason(self, name: str) -> str:
        with self._states_lock:
            failed = [status for status in self._states.get(name, {}).values() if status.code != "OK"]
        if not failed:
            return f"{{name: {name} version: none found}}"
        status = max(failed, key=lambda status: status.version)
        return f"{{{{name: {name} version: {status.version}}} due to error: {status.code}: {status.message}}}"
