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


def test_what_signatures_call_is_put_in_the_place_of_the_calls_for_sessions_alone(tmp_path):
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    from components.internals.tensorflow import inline

    module = tf.Module()
    module.factor = tf.Variable(3.0)
    words = tmp_path / "words"
    words.write_text("a\nb\n")
    module.table = tf.lookup.StaticVocabularyTable(
        tf.lookup.TextFileInitializer(
            str(words),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        ),
        1,
    )

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="word")], autograph=False)
    def function(word):
        found = tf.cast(module.table.lookup(word), tf.float32) * module.factor
        return {"y": tf.cond(tf.size(word) > 1, lambda: -found, lambda: found)}

    module.function = function
    tf.saved_model.save(module, str(tmp_path / "model"), signatures={"serving_default": function})
    path = tmp_path / "model" / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    (graph,) = saved.meta_graphs
    inline(graph)
    path.write_bytes(saved.SerializeToString())
    calls = [node.name + ":0" for node in graph.graph_def.node if node.op.endswith("PartitionedCall")]
    assert calls == [graph.saver_def.save_tensor_name]

    asked, expected = np.array([b"b", b"odd"], object), [-3.0, -6.0]
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], str(tmp_path / "model"))
        signature = loaded.signature_def["serving_default"]
        answer = session.run(signature.outputs["y"].name, {signature.inputs["word"].name: asked})
        np.testing.assert_array_equal(answer, expected)
    again = tf.saved_model.load(str(tmp_path / "model"))
    np.testing.assert_array_equal(again.signatures["serving_default"](word=tf.constant(asked))["y"], expected)
    tf.saved_model.save(again, str(tmp_path / "again"))  # variables can be saved as before
    last = tf.saved_model.load(str(tmp_path / "again"))
    np.testing.assert_array_equal(last.function(tf.constant(asked))["y"], expected)
