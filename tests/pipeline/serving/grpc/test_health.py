import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pipeline.serving.conftest import Running, publish

pytestmark = pytest.mark.e2e
SERVICES = {"tensorflow.serving.PredictionService", "tensorflow.serving.ModelService", "grpc.health.v1.Health"}


@pytest.fixture
def channel(running: Running) -> Iterator[Any]:
    import grpc

    with grpc.insecure_channel(f"127.0.0.1:{running.server.grpc_port}") as made:
        yield made


def status(channel: Any, service: str = "") -> str:
    """As kubelets ask."""
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    request = health_pb2.HealthCheckRequest(service=service)
    response = health_pb2_grpc.HealthStub(channel).Check(request, timeout=10)
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(response.status))


def test_a_server_that_serves(channel: Any) -> None:
    import grpc

    for service in ("", "m", "PredictionService", "ModelService", *SERVICES - {"grpc.health.v1.Health"}):
        assert status(channel, service) == "SERVING"
    with pytest.raises(grpc.RpcError) as caught:
        status(channel, "other")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert caught.value.details() == "There is no model or service other"


def test_packed_and_broken_questions(channel: Any) -> None:
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    request = health_pb2.HealthCheckRequest(service="m")
    stub = health_pb2_grpc.HealthStub(channel)
    assert stub.Check(request, compression=grpc.Compression.Gzip, timeout=10).status == 1
    for data, code in ((b"\xff", "INVALID_ARGUMENT"), (bytes(1 << 17), "RESOURCE_EXHAUSTED")):
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary("/grpc.health.v1.Health/Check")(data, timeout=10)
        assert caught.value.code().name == code


def test_reflection_as_clients_use_it(channel: Any) -> None:
    from google.protobuf.descriptor_pool import DescriptorPool
    from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

    database = ProtoReflectionDescriptorDatabase(channel)
    assert set(database.get_services()) == SERVICES | {"grpc.reflection.v1alpha.ServerReflection"}
    pool = DescriptorPool(database)
    service = pool.FindServiceByName("tensorflow.serving.PredictionService")
    methods = {method.name: method for method in service.methods}
    assert set(methods) == {"Predict", "Regress", "Classify", "MultiInference", "GetModelMetadata"}
    assert methods["Predict"].input_type.full_name == "tensorflow.serving.PredictRequest"
    assert methods["Predict"].output_type.fields_by_name["outputs"].message_type is not None
    service = pool.FindServiceByName("tensorflow.serving.ModelService")
    assert [method.name for method in service.methods] == ["GetModelStatus", "HandleReloadConfigRequest"]


def test_who_watches_sees_a_model_come_and_the_server_go(start: Any, tmp_path: Any) -> None:
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    folder = tmp_path / "m"
    folder.mkdir()
    served = start(folder, max_concurrency=4, drain_seconds=10.0)
    with grpc.insecure_channel(f"127.0.0.1:{served.server.grpc_port}") as channel:
        assert status(channel) == status(channel, "m") == "NOT_SERVING"
        stub = health_pb2_grpc.HealthStub(channel)
        watching = stub.Watch(health_pb2.HealthCheckRequest(), timeout=30)
        assert next(watching).status == health_pb2.HealthCheckResponse.NOT_SERVING
        unknown = stub.Watch(health_pb2.HealthCheckRequest(service="other"), timeout=30)
        with pytest.raises(grpc.RpcError) as caught:  # one stream of four calls
            next(unknown)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        publish(folder, 1)
        assert next(watching).status == health_pb2.HealthCheckResponse.SERVING
        assert status(channel) == "SERVING"
        begun = time.monotonic()
        served.server.stop()
        assert time.monotonic() - begun < 5  # the watching does not hold it up
        assert [each.status for each in watching] == [health_pb2.HealthCheckResponse.NOT_SERVING]
