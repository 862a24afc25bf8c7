"""Status and metadata of models, as messages of TF Serving's API."""

from __future__ import annotations

from collections.abc import Sequence

from tensorflow.core.protobuf import error_codes_pb2
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataResponse, SignatureDefMap
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse, ModelVersionStatus
from tensorflow_serving.apis.model_pb2 import ModelSpec

from pipeline.serving.errors import invalid
from pipeline.serving.models.manager import ModelManager

SIGNATURE_DEF = "signature_def"


def requested_version(spec: ModelSpec) -> tuple[str, int | None, str | None]:
    """Model, version and label that a ModelSpec asks for."""
    kind = spec.WhichOneof("version_choice")
    return (
        spec.name,
        spec.version.value if kind == "version" else None,
        spec.version_label if kind == "version_label" else None,
    )


def model_status(manager: ModelManager, name: str, version: int | None) -> GetModelStatusResponse:
    """The GetModelStatusResponse of a model, or of one of its versions.

    Raises:
      RequestError: nothing is known of it.
    """
    response = GetModelStatusResponse()
    for status in manager.statuses(name, version):
        entry = response.model_version_status.add()
        entry.version = status.version
        entry.state = ModelVersionStatus.State.Value(status.state)
        entry.status.error_code = error_codes_pb2.Code.Value(status.code)
        entry.status.error_message = status.message
    return response


def model_metadata(
    manager: ModelManager, name: str, version: int | None, label: str | None
) -> GetModelMetadataResponse:
    """The GetModelMetadataResponse of a model: its signatures.

    Raises:
      RequestError: it is not served.
    """
    response = GetModelMetadataResponse()
    with manager.servable(name, version, label) as servable:
        signatures = SignatureDefMap()
        for key, definition in servable.signatures.items():
            signatures.signature_def[key].CopyFrom(definition)
        response.model_spec.name = servable.name
        response.model_spec.version.value = servable.version
        response.metadata[SIGNATURE_DEF].Pack(signatures)
    return response


def check_metadata_fields(fields: Sequence[str]) -> None:
    """Refuses a GetModelMetadataRequest for anything but the signatures.

    Raises:
      RequestError: it asks for something else, or for nothing.
    """
    if not fields:
        raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
    for field in fields:
        if field != SIGNATURE_DEF:
            raise invalid(f"Metadata field {field} is not supported")
