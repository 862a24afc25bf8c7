"""Parts of Apache Beam 2.73 that are none of its API: its in-process runner, and the workers that it starts."""

from __future__ import annotations

import dataclasses
import faulthandler
import json
import logging
import sys
import types
import weakref
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import (
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    beam_provision_api_pb2,
    beam_provision_api_pb2_grpc,
    endpoints_pb2,
)
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    BeamFnControlServicer,
    GrpcWorkerHandler,
    WorkerHandler,
)
from apache_beam.transforms import core
from apache_beam.transforms.environments import Environment
from google.protobuf import json_format, text_format

from components.errors import RunError

__all__ = [
    "BundleRunner",
    "Environment",
    "GrpcWorkerHandler",
    "RunnerGone",
    "WorkerHandler",
    "WorkerRequest",
    "fail_waiting",
    "has_connected",
    "job_of",
    "pool_server",
    "remember_inspections",
    "serve_job",
    "serve_request",
]

_Starter = Callable[["WorkerRequest"], None]
_PROVISION_SECONDS = 60.0
_END_SECONDS = 30.0  # that a worker has to send the rest of its log
_START_THREADS = 16  # of a pool: a request takes some milliseconds


def remember_inspections() -> None:
    """Has Beam inspect each function and parse each view of its options once in this process, and in those forked of it.

    It asks for the arguments of all methods of a DoFn whenever that is made, written to a job, or read from one, and for a view of
    the options at every transform: a third of what a small job costs.
    """
    core.get_function_args_defaults = _arguments_of
    PipelineOptions.view_as = _view_of


_inspected, _viewed = core.get_function_args_defaults, PipelineOptions.view_as
_arguments: weakref.WeakKeyDictionary[Any, dict[bool, tuple[list[str], list[Any]]]] = weakref.WeakKeyDictionary()
_views: weakref.WeakKeyDictionary[Any, dict[type, Any]] = weakref.WeakKeyDictionary()


def _arguments_of(function: Any) -> tuple[list[str], list[Any]]:
    """What Beam's own says of a function or a method: the same for all that are bound of one function."""
    bound = isinstance(function, types.MethodType)
    plain = function.__func__ if bound else function
    if not isinstance(plain, types.FunctionType):
        return _inspected(function)
    known = _arguments.setdefault(plain, {})
    if bound not in known:
        known[bound] = _inspected(function)
    arguments, defaults = known[bound]
    return list(arguments), list(defaults)


def _view_of(options: Any, view: type) -> Any:
    """What Beam's own gives: all views of some options have their values in common."""
    known = _views.setdefault(options, {})
    if view not in known:
        known[view] = _viewed(options, view)
    return known[view]


class BundleRunner(FnApiRunner):
    """Beam's in-process runner, which says what it does: nothing public reports progress before the job ends."""

    def use_environment(self, environment: Environment) -> None:
        """Runs the job's work in some environment other than this process."""
        self._default_environment = environment

    def stages_begin(self, count: int) -> None:
        """A job of some stages begins."""

    def bundle_begins(self, stage: str) -> None:
        """A bundle of a stage, which has this name, begins."""

    def bundle_ended(self) -> None:
        """It has ended."""

    def run_stages(self, stage_context: Any, stages: list[Any]) -> Any:
        """Runs the stages of one job."""
        self.stages_begin(len(stages))
        return super().run_stages(stage_context, stages)

    def _execute_bundle(self, runner_execution_context: Any, bundle_context_manager: Any, bundle_input: Any) -> Any:
        self.bundle_begins(bundle_context_manager.stage.name)
        result = super()._execute_bundle(runner_execution_context, bundle_context_manager, bundle_input)
        self.bundle_ended()
        return result


def serve_job(control_address: str, worker_id: str) -> None:
    """Does a worker's work of one job, until the runner at an address closes the connection.

    Output is sent when enough has gathered, never by the clock: Beam's timer (`data_buffer_time_limit_ms`, which its own
    multi-process mode sets) sends from another thread whatever there is, half an element among it, and rows are lost.
    """
    from apache_beam.runners.worker.sdk_worker import SdkHarness

    SdkHarness(control_address, worker_id=worker_id).run()


def fail_waiting(handler: GrpcWorkerHandler, error: Exception) -> None:
    """Ends with an error what waits for an answer of a worker."""
    for name, future in list(handler.control_conn._futures_by_id.items()):
        if not future.is_done():
            future.abort(error)
            future.set(beam_fn_api_pb2.InstructionResponse(instruction_id=name, error=str(error)))


def has_connected(handler: GrpcWorkerHandler) -> bool:
    """Whether the worker has ever asked for work."""
    return bool(handler.control_conn._state != BeamFnControlServicer.UNSTARTED_STATE)


