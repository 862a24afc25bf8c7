"""Answers the messages of TF Serving's PredictionService: tensors and tf.Examples in, tensors and results out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_serving.apis.classification_pb2 import (
    ClassificationRequest,
    ClassificationResponse,
    ClassificationResult,
)
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest, MultiInferenceResponse
from tensorflow_serving.apis.input_pb2 import Input
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
from tensorflow_serving.apis.regression_pb2 import RegressionRequest, RegressionResponse, RegressionResult

from pipeline.serving.dtypes import DEFAULT_SIGNATURE, Array
from pipeline.serving.errors import RequestError, invalid
from pipeline.serving.limits import check_context, check_rows
from pipeline.serving.models.predictor import check_classification, check_regression, classify, predict, regress
from pipeline.serving.models.servable import Servable
from pipeline.serving.models.tensor_protos import fill_tensor, read_tensor
from pipeline.serving.models.terms import UNLIMITED, Terms

if TYPE_CHECKING:
    from tensorflow.core.framework.tensor_pb2 import TensorProto

CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"


def _input_examples(source: Input, terms: Terms, tasks: int = 1) -> list[bytes]:
    """The serialised tf.Examples of an `Input`, the context merged into each.

    Raises:
      RequestError: there are too many for so many tasks, or all their contexts together are too long.
    """
    kind = source.WhichOneof("kind")
    if kind is None:
        return []
    part = getattr(source, kind)
    check_rows(len(part.examples) * max(1, tasks), terms.max_rows)
    context = part.context.SerializeToString() if kind == "example_list_with_context" else b""
    check_context(len(context), len(part.examples), terms.max_bytes)
    examples = [context + example.SerializeToString() for example in part.examples]
    terms.check()
    return examples


def _fill_spec(target: ModelSpec, spec: ModelSpec, servable: Servable) -> None:
    """Says in an answer what was called: model, version, signature."""
    target.name = spec.name
    target.signature_name = spec.signature_name or DEFAULT_SIGNATURE
    target.version.value = servable.version


def _fill_regression(target: RegressionResult, values: Array) -> None:
    """Writes a RegressionResult."""
    target.SetInParent()
    for value in values.tolist():
        target.regressions.add().value = value


def _fill_classification(target: ClassificationResult, classes: Array | None, scores: Array | None) -> None:
    """Writes a ClassificationResult."""
    target.SetInParent()
    shape = scores.shape if classes is None and scores is not None else () if classes is None else classes.shape
    for row in range(shape[0] if shape else 0):
        labels = target.classifications.add().classes
        for column in range(shape[1]):
            item = labels.add()
            if classes is not None:
                item.label = classes[row, column]
            if scores is not None:
                item.score = scores[row, column]


def answer_predict(servable: Servable, request: PredictRequest, terms: Terms = UNLIMITED) -> PredictResponse:
    """A PredictRequest's PredictResponse. Raises what `predict` raises, and RequestError beyond the terms."""
    spec = request.model_spec

    def read(tensor: TensorProto) -> Array:
        return read_tensor(tensor, terms.max_rows)

    outputs = predict(servable, spec.signature_name, request.inputs, read, request.output_filter, terms.check)
    terms.check()
    response = PredictResponse()
    _fill_spec(response.model_spec, spec, servable)
    for alias, array in outputs.items():
        fill_tensor(response.outputs[alias], array)
    return response


def answer_regress(servable: Servable, request: RegressionRequest, terms: Terms = UNLIMITED) -> RegressionResponse:
    """A RegressionRequest's RegressionResponse. Raises what `regress` raises, and RequestError beyond the terms."""
    response = RegressionResponse()
    values = regress(servable, request.model_spec.signature_name, _input_examples(request.input, terms))
    _fill_regression(response.result, values)
    _fill_spec(response.model_spec, request.model_spec, servable)
    return response


def answer_classify(
    servable: Servable, request: ClassificationRequest, terms: Terms = UNLIMITED
) -> ClassificationResponse:
    """A ClassificationRequest's ClassificationResponse. Raises what `classify` raises, and RequestError beyond the terms."""
    response = ClassificationResponse()
    _fill_classification(
        response.result, *classify(servable, request.model_spec.signature_name, _input_examples(request.input, terms))
    )
    _fill_spec(response.model_spec, request.model_spec, servable)
    return response


def answer_multi_inference(
    servable: Servable, request: MultiInferenceRequest, terms: Terms = UNLIMITED
) -> MultiInferenceResponse:
    """A MultiInferenceRequest's MultiInferenceResponse.

    Raises:
      RequestError: its tasks are not of one model, one of them fails, or all of them together are beyond the terms.
    """
    seen: set[str] = set()
    for task in request.tasks:
        spec = task.model_spec
        if not spec.name:
            raise invalid("Found ModelSpec with an empty model name.")
        if spec.name != request.tasks[0].model_spec.name:
            raise invalid("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
        name = spec.signature_name or DEFAULT_SIGNATURE
        if name in seen:
            raise invalid(f"Duplicate evaluation of signature: {name}")
        seen.add(name)
        if name not in servable.signatures:
            raise invalid(f"Requested signature not found in model graph: {name}")
        if task.method_name not in (CLASSIFY, REGRESS):
            raise RequestError("UNIMPLEMENTED", f"Unsupported signature method_name: {task.method_name}")
        (check_classification if task.method_name == CLASSIFY else check_regression)(servable.signatures[name])
    examples = _input_examples(request.input, terms, len(request.tasks))
    if not examples:
        raise invalid("Input is empty.")
    response = MultiInferenceResponse()
    for task in request.tasks:
        terms.check()
        result = response.results.add()
        if task.method_name == CLASSIFY:
            _fill_classification(
                result.classification_result, *classify(servable, task.model_spec.signature_name, examples)
            )
        else:
            _fill_regression(result.regression_result, regress(servable, task.model_spec.signature_name, examples))
        _fill_spec(result.model_spec, task.model_spec, servable)
    return response
