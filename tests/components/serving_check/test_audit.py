"""Operations that no served model may hold, in SavedModels made here."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def saved(folder, function):
    import tensorflow as tf

    module = tf.Module()
    module.weight = tf.Variable(2.0)
    module.call = tf.function(
        lambda x: function(x) * module.weight, input_signature=[tf.TensorSpec([None], tf.float32, name="x")]
    )
    tf.saved_model.save(module, str(folder), signatures=module.call)
    return folder


def test_arithmetic_passes_and_what_saves_the_variables_is_left_out(tmp_path):
    from components.serving_check.audit import audit

    assert audit(saved(tmp_path, lambda x: x + 1)) == []


@pytest.mark.parametrize("kind", ["EagerPyFunc", "WriteFile", "ReadFile", "PrintV2"])
def test_a_python_function_files_and_printing_are_refused_by_name(tmp_path, kind):
    import tensorflow as tf

    from components.serving_check.audit import audit

    def bad(x):
        if kind == "EagerPyFunc":
            return tf.reshape(tf.py_function(lambda value: value, [x], tf.float32), [-1])
        if kind == "WriteFile":
            tf.io.write_file("/tmp/out", "text")  # noqa: S108 (never run)
        elif kind == "ReadFile":
            return x + tf.cast(tf.strings.length(tf.io.read_file("/etc/hostname")), tf.float32)
        else:
            tf.print(x)
        return x

    problems = audit(saved(tmp_path, bad))
    assert any(f"operation {kind} " in problem for problem in problems), problems


def test_an_operation_deep_inside_called_functions_is_found(tmp_path):
    import tensorflow as tf

    from components.serving_check.audit import audit

    @tf.function
    def inner(x):
        tf.print("here")
        return x

    @tf.function
    def outer(x):
        return inner(x) + 1

    assert any("operation PrintV2" in problem for problem in audit(saved(tmp_path, outer)))
