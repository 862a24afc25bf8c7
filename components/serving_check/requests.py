"""Raw rows as a server is sent them, and warm-up requests: one of each signature, for a row and for several.

A server replays them when it loads a version (`assets.extra/tf_serving_warmup_requests`), so that the first caller does not wait
for TensorFlow's own warming up. One that fails keeps TF Serving from loading the version at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf
from tensorflow_serving.apis import classification_pb2, predict_pb2, prediction_log_pb2, regression_pb2

from components.linear_model.portable import PortableModel
from components.trainer.inputs import as_sent, input_type

WARM_UP_FILE = "assets.extra/tf_serving_warmup_requests"
WARM_UP_ROWS = 16
ON_ROWS = ("serving_default", "explain")
ON_EXAMPLES = {"examples": "examples", "transform_features": "examples"}  # signature: its input
Rows = dict[str, list[Any]]


def rows_of(examples: Sequence[bytes], columns: Iterable[str]) -> Rows:
    """Raw values by column, None where missing.

    Args:
      examples: serialised tf.Examples.
      columns: names.
    """
    parsed = [tf.train.Example.FromString(example).features.feature for example in examples]
    return {name: [_value(feature[name]) for feature in parsed] for name in columns}


def _value(feature: tf.train.Feature) -> Any:
    kind = feature.WhichOneof("kind")
    values = getattr(feature, kind).value if kind else ()
    if not values:
        return None
    return values[0].decode() if kind == "bytes_list" else values[0]


def tensors(rows: Rows, model: PortableModel) -> dict[str, tf.Tensor]:
    """Columns for `serving_default` and `explain` by name, [n] each."""
    return {name: as_sent(rows[name], column, model.missing) for name, column in model.raw_columns.items()}


def sendable(rows: Rows, examples: Sequence[bytes], model: PortableModel) -> tuple[Rows, list[bytes]]:
    """The rows that can be sent as columns, and their examples: where no text stands for nothing, no text can be missing."""
    texts = (
        [] if model.missing else [name for name, column in model.raw_columns.items() if input_type(column) == tf.string]
    )
    kept = [row for row in range(len(examples)) if all(rows[name][row] is not None for name in texts)]
    return {name: [values[row] for row in kept] for name, values in rows.items()}, [examples[row] for row in kept]


def warm_up(
    name: str, rows: Rows, examples: Sequence[bytes], model: PortableModel
) -> Iterator[prediction_log_pb2.PredictionLog]:
    """Requests to a model of that name, for the first row and for the first `WARM_UP_ROWS`; `examples` are of the same rows."""
    for count in (1, min(WARM_UP_ROWS, len(examples))):
        columns = tensors({key: values[:count] for key, values in rows.items()}, model)
        serialized = tf.constant(list(examples[:count]), tf.string)
        for signature in ON_ROWS:
            yield _predict_log(name, signature, columns)
        for signature, key in ON_EXAMPLES.items():
            yield _predict_log(name, signature, {key: serialized})
        classes = model.of_family.classes
        request = classification_pb2.ClassificationRequest() if classes else regression_pb2.RegressionRequest()
        request.model_spec.name, request.model_spec.signature_name = name, model.of_family.served.signature
        request.input.example_list.examples.extend(map(tf.train.Example.FromString, examples[:count]))
        log = prediction_log_pb2.PredictionLog()
        (log.classify_log if classes else log.regress_log).request.CopyFrom(request)
        yield log


def _predict_log(name: str, signature: str, inputs: Mapping[str, tf.Tensor]) -> prediction_log_pb2.PredictionLog:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = name, signature
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value.numpy(), value.dtype))
    return prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
