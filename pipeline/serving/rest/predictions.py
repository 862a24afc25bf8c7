"""Predictions over REST: from a JSON body to a JSON body."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipeline.serving.errors import RequestError
from pipeline.serving.json import tensor as json_tensor
from pipeline.serving.models import predictor
from pipeline.serving.models.manager import Manager
from pipeline.serving.models.servable import Servable
from pipeline.serving.models.tensors import Array
from pipeline.serving.models.version import Version
from pipeline.serving.rest.path import Route


class Target(Mapping[str, Any]):
    """The signatures of the model that a request is for; looked up when the first is asked for, once for the whole request.

    TF Serving says that a body is no JSON before it says that there is no such model.
    """

    def __init__(self, manager: Manager, route: Route) -> None:
        self._manager = manager
        self._route = route
        self._held: tuple[Servable, Version] | None = None

    @property
    def servable(self) -> Servable:
        """The model. Raises RequestError if it is not served."""
        if self._held is None:
            self._held = self._manager.acquire(self._route.name, self._route.version, self._route.label)
        return self._held[0]

    def example_types(self) -> Mapping[bytes, int]:
        """What the model parses the features of tf.Examples as; nothing of a model that is not served, which is said later."""
        try:
            return self.servable.example_types
        except RequestError:
            return {}

    def release(self) -> None:
        """Ends the use of the model."""
        if self._held is not None:
            self._held[1].release()

    def __getitem__(self, name: str) -> Any:
        return self.servable.signatures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.servable.signatures)

    def __len__(self) -> int:
        return len(self.servable.signatures)


def _same(array: Array) -> Array:
    return array


def _predict(target: Target, body: bytes) -> bytes:
    call = json_tensor.parse_predict(body, target)
    outputs = predictor.predict(target.servable, call.signature, call.inputs, _same)
    return json_tensor.format_predict(outputs, call.row_format)


def _regress(target: Target, body: bytes) -> bytes:
    call = json_tensor.parse_regress(body, target, target.example_types)
    return json_tensor.format_regress(predictor.regress(target.servable, call.signature, call.examples))


def _classify(target: Target, body: bytes) -> bytes:
    call = json_tensor.parse_classify(body, target, target.example_types)
    return json_tensor.format_classify(*predictor.classify(target.servable, call.signature, call.examples))


PREDICTIONS: dict[str, Callable[[Target, bytes], bytes]] = {
    "predict": _predict,
    "regress": _regress,
    "classify": _classify,
}


def answer(manager: Manager, route: Route, body: bytes) -> bytes:
    """The JSON answer to the JSON body of a prediction.

    Args:
      manager: the models.
      route: of one of the methods in `PREDICTIONS`.
      body: of the request.

    Raises:
      RequestError: the request can't be answered.
    """
    target = Target(manager, route)
    try:
        return PREDICTIONS[route.method](target, body)
    finally:
        target.release()
