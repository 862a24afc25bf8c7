from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pipeline.serving.conftest import MODEL

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("plain words, [x] and {y} kept\nover two lines", "plain words, [x] and {y} kept\nover two lines"),
        ("a [x]\n\t [[{{function_node __inference_a_1}}{{node Assert/Assert}}]]", "a [x]"),
        (
            "{{function_node __wrapped__A}} {{function_node __b}} a: shape [2] != [3]\n\t [[{{node stack}}]]\n\t [[call/x]]",
            "a: shape [2] != [3]",
        ),
        ("{{function_node __wrapped__A_device_/job:localhost}} a [Op:A]", "a [Op:A]"),
        (
            "2 root error(s) found.\n  (0) INVALID_ARGUMENT: a\n\t [[{{node x}}]]\n\t [[y/_3]]\n"
            "  (1) INVALID_ARGUMENT: b\n\t [[{{node z}}]]\n"
            "0 successful operations.\n0 derived errors ignored.",
            "a",
        ),
        ("a\n\t [[{{node x}}]]\n\nOriginal stack trace for 'x':\n  File \"/home/me/x.py\", line 1", "a"),
        ("a\n\nDetected at node 'x' defined at (most recent call last):\n  File", "a"),
        ("a\nErrors may have originated from an input operation.\nInput Source operations connected to node x", "a"),
    ],
)
def test_names_of_nodes_are_not_told(message: str, words: str) -> None:
    from pipeline.serving.models.servable import without_nodes

    assert without_nodes(message) == words


def test_what_a_model_says_of_bytes_that_are_no_text() -> None:
    from pipeline.serving.errors import RequestError
    from pipeline.serving.models.servable import Servable

    servable = Servable.load("m", 1, MODEL)
    examples = np.empty(1, object)
    examples[0] = b"\xff\xfe"
    with pytest.raises(RequestError) as caught:
        servable.call("regress", {"inputs": examples})
    servable.close()
    assert caught.value.code == "INVALID_ARGUMENT"
    assert "Could not parse example input" in caught.value.message
    assert "[[" not in caught.value.message


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose signatures take three vectors: one of which each needs as many values as the others, and one without."""
    import tensorflow as tf

    specs = [tf.TensorSpec([None], tf.float32, name=name) for name in "abc"]

    @tf.function(input_signature=specs)
    def rows(a: Any, b: Any, c: Any) -> Any:
        return {"sum": tf.reduce_sum(tf.stack([tf.reshape(x, [-1]) for x in (a, b, c)]), 0)}

    @tf.function(input_signature=specs)
    def free(a: Any, b: Any, c: Any) -> Any:
        return {"sum": tf.reduce_sum(a) + tf.reduce_sum(b) + tf.reduce_sum(c)}

    folder = tmp_path_factory.mktemp("several") / "model"
    tf.saved_model.save(tf.Module(), str(folder), signatures={"rows": rows, "free": free})
    return folder


def test_inputs_of_different_lengths_are_named(several: Path) -> None:
    from pipeline.serving.errors import RequestError
    from pipeline.serving.models.servable import Servable

    servable = Servable.load("m", 1, several)

    def call(signature: str, *sizes: int) -> Any:
        return servable.call(
            signature, {name: np.ones(size, np.float32) for name, size in zip("abc", sizes, strict=True)}
        )

    assert call("rows", 2, 2, 2)["sum"].tolist() == [3, 3]
    assert call("free", 1, 2, 3)["sum"] == 6  # a model may take such
    scalars = dict.fromkeys("abc", np.float32(1).reshape(()))
    assert servable.call("rows", scalars)["sum"].tolist() == [3]
    for sizes, words in {
        (2, 3, 2): 'Inputs of different lengths: expected 2 values of each, as of "a"; "b" has 3. ',
        (1, 2, 1): 'Inputs of different lengths: expected 1 value of each, as of "a"; "b" has 2. ',
        (4, 3, 3): 'Inputs of different lengths: expected 3 values of each, as of "b"; "a" has 4. ',
        (1, 2, 3): 'Inputs of different lengths: expected 1 value of each, as of "a"; "b" has 2, "c" has 3. ',
    }.items():
        with pytest.raises(RequestError) as caught:
            call("rows", *sizes)
        assert caught.value.message.startswith(words)
        assert "[[" not in caught.value.message
        assert caught.value.code == "INVALID_ARGUMENT"
    servable.close()
