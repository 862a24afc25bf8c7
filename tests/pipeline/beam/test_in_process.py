import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_each_stage_is_told_once_and_the_job_runs(monkeypatch):
    """Holds the two private methods of Beam that ProgressRunner overrides."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.testing.util import assert_that, equal_to

    from pipeline.beam.in_process import LOCAL_ARGS, ProgressRunner

    seen = []
    monkeypatch.setattr(ProgressRunner, "on_stage", lambda begun, total: seen.append((begun, total)))
    with beam.Pipeline(options=PipelineOptions(LOCAL_ARGS)) as pipeline:
        assert isinstance(pipeline.runner, ProgressRunner)
        sums = pipeline | beam.Create([("a", 1), ("a", 2), ("b", 3)]) | beam.CombinePerKey(sum)
        assert_that(sums, equal_to([("a", 3), ("b", 3)]))
    begun = [count for count, _ in seen]
    assert begun == sorted(begun)
    assert begun[-1] <= seen[-1][1]
    assert len({total for _, total in seen}) == 1


def test_tfx_builds_no_source_package_for_these_arguments():
    from tfx.utils.dependency_utils import make_beam_dependency_flags

    from pipeline.beam.in_process import LOCAL_ARGS

    assert make_beam_dependency_flags(LOCAL_ARGS) == LOCAL_ARGS
