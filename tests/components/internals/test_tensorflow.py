import numpy as np
import pytest

pytestmark = pytest.mark.e2e


def test_an_optimised_function_answers_the_same_without_variables_and_what_follows_from_constants(tmp_path):
    import tensorflow as tf

    from components.internals.tensorflow import optimised

    module = tf.Module()
    module.factor = tf.Variable(3.0)
    words = tf.lookup.KeyValueTensorInitializer(["a"], [7.0])
    module.table = tf.lookup.StaticHashTable(words, -1.0)

    def function(given):
        scale = tf.sqrt(tf.constant(16.0)) * module.factor
        odd = tf.cond(tf.reduce_any(given["x"] < 0), lambda: -given["x"], lambda: given["x"])
        return {"y": odd * scale, "z": module.table.lookup(given["word"])}

    argument = {"word": tf.TensorSpec([None], tf.string), "x": tf.TensorSpec([None], tf.float32)}
    found = tf.function(optimised(function, argument), input_signature=[argument], autograph=False)
    usual = tf.function(function, input_signature=[argument], autograph=False)
    smaller, larger = (
        {node.op for node in of.get_concrete_function().graph.as_graph_def().node} for of in (found, usual)
    )
    assert larger - smaller == {"ReadVariableOp", "Sqrt"}
    module.found = found
    tf.saved_model.save(module, str(tmp_path))  # it can be saved, and loaded, twice in a process
    for of in (found, tf.saved_model.load(str(tmp_path)).found):
        answer = of({"word": tf.constant(["a", "b"]), "x": tf.constant([1.0, -2.0])})
        np.testing.assert_array_equal(answer["y"], [-12.0, 24.0])
        np.testing.assert_array_equal(answer["z"], [7.0, -1.0])
