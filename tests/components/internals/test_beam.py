import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_the_runner_tells_its_stages_and_bundles():
    import apache_beam as beam
    from apache_beam.testing.util import assert_that, equal_to

    from components.internals.beam import BundleRunner

    told: list[object] = []

    class Runner(BundleRunner):
        def stages_begin(self, count):
            told.append(count)

        def bundle_begins(self, stage):
            told.append(stage)

        def bundle_ended(self):
            told.append("end")

    with beam.Pipeline(runner=Runner()) as pipeline:
        assert_that(
            pipeline | beam.Create([1, 2]) | beam.Reshuffle() | beam.Map(lambda value: value * 2), equal_to([2, 4])
        )
    stages, *bundles = told
    assert isinstance(stages, int) and stages > 1
    assert bundles[1::2] == ["end"] * (len(bundles) // 2)  # of this runner, one bundle after another
    assert len(set(bundles[::2])) == stages


def test_the_work_is_done_where_it_is_told_to_be():
    import threading

    import apache_beam as beam

    from components.internals import beam as internals
    from components.internals.beam import BundleRunner, Environment, WorkerHandler

    urn = "plumbline:env:internals_test:v1"

    class Here(Environment):
        def to_runner_api_parameter(self, context):
            return urn, b""

    Environment.register_urn(urn, bytes, lambda payload, *_: Here())
    started = []

    @WorkerHandler.register_environment(urn, bytes)
    class Handler(internals.GrpcWorkerHandler):
        def __init__(self, payload, state, provision_info, grpc_server):
            super().__init__(state, provision_info, grpc_server)

        def start_worker(self):
            started.append(self.worker_id)
            threading.Thread(
                target=internals.serve_job, args=(self.control_address, self.worker_id), daemon=True
            ).start()

        def stop_worker(self):
            started.append("stopped")

    runner = BundleRunner()
    runner.use_environment(Here())
    with beam.Pipeline(runner=runner) as pipeline:
        _ = pipeline | beam.Create([1, 2]) | beam.Map(str)
    assert started[0] != "stopped" and started[-1] == "stopped"


def test_what_waits_for_a_worker_gets_the_error():
    from types import SimpleNamespace

    from apache_beam.portability.api import beam_fn_api_pb2
    from apache_beam.runners.portability.fn_api_runner.worker_handlers import ControlConnection

    from components.internals.beam import fail_waiting

    connection = ControlConnection()
    future = connection.push(beam_fn_api_pb2.InstructionRequest(instruction_id="7"))
    assert not future.is_done()
    fail_waiting(SimpleNamespace(control_conn=connection), RuntimeError("the worker is gone"))
    with pytest.raises(RuntimeError, match="the worker is gone"):
        future.get(1)


def test_what_is_remembered_of_a_function_is_what_beam_says_of_it():
    import apache_beam as beam
    from apache_beam.transforms import core

    from components.internals import beam as ours

    class Doing(beam.DoFn):
        def process(self, element, window=beam.DoFn.WindowParam, *, more=1):
            yield element

        @staticmethod
        def plain(a, b=2):
            return a

    ours.remember_inspections()
    asked = (Doing().process, Doing.process, Doing.plain, len, str.upper, int, Doing().setup, lambda x, y=3: x)
    for function in [*asked, *asked]:
        assert core.get_function_args_defaults(function) == ours._inspected(function)
    arguments, _ = core.get_function_args_defaults(Doing.plain)
    arguments.append("changed")
    assert core.get_function_args_defaults(Doing.plain) == (["a", "b"], [2])


def test_views_of_options_have_their_values_in_common():
    from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions

    from components.internals import beam as ours

    ours.remember_inspections()
    first, second = PipelineOptions(["--runner=A", "--direct_num_workers=3"]), PipelineOptions(["--runner=B"])
    assert first.view_as(StandardOptions).runner == "A"
    assert second.view_as(StandardOptions).runner == "B"
    assert first.view_as(StandardOptions).view_as(DirectOptions).direct_num_workers == 3
    first.view_as(StandardOptions).runner = "C"
    assert first.view_as(StandardOptions).runner == first.get_all_options()["runner"] == "C"
    assert first.view_as(StandardOptions) is first.view_as(StandardOptions)
