"""Pusher: publishes a model that is blessed and checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from components.errors import RunError
from components.publishing.server_texts import server_texts
from components.publishing.versions import versions
from pipeline.graph.places import Places
from pipeline.graph.step import Kept, Records, Results, Step, Wiring
from pipeline.graph.steps import model_gate, serving_check

if TYPE_CHECKING:
    from rich.console import Console


class Pushed(BaseModel):
    """What was pushed.

    Attributes:
      version: its number; None at an endpoint.
      path: its folder, or the endpoint.
      already: whether it was live before.
    """

    version: int | None
    path: str
    already: bool


def _node(wiring: Wiring) -> Any:
    """Takes the model out of the InfraBlessing: the very files that were checked."""
    blessings = {
        "model_blessing": wiring.output(model_gate.STEP, "blessing"),
        "infra_blessing": wiring.output(serving_check.STEP, "blessing"),
    }
    if wiring.places.endpoint is not None:
        from tfx.extensions.google_cloud_ai_platform.pusher import component  # takes seconds

        return component.Pusher(**blessings, custom_config=wiring.places.endpoint)
    from tfx.components import Pusher
    from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
    from tfx.proto import pusher_pb2

    from components.pusher.executor import Executor

    return Pusher(
        **blessings,
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=wiring.places.serving)
        ),
        custom_config={"keep": wiring.config.serve.keep, "texts": server_texts(wiring.config.name)},
        custom_executor_spec=ExecutorClassSpec(Executor),
    )


def _never_cached(places: Places) -> bool:
    """It looks at what is live in the folder, and a cache does not; TFX's for an endpoint just deploys."""
    return places.serving is not None


def _read(results: Results) -> Pushed | None:
    """None for a model that was refused.

    Raises:
      RunError: the model was blessed, and is not the newest version.
    """
    from components.pusher.executor import SAME_CONTENT_PROPERTY

    artifact = results.artifact(STEP, "pushed_model")
    if artifact.get_int_custom_property("pushed") != 1:
        verdict = results.records.record(model_gate.VERDICT)
        if verdict is not None and verdict.blessed:
            raise RunError("the model was blessed, and was not pushed. The log says why.")
        return None
    path = artifact.get_string_custom_property("pushed_destination")
    if not (number := artifact.get_string_custom_property("pushed_version")):
        return Pushed(version=None, path=path, already=False)
    version = int(number)
    already = artifact.get_int_custom_property(SAME_CONTENT_PROPERTY) == 1
    serving = Path(path).parent
    if "://" not in path and versions(serving)[-1:] != [version]:
        raise RunError(f"{serving}: the model was pushed as version {version}, which is not the newest there any more.")
    return Pushed(version=version, path=path, already=already)


def _print(console: Console, pushed: Pushed, records: Records, whole: bool) -> None:
    from rich.markup import escape

    del records, whole
    what = "already live" if pushed.already else "pushed"
    console.print(f"{what}: version {pushed.version}  {escape(pushed.path)}", soft_wrap=True)


PUSHED = Kept("pushed", Pushed, _read, _print)
STEP = Step("Pusher", _node, kept=(PUSHED,), never_cached=_never_cached)
