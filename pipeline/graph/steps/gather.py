"""Gather: one pass over the raw training rows, for the fit."""

from __future__ import annotations

from typing import Any

from components.fit.settings import exact_of
from pipeline.graph.step import Results, Step, Wiring
from pipeline.graph.steps import example_gen, transform


def _node(wiring: Wiring) -> Any:
    from components.gather.component import Gather

    config = wiring.config
    slices = config.slice_columns if exact_of(config.model).diagnosed else []
    return Gather(
        examples=wiring.output(example_gen.STEP, "examples"),
        transform_graph=wiring.output(transform.STEP, "transform_graph"),
        settings={**config.step_config(), "family": config.family.text, "slices": slices},
    )


def _count(results: Results) -> dict[str, int]:
    from components.linear_model.gathered import GatheredRows

    return {"train": GatheredRows.load(str(results.folder(STEP, "gathered"))).rows_read}


STEP = Step("Gather", _node, count=_count, beam_modules=("components.gather.executor",), reads=lambda config: ["train"])
