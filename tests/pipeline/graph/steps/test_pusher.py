import pytest

from components.errors import RunError
from pipeline.graph.step import Results
from pipeline.graph.steps import pusher
from pipeline.graph.steps.model_gate import Verdict

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


class Records:
    """A summary that keeps a verdict."""

    def __init__(self, blessed):
        self.blessed = blessed

    def record(self, kept):
        nothing = dict(
            reasons=[], checks=[], split="eval", metrics={}, intervals={}, cross_validated=None, baseline=None
        )
        return Verdict(blessed=self.blessed, **nothing)


@pytest.fixture
def left(tmp_path):
    """What the Pusher left: a `PushedModel` with these properties."""
    from tfx.types import standard_artifacts

    def make(blessed, pushed, version=7):
        artifact = standard_artifacts.PushedModel()
        artifact.set_int_custom_property("pushed", pushed)
        artifact.set_string_custom_property("pushed_destination", str(tmp_path / str(version)))
        artifact.set_string_custom_property("pushed_version", str(version))
        return Results({"Pusher": {"pushed_model": [artifact]}}, Records(blessed))

    return make


def test_what_is_live_is_said(left, tmp_path):
    (tmp_path / "7").mkdir()
    pushed = pusher.PUSHED.read(left(True, 1))
    assert (pushed.version, pushed.path, pushed.already) == (7, str(tmp_path / "7"), False)


def test_a_refused_model_is_not_pushed(left):
    assert pusher.PUSHED.read(left(False, 0)) is None


def test_a_blessed_model_has_to_be_live(left, tmp_path):
    with pytest.raises(RunError, match="blessed, and was not pushed"):
        pusher.PUSHED.read(left(True, 0))
    (tmp_path / "8").mkdir()
    with pytest.raises(RunError, match="pushed as version 7, which is not the newest there any more"):
        pusher.PUSHED.read(left(True, 1))
