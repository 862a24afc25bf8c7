"""What the server uses of TensorFlow's inner parts is there, and does what the server needs."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.pipeline.serving.conftest import MODEL

pytestmark = pytest.mark.e2e


@pytest.fixture
def session() -> Iterator[Any]:
    from pipeline.serving.models.tensorflow_internals import LoadedSession

    loaded = LoadedSession(str(MODEL), ("serve",))
    yield loaded
    loaded.close()


def test_a_callable_takes_and_gives_arrays(session: Any) -> None:
    raw = session.signatures["raw"]
    run = session.callable([raw.inputs["x"].name], [info.name for info in raw.outputs.values()])
    (answer,) = run(np.array([0.5, 1], np.float32))
    assert type(answer) is np.ndarray
    np.testing.assert_allclose(answer.ravel(), [1.07847297, 4.50046873], rtol=1e-6)


def test_the_callers_thread_does_the_work() -> None:
    import tensorflow as tf

    from pipeline.serving.models.tensorflow_internals import make_callable

    threads = []

    def note(array: np.ndarray) -> np.ndarray:
        threads.append(threading.get_ident())
        return array

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        fed = tf.compat.v1.placeholder(tf.float32, [None])
        noted = tf.compat.v1.py_func(note, [fed], tf.float32)
        run = make_callable(session, [fed.name], [noted.name])
        for _ in range(20):
            run(np.ones(1, np.float32))
    assert threads == [threading.get_ident()] * 20


def test_what_is_not_there_is_an_op_error(session: Any) -> None:
    import tensorflow as tf

    with pytest.raises(tf.errors.OpError):
        session.callable(["no such tensor:0"], [])


def test_values_that_the_graph_refuses_are_an_op_error(session: Any) -> None:
    import tensorflow as tf

    regress = session.signatures["regress"]
    run = session.callable([regress.inputs["inputs"].name], [info.name for info in regress.outputs.values()])
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(np.array([b"no example"], object))


def test_graph_and_tags(session: Any) -> None:
    from pipeline.serving.models.tensorflow_internals import LoadedSession

    assert "ParseExampleV2" in {
        node.op
        for nodes in (session.graph_def.node, *(f.node_def for f in session.graph_def.library.function))
        for node in nodes
    }
    with pytest.raises(RuntimeError, match="could not be found"):
        LoadedSession(str(MODEL), ("gpu",))


LOAD = """
import sys
from pipeline.serving.models.tensorflow_internals import LoadedSession
LoadedSession(sys.argv[1], ("serve",)).close()
"""


def test_no_advice_to_load_otherwise() -> None:
    """In a process of its own: TensorFlow gives the advice once."""
    done = subprocess.run([sys.executable, "-c", LOAD, str(MODEL)], check=True, capture_output=True, text=True)
    assert "saved_model.load" not in done.stderr
