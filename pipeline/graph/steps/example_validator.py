"""ExampleValidator: TFX's, which compares the statistics with the schema."""

from __future__ import annotations

from typing import Any

from pipeline.graph.step import Step, Wiring
from pipeline.graph.steps import schema_gen, statistics_gen


def _node(wiring: Wiring) -> Any:
    from tfx.components import ExampleValidator

    return ExampleValidator(
        statistics=wiring.output(statistics_gen.STEP, "statistics"),
        schema=wiring.output(schema_gen.STEP, "schema"),
        exclude_splits=wiring.unseen,
    )


STEP = Step("ExampleValidator", _node)
