"""What a step of the graph is: an entry says all that is known of it outside its own room in `components/`.

An entry imports neither TFX nor TensorFlow, pyarrow or pandas: its functions do when they are called.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from pipeline.config.file import Config
from pipeline.graph.places import Places

if TYPE_CHECKING:
    from rich.console import Console
    from tfx.dsl.components.base.base_node import BaseNode
    from tfx.types.artifact import Artifact
    from tfx.types.channel import BaseChannel

    from pipeline.graph.parameters import Inputs

Record = TypeVar("Record", bound=BaseModel)
Outputs = Mapping[str, Sequence["Artifact"]]


class Records(Protocol):
    """What a summary keeps of the steps that are done."""

    def record(self, kept: Kept[Record]) -> Record | None:
        """What is kept of one step; None if it is not done, or left nothing."""


HEAVY = {"examples": ("Split-", "columns"), "gathered": ("rows",)}  # by output, how its folders of rows begin
UNSEEN = "test"  # the split that no step looks at before the model is pushed


def seen(config: Config) -> list[str]:
    """The other splits."""
    return [name for name in config.data.split_rule().names if name != UNSEEN]


def judged(config: Config) -> str:
    """The split that the model is evaluated on: `eval`, or `train` where no rows are held out."""
    return "eval" if config.data.held_out else "train"


@dataclasses.dataclass(frozen=True)
class Wiring:
    """What a step's node is made from.

    Attributes:
      config: the configuration.
      places: where the run reads and writes.
      inputs: the graph's inputs, as values or as run-time parameters.
      nodes: of the steps before, by name.
    """

    config: Config
    places: Places
    inputs: Inputs
    nodes: dict[str, BaseNode]

    def output(self, step: Step, key: str) -> BaseChannel:
        """An output of a step before."""
        return self.nodes[step.name].outputs[key]

    @property
    def unseen(self) -> list[str]:
        """`UNSEEN`, where there is such a split."""
        return [name for name in self.config.data.split_rule().names if name == UNSEEN]

    @property
    def judged(self) -> str:
        """The split that the model is evaluated on: `eval`, or `train` where no rows are held out."""
        return judged(self.config)


@dataclasses.dataclass(frozen=True)
class Results:
    """What the steps that are done left.

    Attributes:
      outputs: artifacts by output name, by step.
      records: what the summary keeps of them.
      copies: a folder that takes copies of artifacts which lie elsewhere; None where all are on this machine.
    """

    outputs: dict[str, Outputs]
    records: Records
    copies: Path | None = None

    def artifact(self, step: Step, key: str) -> Artifact:
        """The one artifact of an output."""
        from tfx.types import artifact_utils

        return artifact_utils.get_single_instance(list(self.outputs[step.name][key]))

    def folder(self, step: Step, key: str) -> Path:
        """Where that artifact lies on this machine: of one in a bucket a copy, without its rows."""
        uri = self.artifact(step, key).uri
        if self.copies is None or "://" not in uri:
            return Path(uri)
        from pipeline.graph.copies import copied

        return copied(uri, self.copies / step.name / key, HEAVY.get(key, ()))


@dataclasses.dataclass(frozen=True)
class Kept(Generic[Record]):
    """What a run's summary keeps of a step.

    Attributes:
      key: of the summary's JSON.
      model: the type.
      read: makes it from what the step wrote; None for nothing.
      section: prints it; the summary of the other steps is at hand, and whether all of it is wanted, however long.
      refusal: why the step refused the model, a sentence a reason; none if it did not.
    """

    key: str
    model: type[Record]
    read: Callable[[Results], Record | None]
    section: Callable[[Console, Record, Records, bool], None] | None = None
    refusal: Callable[[Record], Sequence[str]] | None = None


@dataclasses.dataclass(frozen=True)
class Early:
    """What of a step's work can begin while the steps before it still run.

    Attributes:
      start: begins it; more than once is once.
      stop: ends it if the step never came.
    """

    start: Callable[[], None]
    stop: Callable[[], None]


def _in_no_run(places: Places) -> bool:
    del places
    return False


@dataclasses.dataclass(frozen=True)
class Step:
    """An entry of the registry.

    Attributes:
      name: the node's id; `task_name` makes a task's name of it.
      node: makes the node; None where the configuration does not ask for it.
      count: rows that the step wrote or read, by split; None for one that handles no rows.
      kept: what a run's summary keeps of it, in the order in which it is shown.
      never_cached: whether it has to run in every run there.
      retried: whether a task that failed is worth another try; not where it fails by its verdict.
      container: whether it runs in a container elsewhere, and comes out of the cache here; not where it is the orchestrator's work.
      needs: raises a PlumblineError if something that the step needs besides the table is not there. Called before TFX is loaded.
      early: what can begin ahead of it.
      reads: the splits that its Beam work reads, as often as it reads them; None where it is none.
      reads_summary: whether it reads the summary of the run as far as it has come.
      beam_modules: full names of what its Beam workers import; warm workers have them at once.
    """

    name: str
    node: Callable[[Wiring], BaseNode | None]
    count: Callable[[Results], dict[str, int]] | None = None
    kept: tuple[Kept[Any], ...] = ()
    never_cached: Callable[[Places], bool] = _in_no_run
    retried: bool = True
    container: bool = True
    needs: Callable[[Config], None] | None = None
    early: Early | None = None
    reads: Callable[[Config], Sequence[str]] | None = None
    reads_summary: bool = False
    beam_modules: tuple[str, ...] = ()


def task_name(step: str) -> str:
    """A step's name where an orchestrator runs it: `ModelGate` is `model-gate` there, because Argo takes no capitals."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in step).removeprefix("-")
