"""`plumbline doctor`: checks the installation."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from packaging.requirements import Requirement

from components.child_python import child_environment

LEAST_DISK_GIB = 1.0

_IMPORTS = """
import tfx
import tensorflow as tf
import tensorflow_data_validation, tensorflow_model_analysis
from tfx.components import StatisticsGen
assert float(tf.reduce_sum(tf.constant([1.0, 2.0]))) == 3.0
"""
_SERVING = """
import tensorflow as tf
import pipeline.scoring.tables, pipeline.serving.page, pipeline.serving.server
assert float(tf.reduce_sum(tf.constant([1.0, 2.0]))) == 3.0
"""
_BEAM = """
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from pipeline.beam.engine import Run
from pipeline.beam.engines import ENGINES
from pipeline.config.beam import Beam
from apache_beam.testing.util import assert_that, equal_to
with beam.Pipeline(options=PipelineOptions(ENGINES["local"].arguments(Beam(), Run()))) as p:
    assert_that(p | beam.Create([1, 2, 3]) | beam.CombineGlobally(sum), equal_to([6]))
"""


@dataclasses.dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    ok: bool
    text: str


def checks(quick: bool) -> Iterator[Check]:
    """All checks; the quick ones import neither TensorFlow nor TFX."""
    yield from _platform()
    yield from _packages()
    free = shutil.disk_usage(".").free / 2**30
    yield Check(free >= LEAST_DISK_GIB, f"{free:.1f} GiB free on this disk (needs {LEAST_DISK_GIB:g})")
    writable = os.access(".", os.W_OK) and os.access(tempfile.gettempdir(), os.W_OK)
    yield Check(writable, f"this folder and {tempfile.gettempdir()} can be written")
    if not quick:
        yield _script(_IMPORTS, "TFX, TensorFlow, TFDV and TFMA load, and TensorFlow computes")
        yield _script(_BEAM, "Beam's in-process runner runs a job")


def serving_checks() -> Iterator[Check]:
    """What the model server needs: neither TFX nor Beam, and one folder that can be written."""
    yield from _platform()
    try:
        yield Check(True, f"{tempfile.gettempdir()} can be written")
    except FileNotFoundError as error:
        yield Check(False, str(error))
    yield _script(_SERVING, "the model server loads, and TensorFlow computes")


def _platform() -> Iterator[Check]:
    version = platform.python_version()
    yield Check(sys.version_info[:2] == (3, 11), f"Python {version} (needs 3.11)")
    libc, libc_version = platform.libc_ver()
    new_enough = libc == "glibc" and tuple(map(int, libc_version.split("."))) >= (2, 36)
    yield Check(new_enough, f"{libc or 'libc'} {libc_version} (needs glibc 2.36 or newer)")


def _packages() -> Iterator[Check]:
    for text in importlib.metadata.requires("plumbline") or []:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield Check(False, f"{requirement} is not installed")
            continue
        yield Check(requirement.specifier.contains(found, prereleases=True), f"{requirement}: {found} is installed")


def _script(source: str, what: str) -> Check:
    """Runs a check in a process of its own, so that a crash of native code is a failed check and no more."""
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=child_environment())  # noqa: S603
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    return Check(done.returncode == 0, what if done.returncode == 0 else f"{what}: it does not: {last}")
