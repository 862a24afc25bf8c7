from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pipeline.serving.conftest import MODEL, Running, publish

pytestmark = pytest.mark.e2e


class Stubs:
    """Clients of one server, as TensorFlow's users have them."""

    def __init__(self, port: int) -> None:
        import grpc
        from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.prediction = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.model = model_service_pb2_grpc.ModelServiceStub(self.channel)


@pytest.fixture(scope="module")
def stubs(running: Running) -> Iterator[Stubs]:
    made = Stubs(running.server.grpc_port)
    yield made
    made.channel.close()


@pytest.fixture
def other(start: Any, tmp_path: Path, classifier: Path) -> Iterator[Stubs]:
    (tmp_path / "c").mkdir()
    publish(tmp_path / "c", 7, classifier)
    made = Stubs(start(tmp_path / "c").server.grpc_port)
    yield made
    made.channel.close()


def predict_request(signature: str = "raw", name: str = "m", **inputs: Any) -> Any:
    import tensorflow as tf
    from tensorflow_serving.apis.predict_pb2 import PredictRequest

    request = PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return request


def add_examples(request: Any, *values: float, signature: str = "regress") -> Any:
    request.model_spec.name = "m"
    request.model_spec.signature_name = signature
    for value in values:
        request.input.example_list.examples.add().features.feature["x"].float_list.value.append(value)
    return request


def refused(method: Any, request: Any) -> tuple[str, str]:
    import grpc

    with pytest.raises(grpc.RpcError) as caught:
        method(request, timeout=10)
    return caught.value.code().name, caught.value.details()


def test_predict(stubs: Stubs) -> None:
    response = stubs.prediction.Predict(predict_request(x=np.array([0.5, 1.0], np.float32)))
    output = response.outputs["outputs"]
    np.testing.assert_array_equal(np.float32(output.float_val), np.float32([1.07847297, 4.50046873]))
    assert not output.tensor_content
    assert [dim.size for dim in output.tensor_shape.dim] == [2]
    spec = response.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("m", 1, "raw")


def test_predict_by_version_and_label(stubs: Stubs) -> None:
    request = predict_request(x=np.float32([1]))
    request.model_spec.version.value = 1
    assert stubs.prediction.Predict(request).model_spec.version.value == 1
    request.model_spec.version_label = "stable"
    assert stubs.prediction.Predict(request).model_spec.version.value == 1
    assert stubs.prediction.Predict(request).model_spec.version_label == ""


def test_default_signature_and_output_filter(other: Stubs) -> None:
    request = predict_request("", a=np.float32([1.5]), b=[b"pear"])
    response = other.prediction.Predict(request)
    assert set(response.outputs) == {"double", "length", "text_bytes"}
    assert (response.model_spec.signature_name, response.model_spec.version.value) == ("serving_default", 7)
    assert list(response.outputs["double"].double_val) == [3.0]
    assert list(response.outputs["length"].int_val) == [4]
    assert list(response.outputs["text_bytes"].string_val) == [b"pear"]
    request.output_filter.append("length")
    assert set(other.prediction.Predict(request).outputs) == {"length"}
    request.output_filter.append("length")
    assert refused(other.prediction.Predict, request) == (
        "INVALID_ARGUMENT",
        "duplicate output tensor alias: length",
    )
    request.output_filter[:] = ["z"]
    assert refused(other.prediction.Predict, request) == (
        "INVALID_ARGUMENT",
        "output tensor alias not found in signature: z Outputs expected to be in the set {double,length,text_bytes}.",
    )


@pytest.mark.parametrize(
    ("signature", "inputs", "code", "words"),
    [
        ("raw", {"x": [b"a"]}, "INVALID_ARGUMENT", "Expects arg[0] to be float but string is provided"),
        ("raw", {"x": np.array([1.0])}, "INVALID_ARGUMENT", "Expects arg[0] to be float but double is provided"),
        ("raw", {"x": np.array([1])}, "INVALID_ARGUMENT", "Expects arg[0] to be float but int64 is provided"),
        (
            "raw",
            {"x": np.float32([1]), "z": np.float32([1])},
            "INVALID_ARGUMENT",
            "input size does not match signature: 2!=1 len({x,z}) != len({x}). Sent extra: {z}. Missing but required: {}.",
        ),
        (
            "raw",
            {},
            "INVALID_ARGUMENT",
            "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but required: {x}.",
        ),
        (
            "raw",
            {"z": np.float32([1])},
            "INVALID_ARGUMENT",
            "Signature input alias: x(feed name: raw_x:0) not found in request and no default value provided. "
            "Inputs expected to be in the request {z}, or default input alias set: ",
        ),
        ("nope", {"x": np.float32([1])}, "FAILED_PRECONDITION", 'Serving signature key "nope" not found.'),
    ],
)
def test_wrong_predictions(stubs: Stubs, signature: str, inputs: Any, code: str, words: str) -> None:
    assert refused(stubs.prediction.Predict, predict_request(signature, **inputs)) == (code, words)


