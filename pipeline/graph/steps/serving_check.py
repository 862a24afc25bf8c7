"""ServingCheck: the very files that are to be pushed, loaded and queried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.serving_check.process import CheckProcess
from components.serving_check.report import REPORT_FILE, WAY_OUT, CheckReport
from pipeline.graph.step import Early, Kept, Records, Results, Step, Wiring
from pipeline.graph.steps import example_gen, infra_validator, model_gate, trainer

if TYPE_CHECKING:
    from rich.console import Console


def _node(wiring: Wiring) -> Any:
    from components.serving_check.component import ServingCheck

    validator = wiring.nodes.get(infra_validator.STEP.name)
    return ServingCheck(
        model=wiring.output(trainer.STEP, "model"),
        examples=wiring.output(example_gen.STEP, "examples"),
        verdict=wiring.output(model_gate.STEP, "verdict"),
        facts=wiring.inputs.facts,
        infra_blessing=None if validator is None else validator.outputs["blessing"],
    )


def _read(results: Results) -> CheckReport | None:
    """None for a model that was refused before."""
    path = results.folder(STEP, "blessing") / REPORT_FILE
    return CheckReport.parse(path.read_text(), path, WAY_OUT) if path.exists() else None


def _print(console: Console, report: CheckReport, records: Records, whole: bool) -> None:
    del records, whole
    if report.latency_ms is not None:
        console.print(
            f"serving check: {report.compared:,} answers agree with the fit; one row in {report.latency_ms.p50} ms "
            f"(p99 {report.latency_ms.p99})",
            highlight=False,
        )


CHECK = Kept("serving_check", CheckReport, _read, _print)
STEP = Step(
    "ServingCheck",
    _node,
    kept=(CHECK,),
    early=Early(CheckProcess.start_early, CheckProcess.stop_early),
)
