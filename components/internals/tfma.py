"""Parts of TensorFlow Model Analysis 0.52 that are none of its API. TFX must have been imported before."""

from __future__ import annotations

from typing import Any

from tensorflow_model_analysis.extractors.predictions_extractor import PREDICTIONS_EXTRACTOR_STAGE_NAME
from tensorflow_model_analysis.extractors.unbatch_extractor import UNBATCH_EXTRACTOR_STAGE_NAME
from tensorflow_model_analysis.metrics import metric_types

PREDICTING, UNBATCHING = PREDICTIONS_EXTRACTOR_STAGE_NAME, UNBATCH_EXTRACTOR_STAGE_NAME
"""The stages of `tfma.default_extractors` by which the model predicts, and batches are taken apart into rows."""


def register(metric: type[Any]) -> None:
    """Has an EvalConfig find a class of metrics by its name."""
    metric_types.register_metric(metric)
