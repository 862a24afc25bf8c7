"""The `run_fn` of TFX's Trainer: the linear model as a Keras graph, its weights from the exact fit or by gradient descent."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from numpy.typing import NDArray
from tfx.components.trainer.fn_args_utils import FnArgs

from components.fit.settings import Sgd, model_from_json
from components.gather import shards
from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.distance import distance
from components.linear_model.families import named
from components.linear_model.linear_fit import LinearFit
from components.linear_model.portable import MODEL_FILE, portable_model
from components.preprocessing.features import features_from_json
from components.preprocessing.transform_graph import learned_of
from components.trainer import sgd
from components.trainer.curves import curves
from components.trainer.model import build_model, input_names, put_weights, weights_of
from components.trainer.signatures import export
from components.trainer.training import TRAINING_FILE, FromExact, LossPoint, Training


def run_fn(fn_args: FnArgs) -> None:
    """Fits and exports.

    Args:
      fn_args: TFX's; `custom_config` holds `label`, `weight`, `features`, `missing` and `model` (the configuration's, as plain
        JSON), `unit` (the label's), `level` (of the prediction intervals), `linear_fit` and `gathered` (folders of those
        artifacts).

    Writes the SavedModel to `serving_model_dir`, and model.json beside it (`portable`); to `model_run_dir` training.json
    (`training`) and, of gradient descent, TensorBoard's logs.

    Raises:
      DataError: gradient descent did not converge to finite weights.
    """
    config = fn_args.custom_config
    settings = model_from_json(config["model"])
    exact = LinearFit.load(config["linear_fit"], tf.io.gfile.GFile)
    transform = tft.TFTransformOutput(fn_args.transform_output)
    model = build_model(exact.design)
    trace: list[LossPoint] = []
    rows = exact.rows_read
    if isinstance(settings, Sgd):
        rows, trace = _descend(model, settings, fn_args, exact)
    else:
        put_weights(model, exact.fit.coefficients, exact.design)
    found = weights_of(model, exact.design)
    apart = distance(exact, found) if trace else None
    raw = exact.in_raw_units(found[0], found[1:]).tolist()
    features = features_from_json(config["features"])
    weights = exact.fit.coefficients if settings.solver == "exact" else found
    learned = learned_of(transform, features)
    level, missing, unit = (config[key] for key in ("level", "missing", "unit"))
    portable = portable_model(exact, config["features"], learned, weights, level, settings.solver, missing, unit)
    export(model, transform, portable, fn_args.serving_model_dir)
    with tf.io.gfile.GFile(os.path.join(fn_args.serving_model_dir, MODEL_FILE), "w") as file:
        file.write(portable.to_text())
    training = Training(
        label=config["label"],
        solver=settings.solver,
        rows={"train": rows},
        intercept=raw[0],
        coefficients=dict(zip(exact.design.column_names, raw[1:], strict=True)),
        curves=curves(exact.design, learned, raw),
        loss=named(exact.family).loss_in_words,
        loss_trace=trace,
        from_exact=FromExact(**dataclasses.asdict(apart)) if apart else None,
    )
    with tf.io.gfile.GFile(os.path.join(fn_args.model_run_dir, TRAINING_FILE), "w") as file:
        file.write(training.to_json())


def _descend(model: keras.Model, settings: Sgd, fn_args: FnArgs, exact: LinearFit) -> tuple[int, list[LossPoint]]:
    """Gradient descent on the training split. Returns its rows and the loss trace."""
    columns = _read_columns(fn_args.custom_config["gathered"], exact.design)
    label = columns[shards.LABEL].astype(np.float32)
    weight = _weights(columns, exact)
    features = {name: columns[key] for key, name in input_names(exact.design).items()}
    trace = sgd.fit(model, settings, features, label, weight, os.path.join(fn_args.model_run_dir, "logs"))
    found = weights_of(model, exact.design)
    sgd.check_converged(settings, found, trace, float(np.average(label, weights=weight)))
    found[0] -= exact.intercept_shift  # of class weights: they are in the loss, and not in the answers
    put_weights(model, found, exact.design)
    return len(label), trace


def _weights(columns: dict[str, NDArray[Any]], exact: LinearFit) -> NDArray[np.float32] | None:
    """What the rows weigh in the fit, their class's weight among it, [n]; None where all weigh the same."""
    found = columns.get(shards.WEIGHT)
    if exact.class_weights is not None:
        of_class = np.where(columns[shards.LABEL] == 0, *exact.class_weights)
        found = of_class if found is None else found * of_class
    return None if found is None else found.astype(np.float32)


def _read_columns(gathered: str, design: DesignMatrix) -> dict[str, NDArray[Any]]:
    """The training split in memory, arrays [n]: by term scaled numbers (float32) or level ids, the label, the weight."""
    read = [batch for path in shards.shards(gathered) for batch in shards.read(path)]
    columns = {name: np.concatenate([batch.column(name).to_numpy() for batch in read]) for name in read[0].schema.names}
    for index, term in enumerate(design.terms):
        values = columns.pop(shards.term_column(index))
        columns[term.key] = values if term.levels else ((values - term.mean) / term.std).astype(np.float32)
    return columns
