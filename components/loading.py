"""How libraries are loaded: what no run needs, when it is used; and nothing is collected meanwhile.

What is loaded stays, and Python's collector goes through all of it again and again while it is, a third of the processor time.
"""

from __future__ import annotations

import contextlib
import gc
import heapq
import importlib
import importlib.machinery
import logging
import operator
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from types import ModuleType
from typing import Any

DEFERRED: Mapping[str, str] = {
    "google.cloud.bigquery": "Beam and TFX read and write BigQuery",
    "keras.wrappers": "Keras models as scikit-learn has them, and scikit-learn with them",
    "tfx.components.infra_validator.model_server_runners.kubernetes_runner": "InfraValidator starts pods",
    "tfx.components.infra_validator.model_server_runners.local_docker_runner": "InfraValidator starts a container",
    "tfx_bsl.public.beam": "TFX's BulkInferrer, which is no step here, and Beam's machine learning with it",
    "tfx_bsl.public.beam.run_inference": "the same",
}
"""Modules that are executed when something of them is asked for, with what they are for. Each is imported as a module, by code
that does not look into it before it is called; one that isn't installed is missing as ever."""

_PACKAGES = 12  # that are told by name
_lock = threading.RLock()
_told: list[Callable[[str], None]] = []
_spent: dict[str, float] = {}  # CPU seconds by package, of its own modules alone
_inner: list[float] = []  # CPU seconds of what the modules that are being executed have imported, the outermost first


def tell(listener: Callable[[str], None]) -> None:
    """Has `libraries` tell a listener in a few lines what was loaded, and how long it took."""
    _told.append(listener)


@contextlib.contextmanager
def libraries() -> Iterator[None]:
    """Libraries are loaded in this context; of `DEFERRED`, what is not loaded yet waits until it is used, also later."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    was_enabled, begin, modules = gc.isenabled(), time.monotonic(), len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # what is there now is gone through no more
        if was_enabled:
            gc.enable()
    for listener in _told:
        longest = heapq.nlargest(_PACKAGES, _spent.items(), key=operator.itemgetter(1))
        packages = ", ".join(f"{name} {seconds:.2f}" for name, seconds in longest)
        waiting = ", ".join(name for name in DEFERRED if isinstance(sys.modules.get(name), _Deferred)) or "none"
        listener(f"loaded {len(sys.modules) - modules:,} modules in {time.monotonic() - begin:.1f} s")
        listener(f"  CPU seconds of each package's own: {packages}")
        listener(f"  not loaded before something of them is used: {waiting}")


class _Deferred(ModuleType):
    """A module that has not been executed."""

    def __getattr__(self, name: str) -> Any:
        inner = f"{self.__name__}.{name}"
        if inner in DEFERRED:
            return importlib.import_module(inner)  # which waits too
        _execute(self)
        return getattr(self, name)


class _Waiting(Loader):
    """Leaves a module as it is."""

    def __init__(self, own: Loader) -> None:
        self.own = own

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """As ever."""
        return self.own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Leaves that for when something is asked for."""
        setattr(module, "__class__", _Deferred)  # noqa: B010 (mypy takes an assignment for a mistake)


class _Timed(Loader):
    """Executes a module, and says what that took."""

    def __init__(self, own: Loader) -> None:
        self._own = own

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """As ever."""
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As ever."""
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self._own
        _timed(self._own, module)


class _Finder(MetaPathFinder):
    """Finds modules where Python does."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """None for a module that is loaded as ever."""
        if name not in DEFERRED:
            _execute_parent(name)
            if not _told:
                return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Waiting(spec.loader) if name in DEFERRED else _Timed(spec.loader)
        return spec


def _execute_parent(name: str) -> None:
    parent = sys.modules.get(name.rpartition(".")[0])
    if isinstance(parent, _Deferred):
        _execute(parent)


def _execute(module: ModuleType) -> None:
    """Executes a module for the first time, and before it the package that it is in."""
    with _lock:
        spec = module.__spec__
        if not isinstance(module, _Deferred) or spec is None or not isinstance(spec.loader, _Waiting):
            return
        waiting = spec.loader
        _execute_parent(spec.name)
        logging.getLogger(__name__).info("%s is loaded now: something of it is used", spec.name)
        spec.loader = module.__loader__ = waiting.own
        setattr(module, "__class__", ModuleType)  # noqa: B010 (mypy takes an assignment for a mistake)
        try:
            _timed(waiting.own, module)
        except BaseException:  # whoever asks again gets the same error
            spec.loader = module.__loader__ = waiting
            waiting.exec_module(module)
            raise


def _timed(loader: Loader, module: ModuleType) -> None:
    begin = time.thread_time()
    _inner.append(0.0)
    try:
        loader.exec_module(module)
    finally:
        seconds = time.thread_time() - begin
        package = module.__name__.partition(".")[0]
        _spent[package] = _spent.get(package, 0.0) + seconds - _inner.pop()
        if _inner:
            _inner[-1] += seconds