@dataclasses.dataclass(frozen=True)
class WorkerRequest:
    """What a runner says when it asks a pool for a worker.

    Attributes:
      worker_id: of the runner's counting.
      control: where the worker asks for work: host:port.
      logging: where its log goes; empty for nowhere.
      provision: where it asks for the pipeline's options; empty for nowhere.
    """

    worker_id: str
    control: str
    logging: str
    provision: str


def pool_server(address: str, start_worker: _Starter) -> tuple[Any, int]:
    """A server of Beam's protocol for worker pools, to be started, and the port that it has.

    Args:
      address: host and port to listen on; port 0 is any that is free.
      start_worker: is given each request; the text of a RunError goes back to the runner.

    Raises:
      RuntimeError: it can't listen there.
    """

    class Pool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
        def StartWorker(self, request: Any, context: Any) -> Any:
            del context
            try:
                start_worker(
                    WorkerRequest(
                        request.worker_id,
                        request.control_endpoint.url,
                        request.logging_endpoint.url,
                        request.provision_endpoint.url,
                    )
                )
            except RunError as error:
                return beam_fn_api_pb2.StartWorkerResponse(error=str(error))
            return beam_fn_api_pb2.StartWorkerResponse()

        def StopWorker(self, request: Any, context: Any) -> Any:
            del request, context
            return beam_fn_api_pb2.StopWorkerResponse()

    server = grpc.server(
        futures.ThreadPoolExecutor(_START_THREADS),
        options=[
            ("grpc.so_reuseport", 0),  # or a second pool would get every other request
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.http2.max_ping_strikes", 0),
        ],
    )
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(Pool(), server)
    return server, server.add_insecure_port(address)


class RunnerGone(Exception):
    """The connection to the runner has ended otherwise than by its will."""


def job_of(request: WorkerRequest) -> str:
    """The name of the job that a worker is asked for; empty where the runner doesn't say it.

    Raises:
      RunnerGone: the runner does not answer.
    """
    if not request.provision:
        return ""
    try:
        options = json_format.MessageToDict(_provision_info(request.provision, request.worker_id).pipeline_options)
    except grpc.RpcError as error:
        raise RunnerGone(f"the runner at {request.provision} does not answer: {error.code().name}") from error
    return str(options.get("beam:option:job_name:v1") or options.get("job_name") or "")


def serve_request(request: WorkerRequest) -> None:
    """Does the work of a worker that a pool was asked for, until its runner closes the connection.

    What Beam's own container does: the log goes to the runner, options and capabilities come from it. Packages that a pipeline
    brings along are not installed. As in `serve_job`, nothing is sent by the clock, whatever the options say.

    Raises:
      RunnerGone: the runner is not there, or no longer.
    """
    from apache_beam.runners.worker.sdk_worker_main import create_harness

    environment = {"WORKER_ID": request.worker_id, "CONTROL_API_SERVICE_DESCRIPTOR": _descriptor(request.control)}
    try:
        if request.provision:
            environment.update(_provided(request.provision, request.worker_id))
        if request.logging:
            logging.getLogger().handlers.clear()  # some import has set one up; all of it to both would be too much
            environment["LOGGING_API_SERVICE_DESCRIPTOR"] = _descriptor(request.logging)
        else:
            logging.basicConfig(stream=sys.stderr)
        log, harness, _ = create_harness(environment)
        harness.run()
    except (grpc.RpcError, grpc.FutureTimeoutError) as error:
        what = error.code().name if isinstance(error, grpc.Call) else "no connection in time"
        raise RunnerGone(f"the runner at {request.control} does not answer: {what}") from error
    faulthandler.dump_traceback_later(_END_SECONDS, exit=True)
    if log is not None:
        log.close()


def _descriptor(address: str) -> str:
    return text_format.MessageToString(endpoints_pb2.ApiServiceDescriptor(url=address))


def _provision_info(address: str, worker_id: str) -> Any:
    """What a runner's provision service says."""
    with grpc.insecure_channel(address) as channel:
        return (
            beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
            .GetProvisionInfo(
                beam_provision_api_pb2.GetProvisionInfoRequest(),
                metadata=(("worker_id", worker_id),),
                timeout=_PROVISION_SECONDS,
                wait_for_ready=True,
            )
            .info
        )


def _provided(address: str, worker_id: str) -> dict[str, str]:
    """What a runner's provision service says, as the variables that Beam's container makes of it."""
    info = _provision_info(address, worker_id)
    options = json_format.MessageToDict(info.pipeline_options)
    for name in ("experiments", "beam:option:experiments:v1"):
        if options.get(name):
            options[name] = [each for each in options[name] if not each.startswith("data_buffer_time_limit_ms=")]
    provided = {"PIPELINE_OPTIONS": json.dumps(options), "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities)}
    if info.status_endpoint.url:
        provided["STATUS_API_SERVICE_DESCRIPTOR"] = _descriptor(info.status_endpoint.url)
    return provided
