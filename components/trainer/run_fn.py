"""The `run_fn` of TFX's Trainer: reads the transformed rows, fits, exports."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from numpy.typing import NDArray
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx_bsl.public.tfxio import TensorFlowDatasetOptions

from components.errors import DataError
from components.preprocessing.design_matrix import raw_coefficients
from components.preprocessing.features import features_from_json
from components.preprocessing.transform_graph import design_matrix_of
from components.trainer import sgd
from components.trainer.model import LINEAR_LAYER, build_model
from components.trainer.settings import Sgd
from components.trainer.signatures import export

FIT_FILE = "fit.json"
READ_BATCH = 8_192


def run_fn(fn_args: FnArgs) -> None:
    """Fits and exports.

    Args:
      fn_args: TFX's; `custom_config` holds `features`, `label`, `weight` and `model` (the configuration's, as plain JSON).

    Writes the SavedModel to `serving_model_dir`; to `model_run_dir` TensorBoard's logs and `fit.json`: `rows` (read from
    the training split), `intercept` and `coefficients` (raw units, see `raw_coefficients`), `design` (the terms),
    `solver`, and for gradient descent `loss_trace` (mean squared error).

    Raises:
      DataError: gradient descent did not converge to finite weights.
    """
    config = fn_args.custom_config
    features = features_from_json(config["features"])
    transform = tft.TFTransformOutput(fn_args.transform_output)
    design = design_matrix_of(transform, features)
    columns = _read_columns(fn_args, transform)
    label = columns.pop(config["label"])
    weight = columns.pop(config["weight"]) if config["weight"] else None
    columns = {term.key: columns[term.key] for term in design.terms}

    model = build_model(design)
    settings = Sgd.model_validate(config["model"])
    keras_logs = os.path.join(fn_args.model_run_dir, "logs")
    trace = sgd.fit(model, settings, columns, label, weight, keras_logs)

    kernel, bias = (np.asarray(value, np.float64) for value in model.get_layer(LINEAR_LAYER).get_weights())
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise DataError(
            f"gradient descent diverged: the loss was {trace[0]['loss']:.6g} at step 0 and {trace[-1]['loss']:.6g} at "
            f"step {trace[-1]['step']}. Lower model.learning_rate (now {settings.learning_rate:g}) or scale the features."
        )
    intercept, coefficients = raw_coefficients(design, float(bias[0]), kernel[:, 0], design.rows(columns))
    export(model, transform, {config["label"], config["weight"]}, fn_args.serving_model_dir)
    result = {
        "label": config["label"],
        "solver": settings.solver,
        "rows": {"train": len(label)},
        "intercept": intercept,
        "coefficients": coefficients,
        "loss": "mean squared error",
        "loss_trace": trace,
        "design": design.to_json(),
    }
    with tf.io.gfile.GFile(os.path.join(fn_args.model_run_dir, FIT_FILE), "w") as file:
        file.write(json.dumps(result, indent=1))


def _read_columns(fn_args: FnArgs, transform: tft.TFTransformOutput) -> dict[str, NDArray[Any]]:
    """The transformed training split in memory: arrays of shape [n] by name."""
    batches = fn_args.data_accessor.tf_dataset_factory(
        fn_args.train_files,
        TensorFlowDatasetOptions(batch_size=READ_BATCH, num_epochs=1, shuffle=False),
        transform.transformed_metadata.schema,
    )
    parts = [{name: np.ravel(value) for name, value in batch.items()} for batch in batches.as_numpy_iterator()]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
