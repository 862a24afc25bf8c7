"""The engine `dataflow`: Google's, by Beam's DataflowRunner, with workers of an image that has Plumbline in it."""

from __future__ import annotations

from components.errors import ConfigError
from pipeline.beam.engine import Engine, Run, Watch
from pipeline.beam.portable_engine import WORKERS_NEED, begin_nothing
from pipeline.config.beam import Beam

_FLAGS = ("--project=", "--region=", "--temp_location=gs://")


def _arguments(section: Beam, run: Run) -> list[str]:
    for flag in _FLAGS:
        if not any(option.startswith(flag) for option in section.options):
            raise ConfigError(
                f"beam.options: the engine dataflow needs a flag {flag}…; received {' '.join(section.options) or 'none'}."
            )
    return [
        "--runner=pipeline.beam.dataflow.DataflowRunner",
        f"--job_name={run.job_name}",
        f"--sdk_container_image={section.image}",
        "--no_save_main_session",
        *WORKERS_NEED,
        *section.options,
    ]


def _look(section: Beam, run: Run) -> Beam:
    for name, path in run.places.items():
        if not path.startswith("gs://"):
            raise ConfigError(
                f"{name} {path}: the engine dataflow has its workers at Google, which see gs:// addresses alone. A "
                "pipeline that is compiled for Vertex AI has all there: plumbline compile --target vertex (docs/vertex.md)."
            )
    return section


def _watch(section: Beam, run: Run, watch: Watch) -> None:
    """Dataflow's own page of a job shows how far it is."""


DATAFLOW = Engine("dataflow", frozenset({"image"}), frozenset({"options"}), _arguments, _look, begin_nothing, _watch)
