"""Predict over REST: a JSON body to named tensors, as TF Serving maps them.

Bodies as clients send them are parsed straight into the inputs' types (`typed`). Others are parsed as any JSON and read whole
columns at a time (`columns`). What is not taken for certain is found, and only that is read value by value (`predict_exact`), as
TF Serving does and with its errors. So a refused body costs about what an accepted one does. Three things differ on purpose: a
decimal is rounded correctly, while RapidJSON may miss the last digits of a double; where TF Serving goes through inputs in the
order of a hash, here they are sorted; and a key that stands twice in an object is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pipeline.serving.json.predict_exact import fill_predict_request
from pipeline.serving.json.typed import NotTyped, PredictCall, read_typed

if TYPE_CHECKING:
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef


def parse_predict(body: bytes, signatures: Mapping[str, SignatureDef]) -> PredictCall:
    """Reads the body of a Predict request.

    Args:
      body: JSON.
      signatures: of the model. That there is none is said once the body is known to be JSON.

    Raises:
      RequestError: it can't be read; in TF Serving's words, but for a key that stands twice.
    """
    try:
        return read_typed(body, signatures)
    except NotTyped as error:
        with np.errstate(over="ignore"):
            return PredictCall(*fill_predict_request(body, signatures, error.row))
