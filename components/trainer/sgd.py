"""`solver: sgd`: gradient descent on the family's loss, with a trace of it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from components.errors import DataError
from components.fit.settings import Sgd
from components.linear_model import array_functions
from components.linear_model.families import Family
from components.trainer.training import LossPoint

EVALUATION_BATCH = 65_536


class LossTrace(keras.callbacks.Callback):
    """The loss over the whole training split, every `every` steps, before the first and after the last.

    Attributes:
      points: the (weighted) mean of the loss at the weights that `step` updates have led to. A squared
        error is the whole square, not half of it.
    """

    def __init__(
        self, family: Family, features: dict[str, Any], label: Any, weight: Any, every: int, steps: int
    ) -> None:
        super().__init__()
        self._loss = FamilyLoss(family, "float64")
        self._data = (features, label, weight)
        self._every = every
        self._steps = steps
        self.points: list[LossPoint] = []

    def _record(self, step: int) -> None:
        features, label, weight = self._data
        predicted = [
            np.ravel(self.model({k: v[i : i + EVALUATION_BATCH] for k, v in features.items()})).astype(np.float64)
            for i in range(0, len(label), EVALUATION_BATCH)
        ]
        loss = self._loss(label.reshape(-1, 1), np.concatenate(predicted).reshape(-1, 1), sample_weight=weight)
        self.points.append(LossPoint(step=step, loss=float(loss)))

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Step 0."""
        del logs
        self._record(0)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After `batch` + 1 steps."""
        del logs
        step = batch + 1
        if step % self._every == 0 or step == self._steps:
            self._record(step)


class FamilyLoss(keras.losses.Loss):
    """The family's loss of labels and η, [n, 1] each: Σ w·loss / Σ w."""

    def __init__(self, family: Family, dtype: str) -> None:
        super().__init__(reduction="mean_with_sample_weight", dtype=dtype)
        self._family = family

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Of each row, [n]."""
        return tf.reshape(self._family.loss(y_true, y_pred, tf.math), [-1])


def fit(
    model: keras.Model,
    settings: Sgd,
    features: dict[str, NDArray[Any]],
    label: NDArray[np.float32],
    weight: NDArray[np.float32] | None,
    log_dir: str,
) -> list[LossPoint]:
    """Fits the model in place.

    Args:
      model: from `build_model`; its outputs are linear predictors.
      settings: learning rate, steps, batch.
      features: transformed columns, shape [n] each.
      label: shape [n].
      weight: shape [n], or None.
      log_dir: for TensorBoard.

    Returns:
      The loss trace (`LossTrace.points`).

    Raises:
      ValueError: label, weight and features differ in shape.
    """
    shapes = {value.shape for value in (label, *features.values(), *([] if weight is None else [weight]))}
    if len(shapes) != 1 or label.ndim != 1:
        raise ValueError(f"features, label and weight must all have the same shape [n]; received {sorted(shapes)}")
    # Labels take the shape of the predictions, [n, 1]: another rank would broadcast to n×n, or lose the weights.
    column = label.reshape(-1, 1)
    rows = (features, column) if weight is None else (features, column, weight)
    if settings.batch_size is None:
        data = tf.data.Dataset.from_tensors(rows)
    else:
        data = tf.data.Dataset.from_tensor_slices(rows)
        data = data.shuffle(len(label), seed=settings.seed).batch(settings.batch_size)
    family = settings.of_family
    trained = keras.Model(model.inputs, model.output)
    trace = LossTrace(family, features, label, weight, settings.trace_every, settings.steps)
    loss = FamilyLoss(family, "float32")
    trained.compile(keras.optimizers.SGD(settings.learning_rate), loss=loss, jit_compile=False)
    board = keras.callbacks.TensorBoard(log_dir, write_graph=False, update_freq=settings.trace_every)
    trained.fit(
        data.repeat(), epochs=1, steps_per_epoch=settings.steps, callbacks=[trace, board], verbose=0, shuffle=False
    )
    return trace.points


def check_converged(settings: Sgd, coefficients: NDArray[np.float64], trace: list[LossPoint], mean: float) -> None:
    """Coefficients and the last loss are numbers.

    Args:
      settings: of the descent.
      coefficients: [1 + p], that it led to.
      trace: its losses.
      mean: of the labels, weighted.

    Raises:
      DataError: they are infinite or NaN.
    """
    if np.isfinite([*coefficients, trace[-1].loss]).all():
        return
    family, far = settings.of_family, ""
    if family.link.name == "log":  # a mean far from that of η = 0 is reached through an exponential
        start = float(family.link.inverse(0.0, array_functions))
        far = (
            f" Descent begins at a mean of {start:g}, and that of the labels is {mean:.4g}: a label in other units, an offset or "
            "an exposure that brings them nearer to each other lets it take smaller steps."
        )
    raise DataError(
        f"gradient descent diverged: the loss was {trace[0].loss:.6g} at step 0 and {trace[-1].loss:.6g} at "
        f"step {trace[-1].step}. Lower model.learning_rate (now {settings.learning_rate:g}) or scale the features.{far}"
    )
