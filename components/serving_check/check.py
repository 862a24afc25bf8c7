"""The check itself, run in a process of its own (`process.CheckProcess`): `python -m components.serving_check.check`.

Reads one line of JSON, `{"model": folder, "golden": …}`, and prints one, a `CheckReport`. It
imports TensorFlow alone, as a server has it: neither TFX nor TensorFlow Transform.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.errors import RunError
from components.loading import libraries

with libraries():
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

from components.linear_model import array_functions
from components.linear_model.portable import MODEL_FILE, PortableModel
from components.linear_model.scoring import CLASS, PREDICTOR, rounding_sizes, score, term_sizes, transformed_columns
from components.publishing.manifest import verify_manifest
from components.serving_check.audit import audit
from components.serving_check.report import CheckReport, Latency
from components.serving_check.requests import ON_ROWS, WARM_UP_FILE, tensors

TOLERANCE = 1e-5  # of `rounding_sizes`: 32-bit floats have 7 digits, and terms may cancel
LEAST = 1.2e-38  # nearer to zero, 32-bit floats lose digits
CALLS = 200


def check(directory: Path, golden: Mapping[str, Any]) -> CheckReport:
    """Checks the files of a model.

    Args:
      directory: of the model as it is to be pushed.
      golden: `rows` by feature (the first of them are those of the examples), `examples` (base64).
    """
    try:
        verify_manifest(directory)
    except RunError as error:
        return CheckReport(problems=[str(error)])
    problems = audit(directory)
    if problems:
        return CheckReport(problems=problems)
    signatures = tf.saved_model.load(str(directory)).signatures
    model = PortableModel.from_text((directory / MODEL_FILE).read_text())
    examples = [base64.b64decode(example) for example in golden["examples"]]
    answers = list(_answers(signatures, model, golden["rows"], examples))
    problems = [problem for answer in answers for problem in answer.problems()]
    problems += _replay(signatures, directory / WARM_UP_FILE, model)
    compared = sum(len(answer.expected) for answer in answers)
    columns = _arguments(tensors({name: values[:1] for name, values in golden["rows"].items()}, model), model)
    latency = _latency(signatures["serving_default"], columns)
    return CheckReport(problems=problems, compared=compared, latency_ms=latency)


def _arguments(columns: Mapping[str, Any], model: PortableModel) -> dict[str, Any]:
    """Columns by the names that the signatures' functions have for them."""
    return {argument: columns[name] for name, argument in model.inputs.items()}


class _Answer:
    """Numbers of a signature, [n], beside what model.json's arithmetic gives; `sizes` is what rounding goes by."""

    def __init__(self, what: str, received: Any, expected: NDArray[Any], sizes: NDArray[Any]) -> None:
        self.what, self.expected = what, np.asarray(expected, np.float64)
        self._received, self._sizes = np.asarray(received, np.float64), sizes

    def problems(self) -> list[str]:
        """What differs, a line for the first row."""
        if self._received.shape != self.expected.shape:
            return [f"{self.what}: expected shape {self.expected.shape}, received {self._received.shape}"]
        allowed = TOLERANCE * self._sizes + LEAST
        wrong = np.flatnonzero(~(np.abs(self._received - self.expected) <= allowed))
        return [
            f"{self.what}, row {row + 1}: expected {self.expected[row]:.9g} (the fit's own arithmetic), received "
            f"{self._received[row]:.9g}"
            for row in wrong[:1]
        ]


class _Texts:
    """Texts of a signature, [n] or more, beside what model.json says; rows `near` the threshold may be of either class."""

    def __init__(self, what: str, received: Any, expected: NDArray[Any], near: NDArray[np.bool_]) -> None:
        self.what, self.expected = what, expected
        self._received, self._near = np.asarray(received), near

    def problems(self) -> list[str]:
        """What differs, a line for the first row."""
        if self._received.shape != self.expected.shape:
            return [f"{self.what}: expected shape {self.expected.shape}, received {self._received.shape}"]
        received = np.array([text.decode() for text in self._received.ravel()], object).reshape(self.expected.shape)
        apart = (received != self.expected).reshape(len(received), -1).any(axis=1)
        return [
            f"{self.what}, row {row + 1}: expected {self.expected[row]!s} (model.json), received {received[row]!s}"
            for row in np.flatnonzero(apart & ~self._near)[:1]
        ]


