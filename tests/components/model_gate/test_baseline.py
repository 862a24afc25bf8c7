import pytest

from components.linear_model.design_matrix import DesignMatrix, Term
from tests.components.models import made_model

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def artifacts():
    from tfx.types import standard_artifacts

    models, blessings = [], []
    for index, blessed in enumerate((1, 1, 0), start=1):
        model = standard_artifacts.Model()
        model.id = index
        blessing = standard_artifacts.ModelBlessing()
        blessing.id = 10 + index
        blessing.set_int_custom_property("blessed", blessed)
        blessing.set_int_custom_property("current_model_id", index)
        models.append(model)
        blessings.append(blessing)
    return models, blessings


@pytest.mark.parametrize(("candidate", "expected"), [(3, 2), (2, 1), (1, 2)])
def test_the_latest_blessed_model_that_is_not_the_candidate(candidate, expected):
    from components.model_gate.baseline import LatestBlessedOther

    models, blessings = artifacts()
    chosen = [model for model in models if model.id == candidate]
    found = LatestBlessedOther().resolve_artifacts(
        None, {"model": models, "model_blessing": blessings, "candidate": chosen}
    )
    assert [model.id for model in found["model"]] == [expected]
    assert found["candidate"] == chosen


def test_a_blessing_of_an_evaluator_that_blessed_nothing_changes_nothing():
    """Without thresholds TFX's Evaluator leaves its ModelBlessing empty; older runs' Evaluators wrote whole ones."""
    from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import LatestBlessedModelStrategy
    from tfx.types import standard_artifacts

    models, blessings = artifacts()
    empty = [standard_artifacts.ModelBlessing() for _ in range(3)]
    for index, blessing in enumerate(empty):
        blessing.id = 20 + index
    found = LatestBlessedModelStrategy().resolve_artifacts(
        None, {"model": models, "model_blessing": [*empty, *blessings, *empty]}
    )
    assert [model.id for model in found["model"]] == [2]
    assert (
        LatestBlessedModelStrategy().resolve_artifacts(None, {"model": models, "model_blessing": empty})["model"] == []
    )


def test_a_candidate_alone_has_no_baseline():
    from components.model_gate.baseline import LatestBlessedOther

    models, blessings = artifacts()
    found = LatestBlessedOther().resolve_artifacts(
        None, {"model": models[:1], "model_blessing": blessings[:1], "candidate": models[:1]}
    )
    assert found["model"] == []


@pytest.mark.parametrize(("kind", "expected"), [("numeric", [1]), ("integer", [])])
def test_a_model_that_takes_a_column_for_another_type_is_not_compared(tmp_path, caplog, kind, expected):
    from components.model_gate.baseline import LatestBlessedOther

    models, blessings = artifacts()
    for model, own in ((models[0], "numeric"), (models[1], kind)):
        model.uri = str(tmp_path / str(model.id))
        folder = tmp_path / str(model.id) / "Format-Serving"
        folder.mkdir(parents=True)
        made = made_model([{"name": "x", "kind": own}], DesignMatrix((Term("x", "x"),)))
        (folder / "model.json").write_text(made.to_text())
    found = LatestBlessedOther().resolve_artifacts(
        None, {"model": models[:2], "model_blessing": blessings[:2], "candidate": models[1:2]}
    )
    assert [model.id for model in found["model"]] == expected
    assert ("takes 'x' for another type" in caplog.text) == (expected == [])