def test_second_argument_of_another_type(other: Stubs) -> None:
    request = predict_request("", a=np.float32([1]), b=np.float32([1]))
    assert refused(other.prediction.Predict, request)[1] == "Expects arg[1] to be string but float is provided"


def test_wrong_models(stubs: Stubs) -> None:
    predict = stubs.prediction.Predict
    request = predict_request(name="q", x=np.float32([1]))
    assert refused(predict, request) == ("NOT_FOUND", "Servable not found for request: Latest(q)")
    request = predict_request(x=np.float32([1]))
    request.model_spec.version.value = 9
    assert refused(predict, request) == ("NOT_FOUND", "Servable not found for request: Specific(m, 9)")
    request.model_spec.version_label = "z"
    assert refused(predict, request) == ("INVALID_ARGUMENT", "Unrecognized servable version label: z")
    request.model_spec.name = ""
    assert refused(predict, request) == ("INVALID_ARGUMENT", "ModelSpec has no name specified.")
    request.ClearField("model_spec")
    assert refused(predict, request) == ("INVALID_ARGUMENT", "Missing ModelSpec")


def test_broken_tensor(stubs: Stubs) -> None:
    request = predict_request(x=np.float32([1, 2]))
    request.inputs["x"].tensor_content = b"abc"
    assert refused(stubs.prediction.Predict, request) == ("INVALID_ARGUMENT", "tensor parsing error: x")


def test_long_errors_are_cut(stubs: Stubs) -> None:
    code, words = refused(stubs.prediction.Predict, predict_request("n" * 2000, x=np.float32([1])))
    assert code == "FAILED_PRECONDITION"
    assert words == 'Serving signature key "' + "n" * 1001 + "...TRUNCATED"


def test_large_requests_pass(stubs: Stubs) -> None:
    request = predict_request("nope", x=np.zeros((50_000, 40), np.float32))  # 8 MB; a plain gRPC server takes 4
    assert refused(stubs.prediction.Predict, request)[0] == "FAILED_PRECONDITION"


def test_regress(stubs: Stubs, other: Stubs) -> None:
    from tensorflow_serving.apis.regression_pb2 import RegressionRequest

    response = stubs.prediction.Regress(add_examples(RegressionRequest(), 0.5, 1.0))
    values = [entry.value for entry in response.result.regressions]
    np.testing.assert_array_equal(np.float32(values), np.float32([1.07847297, 4.50046873]))
    assert (response.model_spec.version.value, response.model_spec.signature_name) == (1, "regress")

    request = RegressionRequest()
    request.model_spec.name = "m"
    request.model_spec.signature_name = "regress"
    assert refused(stubs.prediction.Regress, request) == ("INVALID_ARGUMENT", "Input is empty.")
    part = request.input.example_list_with_context
    part.context.features.feature["x"].float_list.value.append(1.0)
    part.examples.add()
    assert stubs.prediction.Regress(request).result.regressions[0].value == pytest.approx(4.50046873)

    assert [
        entry.value for entry in other.prediction.Regress(add_examples(RegressionRequest(), 2.0)).result.regressions
    ] == [4.0]
    for signature, words in {
        "nope": "No signature was found with the name: nope",
        "": "Expected one input Tensor.",
        "classify": "Expected one output Tensor.",
        "scores_alone": "No regression outputs found in SignatureDef: ",
        "wide": "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [2,2]",
        "one_for_all": "Input batch size did not match output batch size: 2 vs. 1",
    }.items():
        request = add_examples(RegressionRequest(), 1.0, 2.0, signature=signature)
        code, said = refused(other.prediction.Regress, request)
        assert code == "INVALID_ARGUMENT"
        assert said.startswith(words)


def test_classify(stubs: Stubs, other: Stubs) -> None:
    from tensorflow_serving.apis.classification_pb2 import ClassificationRequest

    response = other.prediction.Classify(add_examples(ClassificationRequest(), 0.25, signature="classify"))
    classes = response.result.classifications[0].classes
    assert [(entry.label, entry.score) for entry in classes] == [("yes", 0.25), ("no", 0.75)]
    assert response.model_spec.signature_name == "classify"
    code, words = refused(stubs.prediction.Classify, add_examples(ClassificationRequest(), 1.0, signature="regress"))
    assert code == "INVALID_ARGUMENT"
    assert words.startswith(
        'Expected classification signature outputs to contain at least one of "classes" or "scores". Signature was: '
    )


