"""The engine `portable`: whatever has a Beam job service, and what all engines have in common whose runner speaks with one."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pipeline.beam.engine import Engine, Run, Watch, run_of
from pipeline.beam.reach import check_listening, check_seen
from pipeline.config.beam import Beam

# Workers that import TFX first, which what TFDV needs is patched by; and no list of what is installed here, which nobody reads.
WORKERS_NEED = ("--beam_plugin=tfx", "--experiments=disable_logging_submission_environment")

# Beam ends its own streams of a job's states and messages after as many seconds, and with them the job's client.
_ANSWER_SECONDS = 10 * 24 * 3600


def cluster_arguments(runner: str, section: Beam, run: Run) -> list[str]:
    """Beam's arguments for a runner of `pipeline.beam.cluster`. The packaging flag is there in any case (see `in_process`)."""
    arguments = [f"--runner=pipeline.beam.cluster.{runner}", f"--job_name={run.job_name}"]
    arguments += [f"--job_server_timeout={_ANSWER_SECONDS}"]
    environment, image = section.environment, "none"
    if environment is not None:
        config = environment.config
        if environment.type == "PROCESS":
            config = json.dumps({"command": config})
        elif environment.type == "DOCKER":
            image = config
        arguments += [f"--environment_type={environment.type}", f"--environment_config={config}"]
    if section.parallelism is not None:
        arguments += [f"--parallelism={section.parallelism}"]
    return [*arguments, f"--sdk_container_image={image}", *WORKERS_NEED, *section.options]


def begin_nothing(run: Run, modules: Sequence[str]) -> None:
    """The workers are elsewhere."""
    del run, modules


def _arguments(section: Beam, run: Run) -> list[str]:
    return [*cluster_arguments("PortableRunner", section, run), f"--job_endpoint={section.endpoint}"]


def _look(section: Beam, run: Run) -> Beam:
    check_listening(str(section.endpoint), "beam.endpoint", "a Beam job service")
    check_seen(run.places, section.shared, str(section.endpoint))
    return section


def _watch(section: Beam, run: Run, watch: Watch) -> None:
    from pipeline.beam.job_service import end_orphans

    del watch
    end_orphans(str(section.endpoint), run_of(run.job_name))


PORTABLE = Engine(
    "portable",
    frozenset({"endpoint", "environment"}),
    frozenset({"parallelism", "shared", "options"}),
    _arguments,
    _look,
    begin_nothing,
    _watch,
)
