"""TestEvaluation: a last look at rows that nothing before has read, where a test split is kept. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import RootModel

from components.model_gate.measured import ROWS
from components.model_gate.verdict import plain, slice_name
from pipeline.graph.step import UNSEEN, Kept, Records, Results, Step, Wiring
from pipeline.graph.steps import pusher
from pipeline.graph.steps.evaluator import evaluation

if TYPE_CHECKING:
    from rich.console import Console


class UnseenMetrics(RootModel[dict[str, dict[str, float | None]]]):
    """Metrics of the model on the test split, by slice."""

    @property
    def overall(self) -> dict[str, float | None]:
        """Of the whole split."""
        return self.root["overall"]


def _node(wiring: Wiring) -> Any:
    if not wiring.unseen:
        return None
    [split] = wiring.unseen
    evaluator = evaluation(wiring, split, live=None)
    evaluator.add_upstream_node(wiring.nodes[pusher.STEP.name])
    return evaluator


def _read(results: Results) -> UnseenMetrics:
    from components.model_gate.executor import candidate_metrics

    metrics = candidate_metrics(str(results.folder(STEP, "evaluation")))
    return UnseenMetrics({slice_name(key): plain(values) for key, values in metrics.items()})


def _print(console: Console, metrics: UnseenMetrics, records: Records, whole: bool) -> None:
    from pipeline.graph.figures import print_metrics

    del records, whole
    console.print("metrics on the test split, which nothing before has read:")
    print_metrics(console, {"this model": metrics.overall})


UNSEEN_METRICS = Kept("test", UnseenMetrics, _read, _print)
STEP = Step(
    "TestEvaluation",
    _node,
    count=lambda results: {"test": int(_read(results).overall[ROWS] or 0)},
    kept=(UNSEEN_METRICS,),
    reads=lambda config: [UNSEEN],
)
