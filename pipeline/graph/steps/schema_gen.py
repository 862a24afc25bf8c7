"""SchemaGen: the schema that the configuration names, or TFX's, inferred from the statistics."""

from __future__ import annotations

from typing import Any

from pipeline.graph.step import Step, Wiring
from pipeline.graph.steps import statistics_gen


def _node(wiring: Wiring) -> Any:
    config = wiring.config
    if wiring.places.schema and config.table_schema:
        from components.import_schema.component import ImportTableSchema

        return ImportTableSchema(wiring.places.schema, config.table_schema.read_bytes(), config.table_spec().added)
    from tfx.components import SchemaGen

    # No shapes: every column stays optional, so that a missing value is imputed in serving as it was in training.
    return SchemaGen(
        statistics=wiring.output(statistics_gen.STEP, "statistics"),
        infer_feature_shape=False,
        exclude_splits=wiring.unseen,
    )


STEP = Step("SchemaGen", _node)