def _answers(
    signatures: Mapping[str, Any], model: PortableModel, rows: Mapping[str, list[Any]], examples: list[bytes]
) -> Iterator[_Answer | _Texts]:
    expected = score(model, rows)
    terms = term_sizes(model, rows)
    sizes = rounding_sizes(model, expected, terms)
    columns = _arguments(tensors(dict(rows), model), model)
    mean = model.of_family.answer
    near = np.zeros(len(terms), bool)
    if model.threshold is not None:
        near = np.abs(expected[mean] - model.threshold) <= TOLERANCE * sizes[mean]

    def compared(what: str, received: Any, name: str) -> _Answer | _Texts:
        nothing = np.full(0, np.nan)
        if name == CLASS:
            return _Texts(what, received, expected.get(name, nothing), near)
        return _Answer(what, received, expected.get(name, nothing), sizes.get(name, nothing))

    predicted = signatures["serving_default"](**columns)
    wanted = {mean} if model.of_family.link.name == "identity" else {mean, CLASS, "low", "high"} & set(expected)
    for name in sorted(wanted | set(predicted)):
        yield compared(f"serving_default: {name}", predicted.get(name, np.full(0, np.nan)), name)
    explained = signatures["explain"](**columns)
    for name in sorted(set(expected) | set(explained)):
        yield compared(f"explain: {name}", explained.get(name, np.full(0, np.nan)), name)
    serialized, count, served = tf.constant(examples, tf.string), len(examples), model.of_family.served
    means = expected[mean][:count], sizes[mean][:count]
    yield _Answer(f"examples: {mean}", signatures["examples"](examples=serialized)[mean], *means)
    answer = signatures[served.signature](inputs=serialized)
    if model.classes is None:
        yield _Answer(f"{served.signature}: {served.outputs[0]}", answer[served.outputs[0]], *means)
    else:
        texts, scores = (answer[output] for output in served.outputs)
        names = np.tile(np.array(model.classes, object), (count, 1))
        yield _Texts(f"{served.signature}: {served.outputs[0]}", texts, names, np.zeros(count, bool))
        yield _Answer(f"{served.signature}: {served.outputs[1]} of {model.classes[1]}", scores[:, 1], *means)
        with np.errstate(over="ignore"):
            other = model.of_family.link.complement(expected[PREDICTOR][:count], array_functions)
        what = f"{served.signature}: {served.outputs[1]} of {model.classes[0]}"
        yield _Answer(what, scores[:, 0], other, other * (1.0 + terms[:count]))
    transformed = signatures["transform_features"](examples=serialized)
    for name, values in transformed_columns(model, {key: column[:count] for key, column in rows.items()}).items():
        yield _Answer(f"transform_features: {name}", transformed[name], values, 1.0 + np.abs(values))


def _replay(signatures: Mapping[str, Any], path: Path, model: PortableModel) -> Iterator[str]:
    """Sends every warm-up request, as a server does before it takes a version up."""
    for index, record in enumerate(tf.data.TFRecordDataset(str(path)).as_numpy_iterator()):
        log = prediction_log_pb2.PredictionLog.FromString(record)
        try:
            kind = log.WhichOneof("log_type")
            if kind in ("regress_log", "classify_log"):
                request = getattr(log, kind).request
                examples = [example.SerializeToString() for example in request.input.example_list.examples]
                signatures[request.model_spec.signature_name](inputs=tf.constant(examples, tf.string))
            else:
                request = log.predict_log.request
                inputs = {name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()}
                signature = request.model_spec.signature_name
                signatures[signature](**(_arguments(inputs, model) if signature in ON_ROWS else inputs))
        except (tf.errors.OpError, KeyError, TypeError, ValueError) as error:
            yield f"{path.name}, record {index + 1}: {str(error).splitlines()[0]}"


def _latency(signature: Any, columns: Mapping[str, Any]) -> Latency:
    seconds = []
    for _ in range(CALLS):
        begin = time.perf_counter()
        signature(**columns)
        seconds.append(time.perf_counter() - begin)
    p50, p99 = (round(float(np.percentile(seconds, q)) * 1e3, 3) for q in (50, 99))
    return Latency(p50=p50, p99=p99)


if __name__ == "__main__":
    line = sys.stdin.readline()
    if line:
        job = json.loads(line)
        sys.stdout.write(check(Path(job["model"]), job["golden"]).to_json(indent=None) + "\n")
