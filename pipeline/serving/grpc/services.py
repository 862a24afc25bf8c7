"""The gRPC services: PredictionService and ModelService, of TF Serving's messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from tensorflow_serving.apis.classification_pb2 import ClassificationRequest, ClassificationResponse
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest, GetModelMetadataResponse
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest, GetModelStatusResponse
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest, MultiInferenceResponse
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest, ReloadConfigResponse
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
from tensorflow_serving.apis.regression_pb2 import RegressionRequest, RegressionResponse

from pipeline.serving.errors import invalid
from pipeline.serving.grpc.calls import Method
from pipeline.serving.models.info_messages import check_metadata_fields, model_metadata, model_status, requested_version
from pipeline.serving.models.manager import ModelManager
from pipeline.serving.models.prediction_messages import (
    answer_classify,
    answer_multi_inference,
    answer_predict,
    answer_regress,
)
from pipeline.serving.models.server_config import ServedModel, from_proto
from pipeline.serving.models.terms import Terms

PREDICTION_SERVICE, MODEL_SERVICE = "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"
SHORT = 1 << 20  # bytes, more than any question about models needs


class _NamesModel(Protocol):
    model_spec: ModelSpec

    def HasField(self, name: str, /) -> bool: ...


def _need_spec(request: _NamesModel) -> ModelSpec:
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    return request.model_spec


class PredictionService:
    """Answers predictions.

    Args:
      manager: the models.
    """

    def __init__(self, manager: ModelManager) -> None:
        self.manager = manager

    def methods(self) -> Mapping[str, Method]:
        """By their names."""
        return {
            "Predict": Method("predict", PredictRequest, PredictResponse, self.predict),
            "Regress": Method("regress", RegressionRequest, RegressionResponse, self.regress),
            "Classify": Method("classify", ClassificationRequest, ClassificationResponse, self.classify),
            "MultiInference": Method(
                "multi_inference", MultiInferenceRequest, MultiInferenceResponse, self.multi_inference
            ),
            "GetModelMetadata": Method(
                "metadata", GetModelMetadataRequest, GetModelMetadataResponse, self.metadata, SHORT
            ),
        }

    def predict(self, request: PredictRequest, terms: Terms) -> PredictResponse:
        """Any signature, on tensors."""
        with self.manager.servable(*requested_version(_need_spec(request))) as servable:
            return answer_predict(servable, request, terms)

    def regress(self, request: RegressionRequest, terms: Terms) -> RegressionResponse:
        """A regression signature, on tf.Examples."""
        with self.manager.servable(*requested_version(_need_spec(request))) as servable:
            return answer_regress(servable, request, terms)

    def classify(self, request: ClassificationRequest, terms: Terms) -> ClassificationResponse:
        """A classification signature, on tf.Examples."""
        with self.manager.servable(*requested_version(_need_spec(request))) as servable:
            return answer_classify(servable, request, terms)

    def multi_inference(self, request: MultiInferenceRequest, terms: Terms) -> MultiInferenceResponse:
        """Several regression and classification signatures, on the same tf.Examples."""
        chosen = requested_version(request.tasks[0].model_spec) if request.tasks else ("", None, None)
        with self.manager.servable(*chosen) as servable:
            return answer_multi_inference(servable, request, terms)

    def metadata(self, request: GetModelMetadataRequest, terms: Terms) -> GetModelMetadataResponse:
        """A model's signatures."""
        del terms
        spec = _need_spec(request)
        check_metadata_fields(request.metadata_field)
        return model_metadata(self.manager, *requested_version(spec))


class ModelService:
    """Answers questions about models, and takes a new configuration.

    Args:
      manager: the models.
      reload: has other models served.
    """

    def __init__(self, manager: ModelManager, reload: Callable[[Sequence[ServedModel]], None]) -> None:
        self.manager = manager
        self._reload = reload

    def methods(self) -> Mapping[str, Method]:
        """By their names."""
        return {
            "GetModelStatus": Method("status", GetModelStatusRequest, GetModelStatusResponse, self.status, SHORT),
            "HandleReloadConfigRequest": Method(
                "reload_config", ReloadConfigRequest, ReloadConfigResponse, self.reload_config, SHORT
            ),
        }

    def status(self, request: GetModelStatusRequest, terms: Terms) -> GetModelStatusResponse:
        """The states of a model's versions."""
        del terms
        name, version, _ = requested_version(_need_spec(request))
        return model_status(self.manager, name, version)

    def reload_config(self, request: ReloadConfigRequest, terms: Terms) -> ReloadConfigResponse:
        """Serves what the new configuration says, and nothing else."""
        del terms
        self._reload(from_proto(request.config))
        response = ReloadConfigResponse()
        response.status.SetInParent()
        for metric in request.metric_names:
            response.metric.add(name=metric)
        return response
