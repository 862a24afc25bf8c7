import pytest

from pipeline.graph.registry import NAMES, never_cached
from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


@pytest.fixture
def graph(tmp_path):
    from pipeline.config.file import load_config
    from pipeline.graph.create import create_pipeline
    from pipeline.graph.places import Places

    config = load_config(REPOSITORY / "data" / "taxi" / "pipeline.yaml")
    places = Places.local(config, tmp_path)
    assert never_cached(places) == {"Pusher", "Report"}
    return create_pipeline(config, places)


def test_the_graph_has_these_steps(graph):
    assert {node.id for node in graph.components} == set(NAMES) - {"InfraValidator", "TestEvaluation", "Outcome"}


def test_infra_validator_comes_in_where_the_configuration_asks_for_it(tmp_path):
    from tfx.dsl.compiler import compiler

    from pipeline.config.file import load_config
    from pipeline.graph.create import create_pipeline
    from pipeline.graph.places import Places

    config = load_config(REPOSITORY / "data" / "taxi" / "pipeline.yaml")
    serve = config.serve.model_copy(update={"infra_validator": "2.19.1"})
    graph = create_pipeline(config.model_copy(update={"serve": serve}), Places.local(config, tmp_path))
    [node] = [
        node.pipeline_node
        for node in compiler.Compiler().compile(graph).nodes
        if "InfraValidator" in str(node.pipeline_node.node_info)
    ]
    assert "2.19.1" in str(node.parameters)
    assert node.downstream_nodes == ["ServingCheck"]

    from pipeline.local.launcher import LocalRun

    run = LocalRun(graph, "2026-01-01T00:00:00", cache=True, rerun_from="InfraValidator", never_cached={"Pusher"})
    assert run.steps.index("Trainer") < run.steps.index("InfraValidator") < run.steps.index("ServingCheck")
    assert {"InfraValidator", "ServingCheck", "Pusher", "Report"} == {
        node.node_info.id for node in run._nodes if not node.execution_options.caching_options.enable_cache
    }


def test_from_runs_a_step_and_all_that_depends_on_it(graph):
    from pipeline.local.launcher import LocalRun

    run = LocalRun(graph, "2026-01-01T00:00:00", cache=True, rerun_from="Trainer")
    anew = {n.node_info.id for n in run._nodes if not n.execution_options.caching_options.enable_cache}
    assert anew == {"Trainer", "Baseline", "Evaluator", "ModelGate", "ServingCheck", "Pusher", "Report"}
