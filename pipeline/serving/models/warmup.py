"""Replays a model's warm-up records when it is loaded, as TF Serving does: one that fails refuses the model."""

from __future__ import annotations

import logging
from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import prediction_log_pb2

from pipeline.serving.errors import RequestError, invalid
from pipeline.serving.models.prediction_messages import (
    answer_classify,
    answer_multi_inference,
    answer_predict,
    answer_regress,
)
from pipeline.serving.models.servable import Servable, request_error

WARMUP_FILE = Path("assets.extra", "tf_serving_warmup_requests")
MOST_RECORDS = 1000
_LOG = logging.getLogger(__name__)


def replay(servable: Servable, path: Path) -> int:
    """Sends the recorded requests of a SavedModel to it.

    Args:
      servable: the model.
      path: its folder.

    Returns:
      How many there were.

    Raises:
      RequestError: a record can't be read or answered, or there are more than 1,000.
    """
    file = path / WARMUP_FILE
    if not file.exists():
        return 0
    count = 0
    try:
        for record in tf.compat.v1.io.tf_record_iterator(str(file)):
            _replay_one(servable, record, file)
            count += 1
            if count > MOST_RECORDS:
                raise invalid(f"Number of warmup records exceeds the maximum ({MOST_RECORDS}) at {file}")
    except tf.errors.DataLossError as error:
        raise RequestError(
            "INTERNAL", f"{error.message}. Please verify your warmup data is in TFRecord format."
        ) from error
    except tf.errors.OpError as error:
        raise request_error(error) from error
    _LOG.info("%s: %d warm-up requests answered", file, count)
    return count


def _replay_one(servable: Servable, record: bytes, file: Path) -> None:
    try:
        log = prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError as error:
        raise invalid(f"Failed to parse warmup record: {record!r} from {file}") from error
    kind = log.WhichOneof("log_type")
    if kind == "regress_log":
        answer_regress(servable, log.regress_log.request)
    elif kind == "classify_log":
        answer_classify(servable, log.classify_log.request)
    elif kind == "predict_log":
        answer_predict(servable, log.predict_log.request)
    elif kind == "multi_inference_log":
        answer_multi_inference(servable, log.multi_inference_log.request)
    elif kind is not None:
        number = log.DESCRIPTOR.fields_by_name[kind].number
        raise RequestError("UNIMPLEMENTED", f"Unsupported log_type for warmup: {number}")
