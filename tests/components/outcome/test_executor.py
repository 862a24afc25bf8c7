"""The verdict as the end of a run in containers."""

import pytest

from components.errors import RefusedError, RunError, error_line
from components.model_gate.verdict import VERDICT_FILE, Verdict

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def end(folder):
    from components.artifact_types import Verdict as Artifact
    from components.outcome.executor import Executor

    artifact = Artifact()
    artifact.uri = str(folder)
    Executor().Do({"verdict": [artifact], "report": []}, {}, {})


def put(folder, *reasons):
    evidence = {"split": "eval", "metrics": {}, "intervals": {}, "cross_validated": None, "baseline": None}
    found = Verdict(blessed=not reasons, reasons=list(reasons), checks=[], **evidence)
    (folder / VERDICT_FILE).write_text(found.to_json())


def test_a_blessed_model_ends_it_well(tmp_path):
    put(tmp_path)
    end(tmp_path)


def test_a_refused_one_with_all_reasons_and_its_exit_code(tmp_path):
    put(tmp_path, "a is 2", "b is 3")
    with pytest.raises(RefusedError) as error:
        end(tmp_path)
    assert error.value.exit_code == 4
    assert error_line(error.value) == "plumbline: refused: a is 2; b is 3"


def test_a_damaged_verdict_is_said(tmp_path):
    (tmp_path / VERDICT_FILE).write_text("{")
    with pytest.raises(RunError, match=r"verdict\.json: damaged, not JSON"):
        end(tmp_path)
