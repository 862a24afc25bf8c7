"""What Gather is asked for: slices where the fit looks at its rows once more, and no others."""

from __future__ import annotations

import json

import pytest

from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


@pytest.mark.parametrize(
    ("model", "slices"),
    [
        ({}, ["company", "hour", "day"]),
        ({"diagnostics": False}, []),
        ({"diagnostics": False, "errors": "hc3"}, ["company", "hour", "day"]),
        ({"solver": "sgd"}, ["company", "hour", "day"]),
    ],
)
def test_texts_of_slices_are_gathered_where_rows_are_looked_at_once_more(tmp_path, model, slices):
    from components.fit.settings import model_from_json
    from pipeline.config.evaluate import Slice
    from pipeline.config.file import load_config
    from pipeline.graph.create import create_pipeline
    from pipeline.graph.places import Places

    config = load_config(REPOSITORY / "data" / "taxi" / "pipeline.yaml")
    asked = [Slice(columns=["company"]), Slice(columns=["hour", "company", "day"])]
    update = {
        "model": model_from_json(model),
        "evaluate": config.evaluate.model_copy(update={"slices": asked}),
    }
    config = config.model_copy(update=update)
    [node] = [
        node for node in create_pipeline(config, Places.local(config, tmp_path)).components if node.id == "Gather"
    ]
    settings = json.loads(node.exec_properties["settings"])
    assert settings["slices"] == slices
    assert settings["added"] == ["plumbline_row"]
