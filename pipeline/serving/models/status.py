"""Status and metadata of models, as messages of TF Serving's API."""

from __future__ import annotations

from typing import Any

from tensorflow.core.protobuf import error_codes_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

from pipeline.serving.errors import RequestError
from pipeline.serving.models.manager import Manager

SIGNATURE_DEF = "signature_def"


def choice(spec: Any) -> tuple[str, int | None, str | None]:
    """Model, version and label that a ModelSpec asks for."""
    kind = spec.WhichOneof("version_choice")
    return (
        spec.name,
        spec.version.value if kind == "version" else None,
        spec.version_label if kind == "version_label" else None,
    )


def model_status(manager: Manager, name: str, version: int | None) -> Any:
    """The GetModelStatusResponse of a model, or of one of its versions.

    Raises:
      RequestError: nothing is known of it.
    """
    response = get_model_status_pb2.GetModelStatusResponse()
    for status in manager.statuses(name, version):
        entry = response.model_version_status.add()
        entry.version = status.version
        entry.state = get_model_status_pb2.ModelVersionStatus.State.Value(status.state)
        entry.status.error_code = error_codes_pb2.Code.Value(status.code)
        entry.status.error_message = status.message
    return response


def model_metadata(manager: Manager, name: str, version: int | None, label: str | None) -> Any:
    """The GetModelMetadataResponse of a model: its signatures.

    Raises:
      RequestError: it is not served.
    """
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    with manager.servable(name, version, label) as servable:
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for key, definition in servable.signatures.items():
            signatures.signature_def[key].CopyFrom(definition)
        response.model_spec.name = servable.name
        response.model_spec.version.value = servable.version
        response.metadata[SIGNATURE_DEF].Pack(signatures)
    return response


def check_metadata_fields(fields: Any) -> None:
    """Refuses a GetModelMetadataRequest for anything but the signatures.

    Raises:
      RequestError: it asks for something else, or for nothing.
    """
    if not fields:
        raise RequestError("INVALID_ARGUMENT", "GetModelMetadataRequest must specify at least one metadata_field")
    for field in fields:
        if field != SIGNATURE_DEF:
            raise RequestError("INVALID_ARGUMENT", f"Metadata field {field} is not supported")