def test_multi_inference(other: Stubs) -> None:
    from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest

    request = MultiInferenceRequest()
    for signature in ("classify", "regress"):
        task = request.tasks.add(method_name=f"tensorflow/serving/{signature}")
        task.model_spec.name = "m"
        task.model_spec.signature_name = signature
    request.input.example_list.examples.add().features.feature["x"].float_list.value.append(0.5)
    results = other.prediction.MultiInference(request).results
    assert results[0].classification_result.classifications[0].classes[0].score == 0.5
    assert results[1].regression_result.regressions[0].value == 1.0
    assert results[1].model_spec.version.value == 7
    for _ in range(50_000):
        request.input.example_list.examples.add()
    assert refused(other.prediction.MultiInference, request) == (
        "INVALID_ARGUMENT",
        "A request may stand for 100000 rows; this one stands for 100002. "
        "Send fewer, or start the server with a higher --max-rows.",
    )
    del request.input.example_list.examples[1:]
    request.tasks[1].model_spec.signature_name = "classify"
    assert refused(other.prediction.MultiInference, request) == (
        "INVALID_ARGUMENT",
        "Duplicate evaluation of signature: classify",
    )
    request.tasks[1].model_spec.signature_name = "regress"
    request.tasks[1].method_name = "x"
    assert refused(other.prediction.MultiInference, request) == (
        "UNIMPLEMENTED",
        "Unsupported signature method_name: x",
    )
    assert refused(other.prediction.MultiInference, MultiInferenceRequest())[1] == "ModelSpec has no name specified."


def test_metadata(stubs: Stubs) -> None:
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
    from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest, SignatureDefMap

    request = GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "m"
    response = stubs.prediction.GetModelMetadata(request)
    signatures = SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    saved = SavedModel.FromString((MODEL / "saved_model.pb").read_bytes()).meta_graphs[0].signature_def
    assert dict(signatures.signature_def) == dict(saved)
    assert (response.model_spec.name, response.model_spec.version.value) == ("m", 1)
    for fields, words in {
        (): "GetModelMetadataRequest must specify at least one metadata_field",
        ("x",): "Metadata field x is not supported",
    }.items():
        request.metadata_field[:] = fields
        assert refused(stubs.prediction.GetModelMetadata, request) == ("INVALID_ARGUMENT", words)


def test_status(stubs: Stubs) -> None:
    from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest, ModelVersionStatus

    request = GetModelStatusRequest()
    assert refused(stubs.model.GetModelStatus, request) == ("INVALID_ARGUMENT", "Missing ModelSpec")
    request.model_spec.name = "m"
    (status,) = stubs.model.GetModelStatus(request).model_version_status
    assert (status.version, status.state, status.status.error_code) == (1, ModelVersionStatus.AVAILABLE, 0)
    request.model_spec.version.value = 3
    assert refused(stubs.model.GetModelStatus, request) == ("NOT_FOUND", "Could not find version 3 of model m")


def test_reload_config(start: Any, base: Path) -> None:
    from google.protobuf import text_format
    from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest

    served = start(base)
    publish(base, 2)
    stubs = Stubs(served.server.grpc_port)
    reload = stubs.model.HandleReloadConfigRequest

    def request(policy: str = "", name: str = "m", path: Path = base) -> Any:
        text = f'name: "{name}" base_path: "{path}" model_platform: "tensorflow" {policy}'
        return ReloadConfigRequest(config=text_format.Parse(f"model_config_list {{ config {{ {text} }} }}", config()))

    def config() -> Any:
        return type(ReloadConfigRequest().config)()

    answer = reload(request("model_version_policy { all {} }"))
    assert answer.status.error_code == 0
    assert served.server.manager.available() == {"m": [1, 2]}
    labels = "model_version_policy { all {} } version_labels { key: 'old' value: %d }"
    assert refused(reload, request(labels % 5)) == (
        "FAILED_PRECONDITION",
        "Request to assign label to version 5 of model m, which is not currently available for inference",
    )
    reload(request(labels % 1))
    raw = {"signature_name": "raw", "instances": [{"x": 0.5}]}
    assert served.post("/v1/models/m/labels/old:predict", raw).status == 200
    assert refused(reload, ReloadConfigRequest())[0] == "INVALID_ARGUMENT"
    code, words = refused(reload, request(name="n", path=base.parent / "none"))
    assert "1 model(s) did not become available" in words
    reload(request(name="n"))
    assert served.server.manager.available() == {"n": [2]}
    assert served.post("/v1/models/m:predict", raw).status == 404
    assert served.get("/v1/models/m").json["model_version_status"][0]["state"] == "END"
    assert code == "INTERNAL"
    stubs.channel.close()
