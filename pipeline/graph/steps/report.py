"""Report: the page that people look at before they trust a model, of refused ones too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from pipeline.config.file import Config
from pipeline.graph.places import Places
from pipeline.graph.step import Kept, Records, Results, Step, Wiring
from pipeline.graph.steps import (
    example_gen,
    example_validator,
    fit,
    gather,
    model_gate,
    pusher,
    schema_gen,
    serving_check,
    statistics_gen,
    test_evaluation,
    trainer,
)

if TYPE_CHECKING:
    from rich.console import Console

INPUTS: dict[str, tuple[Step, str]] = {
    "examples": (example_gen.STEP, "examples"),
    "statistics": (statistics_gen.STEP, "statistics"),
    "schema": (schema_gen.STEP, "schema"),
    "anomalies": (example_validator.STEP, "anomalies"),
    "gathered": (gather.STEP, "gathered"),
    "fit": (fit.STEP, "fit"),
    "model": (trainer.STEP, "model"),
    "model_run": (trainer.STEP, "model_run"),
    "verdict": (model_gate.STEP, "verdict"),
    "checked": (serving_check.STEP, "blessing"),
    "pushed_model": (pusher.STEP, "pushed_model"),
    "unseen": (test_evaluation.STEP, "evaluation"),
}
"""By input of the component the step and its output."""

NOT_BESIDE = "not_beside"
"""The artifact's property that says why no report lies beside the pushed version."""


class Page(BaseModel):
    """Where the report lies.

    Attributes:
      page: the HTML file.
      figures: the JSON file.
      not_beside: why it does not lie beside the pushed version too; None where it does, or nothing was pushed.
    """

    page: str
    figures: str
    not_beside: str | None = None


def described(config: Config) -> dict[str, Any]:
    """What a report tells of the configuration, as plain JSON: a part of `report.source.Facts`."""
    return {
        "name": config.name,
        "config": config.model_dump(mode="json", exclude={"targets", "beam"}),
        "written": config.model_dump(mode="json", exclude={"targets", "beam"}, exclude_unset=True, by_alias=True),
        "fingerprint": config.fingerprint(),
    }


def _node(wiring: Wiring) -> Any:
    from pipeline.graph.report.component import Report

    places = wiring.places
    told = {"serving": places.serving, "summaries": places.summaries, "rejected": places.rejected}
    inputs = {key: wiring.output(step, output) for key, (step, output) in INPUTS.items() if step.name in wiring.nodes}
    return Report(wiring.inputs.described, told, **inputs)


def _never_cached(places: Places) -> bool:
    """It has the times of this very run, and looks at what lies beside the versions."""
    del places
    return True


def _read(results: Results) -> Page:
    from pipeline.graph.report.document import REPORT_FILE
    from pipeline.graph.report.page import PAGE_FILE

    artifact, folder = results.artifact(STEP, "report"), results.folder(STEP, "report")
    not_beside = artifact.get_string_custom_property(NOT_BESIDE) or None
    return Page(page=str(folder / PAGE_FILE), figures=str(folder / REPORT_FILE), not_beside=not_beside)


def _print(console: Console, page: Page, records: Records, whole: bool) -> None:
    from rich.markup import escape

    del records, whole
    console.print(f"report: {escape(page.page)}", soft_wrap=True, highlight=False)
    if page.not_beside is not None:
        why = (
            f"the report does not lie beside the pushed version: {page.not_beside}. Copy it there, or see to the folder"
        )
        console.print(f"[yellow]{escape(why)}[/yellow]", soft_wrap=True, highlight=False)


PAGE = Kept("report", Page, _read, _print)
STEP = Step("Report", _node, kept=(PAGE,), never_cached=_never_cached, reads_summary=True)
