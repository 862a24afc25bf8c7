"""What can't be tried on the one Flink that is here (tests/cluster): other versions, an empty cluster. Its REST is stood for."""

import contextlib
import http.server
import json
import threading

import pytest

from components.errors import RunError
from pipeline.beam.engine import Run
from pipeline.beam.flink_engine import FLINK, VERSIONS
from pipeline.beam.flink_rest import FlinkRest
from pipeline.config.beam import Beam


@contextlib.contextmanager
def rest(answers):
    """A server that answers as Flink's REST does."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = (200, answers[self.path]) if self.path in answers else (404, {"errors": ["Not found."]})
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("localhost", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def overview(version="1.19.3", task_managers=2, slots=2, free=2):
    return {"flink-version": version, "taskmanagers": task_managers, "slots-total": slots, "slots-available": free}


def look(address, **keys):
    pool = {"type": "EXTERNAL", "config": "localhost:50000"}
    section = Beam.model_validate({"engine": "flink", "master": address, "environment": pool, **keys})
    return FLINK.look(section, Run(job_name="plumbline-x"))


@pytest.mark.parametrize("version", ["1.16.3", "2.0.0"])
def test_another_version_is_told(version):
    with rest({"/overview": overview(version), "/jobs/overview": {"jobs": []}}) as address:
        with pytest.raises(RunError, match=rf"has version {version}; Beam has runners for 1\.17, 1\.18, 1\.19, 1\.20"):
            look(address)


def test_the_version_and_the_slots_are_filled_in():
    with rest({"/overview": overview("1.20.1", slots=4, free=4), "/jobs/overview": {"jobs": []}}) as address:
        section = look(address, options=["--x=1"])
        assert (section.parallelism, section.options) == (4, ["--x=1", "--flink_version=1.20"])
        assert look(address, parallelism=3, options=["--flink_version=1.19"]).options == ["--flink_version=1.19"]


def test_slots_that_a_job_has_just_left_are_waited_for():
    answers = {"/overview": overview(free=1), "/jobs/overview": {"jobs": []}}
    with rest(answers) as address:
        later = threading.Timer(1.0, lambda: answers.update({"/overview": overview()}))
        later.start()
        assert look(address).parallelism == 2
        later.join()


def test_a_cluster_without_task_managers():
    with rest({"/overview": overview(task_managers=0, slots=0, free=0), "/jobs/overview": {"jobs": []}}) as address:
        with pytest.raises(RunError, match="has no TaskManager, and so no slot"):
            look(address)


@pytest.mark.parametrize("body", [b"<html>", {"jobs": "none"}, [], b'{"flink-version": "1.19.3"}'])
def test_what_is_no_flink(body):
    with rest({"/overview": body, "/jobs/overview": body}) as address:
        for ask in (FlinkRest(address).cluster, FlinkRest(address).jobs, lambda: FlinkRest(address).errors("x")):
            with pytest.raises(RunError, match="does not answer as Flink's REST"):
                ask()


@pytest.mark.e2e
def test_the_versions_are_those_that_beam_has_runners_for():
    from apache_beam.options.pipeline_options import FlinkRunnerOptions

    assert list(VERSIONS) == FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS
