import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_the_stages_that_are_replaced_are_among_those_of_tfma():
    import tensorflow_model_analysis as tfma

    from components.internals.tfma import PREDICTING, UNBATCHING
    from components.model_gate.extractors import custom_extractors

    config = tfma.EvalConfig(model_specs=[tfma.ModelSpec(label_key="y", signature_name="examples")])
    model = tfma.EvalSharedModel(model_path="nowhere", model_name="", model_type=tfma.constants.TF_KERAS)

    def stages(extractors) -> list[str]:
        return [extractor.stage_name for extractor in extractors]

    default = stages(tfma.default_extractors(eval_shared_model=model, eval_config=config))
    assert PREDICTING in default
    assert UNBATCHING in default
    ours = stages(custom_extractors(model, config, None))
    assert UNBATCHING not in ours
    assert "GroupRows" in ours
    assert ours[ours.index(PREDICTING) - 1] == "HideInput"


def test_a_metric_is_found_by_its_name():
    from tensorflow_model_analysis.metrics import metric_types

    from components.model_gate.metrics import FamilyMetric

    assert metric_types.registered_metrics()["FamilyMetric"] is FamilyMetric
