import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.serving.conftest import MODEL

pytestmark = pytest.mark.e2e

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Makes a SavedModel with warm-up records."""

    def written(*records: Any) -> Path:
        import tensorflow as tf

        path = shutil.copytree(MODEL, tmp_path / "1")
        (path / "assets.extra").mkdir()
        with tf.io.TFRecordWriter(str(path / "assets.extra" / "tf_serving_warmup_requests")) as writer:
            for record in records:
                writer.write(record if isinstance(record, bytes) else record.SerializeToString())
        return path

    return written


def predict_log(signature: str = "raw") -> Any:
    import tensorflow as tf
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    log = PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = "whatever"
    request.model_spec.signature_name = signature
    request.inputs["x"].CopyFrom(tf.make_tensor_proto([0.5]))
    return log


def regress_log() -> Any:
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    log = PredictionLog()
    log.regress_log.request.model_spec.signature_name = "regress"
    example = log.regress_log.request.input.example_list.examples.add()
    example.features.feature["x"].float_list.value.append(1.0)
    return log


def test_records_are_replayed(write: Write) -> None:
    from pipeline.serving.models import warmup
    from pipeline.serving.models.servable import Servable

    path = write(predict_log(), regress_log())
    servable = Servable.load("m", 1, path)
    assert warmup.replay(servable, path) == 2
    assert warmup.replay(servable, MODEL) == 0
    servable.close()


def test_a_record_that_fails_refuses_the_model(write: Write) -> None:
    from pipeline.serving.errors import RequestError
    from pipeline.serving.models.manager import load_version

    path = write(predict_log(), predict_log("nope"))
    with pytest.raises(RequestError, match=r'Serving signature key "nope" not found\.'):
        load_version("m", 1, path)


def test_records_that_are_none(write: Write) -> None:
    from pipeline.serving.errors import RequestError
    from pipeline.serving.models.manager import load_version

    path = write(b"\xff\xff")
    with pytest.raises(RequestError, match="Failed to parse warmup record"):
        load_version("m", 1, path)
    (path / "assets.extra" / "tf_serving_warmup_requests").write_bytes(b"no record at all, that is")
    with pytest.raises(RequestError, match="Please verify your warmup data is in TFRecord format"):
        load_version("m", 1, path)


def test_a_thousand_records_are_enough(write: Write) -> None:
    from pipeline.serving.errors import RequestError
    from pipeline.serving.models.manager import load_version

    path = write(*[predict_log()] * 1001)
    with pytest.raises(RequestError, match=r"Number of warmup records exceeds the maximum \(1000\)"):
        load_version("m", 1, path)


def test_records_of_other_kinds(write: Write) -> None:
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    from pipeline.serving.errors import RequestError
    from pipeline.serving.models.manager import load_version

    log = PredictionLog()
    log.session_run_log.SetInParent()
    with pytest.raises(RequestError, match="Unsupported log_type for warmup: 5"):
        load_version("m", 1, write(PredictionLog(), log))
