"""ModelGate: judges what the Evaluator measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.model_gate.measured import ROWS
from components.model_gate.verdict import VERDICT_FILE, WAY_OUT, Verdict
from pipeline.graph.step import Kept, Records, Results, Step, Wiring
from pipeline.graph.steps import baseline, evaluator, trainer

if TYPE_CHECKING:
    from rich.console import Console


def _node(wiring: Wiring) -> Any:
    from components.model_gate.component import ModelGate

    return ModelGate(
        evaluation=wiring.output(evaluator.STEP, "evaluation"),
        model=wiring.output(trainer.STEP, "model"),
        baseline_model=baseline.live_model(wiring),
        rules=wiring.inputs.rules,
    )


def _read(results: Results) -> Verdict:
    path = results.folder(STEP, "verdict") / VERDICT_FILE
    return Verdict.parse(path.read_text(), path, WAY_OUT)


def _count(results: Results) -> dict[str, int]:
    """The Evaluator's, which reports none of its own."""
    verdict = _read(results)
    return {verdict.split: int(verdict.metrics["overall"][ROWS] or 0)}


def _print(console: Console, verdict: Verdict, records: Records, whole: bool) -> None:
    from rich.markup import escape

    from pipeline.graph.figures import print_metrics
    from pipeline.graph.tables import print_tables

    del records, whole
    live = (verdict.baseline or {}).get("overall")
    train = "the training rows themselves, as none is held out"
    console.print(f"metrics on {train if verdict.split == 'train' else 'the eval split'}:")
    print_metrics(console, {"this model": verdict.metrics["overall"], **({"live model": live} if live else {})})
    if verdict.tables is not None:
        print_tables(console, verdict.tables)
    console.print(f"verdict: {'[green]blessed[/green]' if verdict.blessed else '[red]refused[/red]'}")
    for text in verdict.checks if verdict.blessed else verdict.reasons:
        console.print(f"  {escape(text)}", soft_wrap=True, highlight=False)


VERDICT = Kept("verdict", Verdict, _read, _print, refusal=lambda verdict: verdict.reasons)
STEP = Step("ModelGate", _node, count=_count, kept=(VERDICT,))
