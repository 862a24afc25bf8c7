from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from components.errors import DataError
from pipeline.beam.errors import WorkerDied
from pipeline.local.failures import in_words
from pipeline.local.stopping import Stopped

ROOT = Path("/runs")


def full_disk() -> OSError:
    """The error of a device that is always full."""
    with pytest.raises(OSError, match="No space") as caught:
        with open("/dev/full", "wb", buffering=0) as file:
            file.write(b"x")
    return caught.value


def caused(cause: Exception) -> RuntimeError:
    error = RuntimeError("Error when executing query [while running 'Write']")
    error.__cause__ = cause
    return error


FULL = "Transform: no space is left on the disk of /runs. Make room and run again: the steps that are done are in the cache."


def test_a_full_disk_however_it_is_said():
    mlmd = RuntimeError("Error when executing query: database or disk is full query: INSERT INTO `Execution` VALUES")
    for error in (full_disk(), caused(full_disk()), RuntimeError(f"{full_disk()} [while running 'x']"), mlmd):
        assert str(in_words(error, "Transform", ROOT)) == FULL
    assert str(in_words(full_disk(), "", ROOT)).startswith("no space is left")


def test_what_may_not_be_written_is_named():
    error = OSError(errno.EROFS, os.strerror(errno.EROFS), "/runs/pipelines")
    assert str(in_words(error, "", ROOT)).startswith(
        "/runs/pipelines can't be used: Read-only file system. Set its perm"
    )


def test_a_worker_that_died_gets_the_name_of_its_step():
    assert (
        str(in_words(caused(WorkerDied("a worker process died")), "Transform", ROOT))
        == "Transform: a worker process died"
    )


def test_our_own_errors_are_taken_out_of_what_wraps_them_and_others_stay():
    ours = DataError("line 3 is bad")
    assert in_words(caused(ours), "ExampleGen", ROOT) is ours
    assert in_words(ours, "ExampleGen", ROOT) is None
    assert in_words(ValueError("what"), "ExampleGen", ROOT) is None
    assert in_words(Stopped(15), "ExampleGen", ROOT) is None
