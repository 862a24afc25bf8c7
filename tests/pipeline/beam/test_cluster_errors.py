"""The texts are those that Flink 1.19.3 and Beam's runners gave in trials, cut."""

import re

import pytest

from components.errors import DataError, RunError
from pipeline.beam.cluster_errors import in_words, ours

FAILED = "Pipeline job-3b16066c failed in state FAILED: "
WORKER = (
    FAILED
    + "java.lang.RuntimeException: Error received from SDK harness for instruction 7: Traceback (most recent call last):\n"
    '  File "apache_beam/runners/common.py", line 1495, in apache_beam.runners.common.DoFnRunner.process\n'
    "components.errors.DataError: trips.csv, row 7: expected a number; received 'x'. Mend it.\n\n"
    "During handling of the above exception, another exception occurred:\n\n"
    "components.errors.DataError: trips.csv, row 7: expected a number; received 'x'. Mend it. [while running "
    "'Convert-ptransform-42']\n"
)


def test_an_error_of_ours_is_taken_out_of_the_engines_text():
    error = in_words(WORKER, "flink")
    assert isinstance(error, DataError)
    assert error.exit_code == 3
    assert str(error) == "trips.csv, row 7: expected a number; received 'x'. Mend it."


def test_brackets_and_quotes_of_our_own_stay():
    error = ours("x\ncomponents.errors.RunError: a [b] 'c' (d). Do e. [while running 'F']")
    assert type(error) is RunError
    assert str(error) == "a [b] 'c' (d). Do e."


def test_what_only_looks_like_ours_is_none():
    assert ours("components.errors.Nothing: x") is None
    assert ours("components.errors.error_line: x") is None
    assert ours("java.lang.RuntimeException: x") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "org.apache.flink.runtime.JobException: Recovery is suppressed by FixedDelayRestartBackoffTimeStrategy\n"
            "Caused by: java.util.concurrent.TimeoutException: Heartbeat of TaskManager with id localhost:46617 timed out.",
            "it lost workers while the job ran, and did not recover.*TimeoutException: Heartbeat of TaskManager",
        ),
        (
            "Caused by: java.util.concurrent.CompletionException: org.apache.flink.runtime.jobmanager.scheduler."
            "NoResourceAvailableException: Could not allocate the required slot within slot request timeout.",
            "it had too few slots. Start as many TaskManagers as the job needs, or lower beam.parallelism",
        ),
        ("java.util.concurrent.TimeoutException: Timeout has occurred: 10000 ms", "it had too few slots"),
        (
            "java.io.IOException: Insufficient number of network buffers: required 512, but only 486 available.",
            "Raise taskmanager.memory.network.max.*IOException: Insufficient number",
        ),
        (
            "Caused by: java.lang.RuntimeException: The record exceeds the maximum size of a sort buffer "
            "(current maximum: 3276800 bytes).",
            "Raise taskmanager.memory.managed.size",
        ),
        ("the job service has gone: Socket closed", "its job service ended, or can't be reached any more"),
        (
            "Unable to fetch remote job server jar at https://repo.maven.apache.org/x.jar: <urlopen error timed out>",
            "Name a jar on this machine in beam.job_server_jar",
        ),
        (
            "org.apache.beam.vendor.grpc.v1p69p0.io.grpc.StatusRuntimeException: UNAVAILABLE: io exception\n"
            "Caused by: java.net.ConnectException: Connection refused",
            "Start 'plumbline workers' beside each of them, at the address that beam.environment names",
        ),
        ("something of which nothing is known", "could not do a job. It said: something of which nothing is known"),
    ],
)
def test_what_an_engine_means(text, told):
    error = in_words(FAILED + text, "flink")
    assert type(error) is RunError
    assert str(error).startswith("the engine flink could not do a job")
    assert re.search(told, str(error)), str(error)


def test_a_long_text_is_cut():
    assert len(str(in_words("x" * 20_000, "spark"))) < 500
