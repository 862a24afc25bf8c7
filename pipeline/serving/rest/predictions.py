"""Predictions over REST: from a JSON body to a JSON body."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from pipeline.serving.dtypes import Array
from pipeline.serving.errors import RequestError
from pipeline.serving.json.answers import format_classify, format_predict, format_regress
from pipeline.serving.json.examples import parse_classify, parse_regress
from pipeline.serving.json.predict import parse_predict
from pipeline.serving.limits import check_rows
from pipeline.serving.models import predictor
from pipeline.serving.models.manager import ModelManager
from pipeline.serving.models.servable import Servable
from pipeline.serving.models.served_version import ServedVersion
from pipeline.serving.models.terms import Terms
from pipeline.serving.rest.path import Route

if TYPE_CHECKING:
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef


class RequestedModel(Mapping[str, "SignatureDef"]):
    """The signatures of the model that a request is for; looked up when the first is asked for, once for the whole request.

    TF Serving says that a body is no JSON before it says that there is no such model.
    """

    def __init__(self, manager: ModelManager, route: Route) -> None:
        self._manager = manager
        self._route = route
        self._held: tuple[Servable, ServedVersion] | None = None

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

    def __getitem__(self, name: str) -> SignatureDef:
        return self.servable.signatures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.servable.signatures)

    def __len__(self) -> int:
        return len(self.servable.signatures)


def _same(array: Array) -> Array:
    return array


def _predict(model: RequestedModel, body: bytes, terms: Terms) -> bytes:
    call = parse_predict(body, model)
    terms.check()
    check_rows(max((len(array) for array in call.inputs.values() if array.ndim), default=1), terms.max_rows)
    outputs = predictor.predict(model.servable, call.signature, call.inputs, _same)
    terms.check()
    return format_predict(outputs, call.row_format)


def _regress(model: RequestedModel, body: bytes, terms: Terms) -> bytes:
    call = parse_regress(body, model, model.example_types, terms.max_rows, terms.max_bytes)
    terms.check()
    values = predictor.regress(model.servable, call.signature, call.examples)
    terms.check()
    return format_regress(values)


def _classify(model: RequestedModel, body: bytes, terms: Terms) -> bytes:
    call = parse_classify(body, model, model.example_types, terms.max_rows, terms.max_bytes)
    terms.check()
    found = predictor.classify(model.servable, call.signature, call.examples)
    terms.check()
    return format_classify(*found)


PREDICTIONS: dict[str, Callable[[RequestedModel, bytes, Terms], bytes]] = {
    "predict": _predict,
    "regress": _regress,
    "classify": _classify,
}


def answer_prediction(manager: ModelManager, route: Route, body: bytes, terms: Terms) -> bytes:
    """The JSON answer to the JSON body of a prediction.

    Args:
      manager: the models.
      route: of one of the methods in `PREDICTIONS`.
      body: of the request.
      terms: that it keeps.

    Raises:
      RequestError: the request can't be answered.
    """
    model = RequestedModel(manager, route)
    try:
        return PREDICTIONS[route.method](model, body, terms)
    finally:
        model.release()
