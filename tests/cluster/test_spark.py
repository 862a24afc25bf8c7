"""The stock runners of Beam, on a real Spark cluster behind the stand-in for Beam's job service."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.cluster import jvm
from tests.cluster.test_cluster import LINES, until

pytestmark = [pytest.mark.e2e, pytest.mark.spark]


@pytest.fixture
def options(beam_loaded, spark_job_service, pool) -> Callable[[str], list[str]]:
    """Flags of the stock PortableRunner."""

    def named(name: str) -> list[str]:
        return [
            *("--runner=PortableRunner", f"--job_endpoint={spark_job_service}", f"--job_name={name}"),
            *("--environment_type=EXTERNAL", f"--environment_config={pool}"),
        ]

    return named


def test_words_are_counted(options, spark, tmp_path):
    from tests.cluster import jobs

    assert jobs.run_words(options("words"), LINES, str(tmp_path / "words")).wait_until_finish() == "DONE"
    assert (tmp_path / "words").read_text() == "one=30 three=90 two=60"
    until(lambda: spark.jobs()["words"] == "FINISHED", 10)


def test_what_a_worker_raises_is_the_error_that_is_told(options, tmp_path):
    from tests.cluster import jobs

    result = jobs.run_mean(options("refused"), 100, 0.0, str(tmp_path / "mean"), refused=7)
    with pytest.raises(RuntimeError, match=r"(?s)failed in state FAILED: .*ValueError: row 7 is refused"):
        result.wait_until_finish()


def test_a_job_that_is_cancelled_ends_on_spark_too(options, spark, tmp_path):
    from tests.cluster import jobs

    result = jobs.run_mean(options("endless"), 1000, 1.0, str(tmp_path / "mean"))
    until(lambda: spark.jobs().get("endless") == "RUNNING", 60)
    time.sleep(10)
    result.cancel()
    with pytest.raises(RuntimeError, match="failed in state CANCELLED"):
        result.wait_until_finish()
    until(lambda: spark.jobs()["endless"] != "RUNNING", 20)


def test_the_stock_spark_runner_starts_the_job_server_jar(beam_loaded, spark, pool, tmp_path):
    from tests.cluster import jobs

    options = [
        *("--runner=SparkRunner", f"--spark_master_url={spark.url}", "--job_name=by-jar"),
        *("--environment_type=EXTERNAL", f"--environment_config={pool}"),
        f"--spark_job_server_jar={jvm.installed('spark') / 'plumbline-job-server.jar'}",
    ]
    assert jobs.run_mean(options, 100, 0.0, str(tmp_path / "mean")).wait_until_finish() == "DONE"
    assert (tmp_path / "mean").read_text() == "49.5"
