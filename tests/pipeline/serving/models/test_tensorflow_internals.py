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


def test_nothing_is_left_of_a_closed_model() -> None:
    import gc

    import tensorflow as tf

    from pipeline.serving.models.tensorflow_internals import LoadedSession

    def graphs() -> int:
        return sum(isinstance(found, tf.Graph) for found in gc.get_objects())

    gc.collect()
    before = graphs()
    loaded = LoadedSession(str(MODEL), ("serve",))
    assert graphs() > before
    gc.disable()
    try:
        loaded.close()
        assert graphs() == before
    finally:
        gc.enable()


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
from pathlib import Path
from pipeline.serving.models.manager import load_version
load_version("taxi", 1, Path(sys.argv[1])).close()
"""


def test_no_advice_to_load_otherwise(taxi_run: Any) -> None:
    """In a process of its own: TensorFlow gives the advice once."""
    (pushed,) = (taxi_run.root / "serving" / "taxi-fare").glob("[0-9]*")
    done = subprocess.run([sys.executable, "-c", LOAD, str(pushed)], check=True, capture_output=True, text=True)
    assert "tf_record_iterator" not in done.stderr


def test_a_pushed_model_answers_what_it_answers_when_it_is_optimised_in_full(taxi_run: Any) -> None:
    """To the last bit, as TF Serving does it; one row to a 32-bit float's rounding, as one operation does the work of two there."""
    import tensorflow as tf

    from pipeline.serving.models.tensorflow_internals import LoadedSession, make_callable

    (path,) = (taxi_run.root / "serving" / "taxi-fare").glob("[0-9]*")
    ours = LoadedSession(str(path), ("serve",))
    random = np.random.default_rng(3)
    with tf.Graph().as_default(), tf.compat.v1.Session() as in_full:
        tf.compat.v1.saved_model.load(in_full, ["serve"], str(path))
        for name in ("serving_default", "explain"):
            definition = ours.signatures[name]
            feed = [info.name for info in definition.inputs.values()]
            fetch = [info.name for info in definition.outputs.values()]
            dtypes = [tf.dtypes.as_dtype(info.dtype) for info in definition.inputs.values()]
            run, run_in_full = ours.callable(feed, fetch), make_callable(in_full, feed, fetch)
            rows = [
                np.array([random.choice([b"Cash", b"", b"odd"]) for _ in range(500)], object)
                if dtype == tf.string
                else random.choice([0.0, 1.0, 7.0, 41.9, -87.6, np.nan], 500).astype(dtype.as_numpy_dtype)
                for dtype in dtypes
            ]
            for answer, expected in zip(run(*rows), run_in_full(*rows), strict=True):
                np.testing.assert_array_equal(answer, expected)
            for row in range(50):
                one = [column[row : row + 1] for column in rows]
                for answer, expected in zip(run(*one), run_in_full(*one), strict=True):
                    if answer.dtype == object:
                        assert answer == expected
                    else:
                        np.testing.assert_allclose(answer, expected, rtol=1e-6)
    ours.close()


def test_which_graphs_call_functions(taxi_run: Any) -> None:
    from pipeline.serving.models.tensorflow_internals import LoadedSession

    (pushed,) = (taxi_run.root / "serving" / "taxi-fare").glob("[0-9]*")
    for path, expected in ((pushed, True), (MODEL, False)):
        loaded = LoadedSession(str(path), ("serve",))
        loaded.close()
        assert loaded.inline == expected
