"""What the steps' Beam work needs. Workers are forked from a process that has imported this."""

import tfx.components  # noqa: F401, I001 (first: it prepares the modules that TFDV and TFMA import)
import tensorflow_data_validation  # noqa: F401
import tensorflow_model_analysis  # noqa: F401
import tensorflow_transform.beam  # noqa: F401

import components.ingest.executor
import components.fit.executor
import components.gather.executor
import components.model_gate.metrics
import components.preprocessing.preprocessing_fn  # noqa: F401
