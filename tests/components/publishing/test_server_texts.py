"""The texts that TensorFlow's model server reads, parsed as it parses them."""

import pytest

from components.publishing.server_texts import MODELS_FILE, MONITORING_FILE, server_texts

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_models_config_is_a_model_server_config():
    from google.protobuf import text_format
    from tensorflow_serving.config import model_server_config_pb2

    config = text_format.Parse(server_texts("taxi-fare")[MODELS_FILE], model_server_config_pb2.ModelServerConfig())
    [model] = config.model_config_list.config
    assert (model.name, model.base_path, model.model_platform) == ("taxi-fare", "/models/taxi-fare", "tensorflow")


def test_monitoring_config_has_the_fields_of_its_proto():
    """tensorflow-serving-api has no monitoring_config_pb2; the message is made here as TF Serving's source declares it."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

    file = descriptor_pb2.FileDescriptorProto(name="monitoring.proto", package="t", syntax="proto3")
    inner = file.message_type.add(name="PrometheusConfig")
    inner.field.add(name="enable", number=1, type=8, label=1)
    inner.field.add(name="path", number=2, type=9, label=1)
    outer = file.message_type.add(name="MonitoringConfig")
    outer.field.add(name="prometheus_config", number=1, type=11, type_name=".t.PrometheusConfig", label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName("t.MonitoringConfig"))()
    text_format.Parse(server_texts("taxi-fare")[MONITORING_FILE], message)
    assert message.prometheus_config.enable
    assert message.prometheus_config.path == "/monitoring/prometheus/metrics"
