"""What a signature answers: Predict, Regress and Classify on arrays, with TF Serving's checks, for gRPC and REST alike."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from google.protobuf import text_format
from tensorflow.core.framework import types_pb2

from pipeline.serving.dtypes import DEFAULT_SIGNATURE, Array
from pipeline.serving.errors import RequestError, invalid
from pipeline.serving.models.servable import Servable
from pipeline.serving.models.tensor_protos import read_tensor, type_of
from pipeline.serving.models.terms import UNLIMITED

if TYPE_CHECKING:
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

INPUTS, OUTPUTS, CLASSES, SCORES = "inputs", "outputs", "classes", "scores"

T = TypeVar("T")


def _set(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"


def predict(
    servable: Servable,
    signature: str,
    inputs: Mapping[str, T],
    read: Callable[[T], Array],
    output_filter: Sequence[str] = (),
    check: Callable[[], None] = UNLIMITED.check,
) -> dict[str, Array]:
    """Calls a signature.

    Args:
      servable: the model.
      signature: its name; empty for the default one.
      inputs: by name.
      read: makes an input an array; raises ValueError if it can't, RequestError if it may not.
      output_filter: names of the outputs that are wanted; none for all.
      check: is called before the model is; raises RequestError if nobody waits for the answer.

    Returns:
      Arrays by the names of the outputs.

    Raises:
      RequestError: inputs or outputs are not those of the signature, or the model refuses the values.
    """
    name = signature or DEFAULT_SIGNATURE
    definition = servable.signatures.get(name)
    if definition is None:
        raise RequestError("FAILED_PRECONDITION", f'Serving signature key "{name}" not found.')
    arrays = _read_inputs(definition, inputs, read)
    for index, alias in enumerate(output_filter):
        if alias not in definition.outputs:
            raise invalid(
                f"output tensor alias not found in signature: {alias} "
                f"Outputs expected to be in the set {_set(definition.outputs)}."
            )
        if alias in output_filter[:index]:
            raise invalid(f"duplicate output tensor alias: {alias}")
    check()
    outputs = servable.call(name, arrays)
    return {alias: outputs[alias] for alias in output_filter} if output_filter else outputs


def _read_inputs(definition: SignatureDef, inputs: Mapping[str, T], read: Callable[[T], Array]) -> dict[str, Array]:
    expected = definition.inputs
    if len(inputs) == len(expected) and all(alias in expected for alias in inputs):
        with contextlib.suppress(ValueError):  # which of them is said below
            return {alias: read(value) for alias, value in inputs.items()}
    if len(inputs) > len(expected) or (len(inputs) < len(expected) and not definition.defaults):
        raise invalid(
            f"input size does not match signature: {len(inputs)}!={len(expected)} len({_set(inputs)}) != "
            f"len({_set(expected)}). Sent extra: {_set(set(inputs) - set(expected))}. "
            f"Missing but required: {_set(set(expected) - set(inputs))}."
        )
    arrays: dict[str, Array] = {}
    for alias, info in expected.items():
        try:
            if alias in inputs:
                arrays[alias] = read(inputs[alias])
            elif alias in definition.defaults:
                arrays[alias] = read_tensor(definition.defaults[alias])
            else:
                raise invalid(
                    f"Signature input alias: {alias}(feed name: {info.name}) not found in request and no default value "
                    f"provided. Inputs expected to be in the request {_set(inputs)}, or default input alias set: "
                    + ",".join(sorted(definition.defaults))
                )
        except ValueError as error:
            raise invalid(f"tensor parsing error: {alias}") from error
    if not set(inputs) <= set(expected):
        raise invalid(
            f"Inputs contains invalid name. Used request inputs: {','.join(sorted(set(inputs) & set(expected)))}, "
            f"request input: {','.join(sorted(inputs))}"
        )
    return arrays


def _debug_string(definition: SignatureDef) -> str:
    """A SignatureDef as it stands in TF Serving's errors, protobuf's mark included."""
    return "goo.gle/debugstr   \n" + text_format.MessageToString(definition)


def _examples_signature(servable: Servable, signature: str, check: Callable[[SignatureDef], None]) -> str:
    name = signature or DEFAULT_SIGNATURE
    definition = servable.signatures.get(name)
    if definition is None:
        raise invalid(f"No signature was found with the name: {name}")
    check(definition)
    return name


def check_regression(definition: SignatureDef) -> None:
    """Refuses a SignatureDef that is no regression.

    Raises:
      RequestError: it is none.
    """
    if len(definition.inputs) != 1:
        raise invalid("Expected one input Tensor.")
    if len(definition.outputs) != 1:
        raise invalid("Expected one output Tensor.")
    if INPUTS not in definition.inputs:
        raise invalid(f"No regression inputs found in SignatureDef: {_debug_string(definition)}")
    if OUTPUTS not in definition.outputs:
        raise invalid(f"No regression outputs found in SignatureDef: {_debug_string(definition)}")


def check_classification(definition: SignatureDef) -> None:
    """Refuses a SignatureDef that is no classification.

    Raises:
      RequestError: it is none.
    """
    if len(definition.inputs) != 1:
        raise invalid("Expected one input Tensor.")
    if len(definition.outputs) not in (1, 2):
        raise invalid(f"Expected one or two output Tensors, found {len(definition.outputs)}")
    if INPUTS not in definition.inputs:
        raise invalid(f"No classification inputs found in SignatureDef: {_debug_string(definition)}")
    if CLASSES not in definition.outputs and SCORES not in definition.outputs:
        raise invalid(
            "Expected classification signature outputs to contain at least one of "
            f'"{CLASSES}" or "{SCORES}". Signature was: {_debug_string(definition)}'
        )


def _call_examples(servable: Servable, name: str, examples: Sequence[bytes]) -> dict[str, Array]:
    if not examples:
        raise invalid("Input is empty.")
    serialized = np.empty(len(examples), object)
    serialized[:] = examples
    return servable.call(name, {INPUTS: serialized})


def _shape(array: Array) -> str:
    return "[" + ",".join(map(str, array.shape)) + "]"


def _dtype(array: Array) -> str:
    return str(types_pb2.DataType.Name(type_of(array)))


def regress(servable: Servable, signature: str, examples: Sequence[bytes]) -> Array:
    """Calls a regression signature: input `inputs`, output `outputs`.

    Args:
      servable: the model.
      signature: its name; empty for the default one.
      examples: serialised tf.Examples.

    Returns:
      float32, [examples].

    Raises:
      RequestError: there is no such signature, it is no regression, or the model refuses the examples.
    """
    name = _examples_signature(servable, signature, check_regression)
    outputs = _call_examples(servable, name, examples)[OUTPUTS]
    if not (outputs.ndim == 1 or (outputs.ndim == 2 and outputs.shape[1] == 1)):
        raise invalid(
            f"Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got {_shape(outputs)}"
        )
    if len(outputs) != len(examples):
        raise invalid(f"Input batch size did not match output batch size: {len(examples)} vs. {len(outputs)}")
    if outputs.dtype != np.float32:
        raise invalid(f"Expected output Tensor of DT_FLOAT.  Got: {_dtype(outputs)}")
    return outputs.reshape(-1)


def classify(servable: Servable, signature: str, examples: Sequence[bytes]) -> tuple[Array | None, Array | None]:
    """Calls a classification signature: input `inputs`, outputs `classes`, `scores` or both.

    Args:
      servable: the model.
      signature: its name; empty for the default one.
      examples: serialised tf.Examples.

    Returns:
      Classes (bytes) and scores (float32), each [examples, classes]; None where the signature has none.

    Raises:
      RequestError: there is no such signature, it is no classification, or the model refuses the examples.
    """
    name = _examples_signature(servable, signature, check_classification)
    outputs = _call_examples(servable, name, examples)
    found: list[Array | None] = []
    for alias, kind in ((CLASSES, types_pb2.DT_STRING), (SCORES, types_pb2.DT_FLOAT)):
        array = outputs.get(alias)
        found.append(array)
        if array is None:
            continue
        if array.ndim != 2:
            raise invalid(f"Expected Tensor shape: [batch_size num_classes] but got {_shape(array)}")
        if type_of(array) != kind:
            raise invalid(
                f"Expected {alias} Tensor of {types_pb2.DataType.Name(kind)}. Got: {_dtype(array)}",
            )
        if len(array) != len(examples):
            raise invalid(f"Expected {alias} output batch size of {len(examples)}. Got: {len(array)}")
    classes, scores = found
    if classes is not None and scores is not None and classes.shape[1] != scores.shape[1]:
        raise invalid(
            f"Tensors class and score should match in dim_size(1). Got {classes.shape[1]} vs. {scores.shape[1]}"
        )
    return classes, scores
