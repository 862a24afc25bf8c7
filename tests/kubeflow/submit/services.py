"""Stands for the REST services that `plumbline submit` talks to: Kubeflow Pipelines' API (v2beta1) and Vertex AI's (v1).

It keeps what the real clients send, answers as the services' definitions say, and hands every run to a `Platform`, which executes
it. No live service was ever looked at from here.
"""

from __future__ import annotations

import dataclasses
import email
import email.policy
import itertools
import json
import re
import threading
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import yaml

from tests.kubeflow.harness import Platform
from tests.kubeflow.spec import Json, SpecError

NOW = "2026-01-01T00:00:00Z"
LISTED = {"versions": "pipeline_versions", "recurring": "recurringRuns"}  # the name in a listing, where it is another
Route = Callable[["Services", re.Match[str], "Request"], Json]


@dataclasses.dataclass(frozen=True)
class Request:
    """A request that came.

    Attributes:
      method: GET or POST.
      path: without the query.
      query: the first value of each name.
      token: of the Authorization header.
      body: parsed JSON, or the uploaded file's YAML; None without.
    """

    method: str
    path: str
    query: dict[str, str]
    token: str | None
    body: Any


class NotThere(Exception):
    """What was asked for isn't there."""


class Services:
    """Both services on one port. To be used in a `with` block."""

    def __init__(self, platform: Platform | None = None) -> None:
        """Takes what executes the runs; without it, a run has succeeded as soon as it is made."""
        self._platform = platform
        self._ids = itertools.count(1)
        self.requests: list[Request] = []
        self.refusal: tuple[int, str] | None = None  # the status and the words of every answer, if set
        self.kept: dict[str, list[Json]] = {}  # by kind
        self.uploads: dict[str, Json] = {}  # specifications by the version's ID
        self.threads: list[threading.Thread] = []

    def __enter__(self) -> Services:
        services = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                services._answer(self)

            def do_POST(self) -> None:
                services._answer(self)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self.threads:
            thread.join()
        self._server.shutdown()
        self._server.server_close()

    def sent(self, method: str, ending: str) -> list[Request]:
        """The requests of a method whose path ends so."""
        return [request for request in self.requests if request.method == method and request.path.endswith(ending)]

    def keep(self, kind: str, value: Json) -> Json:
        """Keeps a resource. One client talks at a time."""
        self.kept.setdefault(kind, []).append(value)
        return value

    def find(self, kind: str, **wanted: str) -> list[Json]:
        """The resources with these values."""
        return [value for value in self.kept.get(kind, []) if all(value.get(key) == wanted[key] for key in wanted)]

    def number(self, kind: str) -> str:
        """A new ID."""
        return f"{kind}-{next(self._ids)}"

    def start(self, run: Json, done: Callable[[str, str], None], spec: Json, values: Json) -> None:
        """Has the platform run a specification; `done` is told the failed task's name (or nothing) and its last line."""

        def work() -> None:
            assert self._platform is not None
            try:
                ended = self._platform.run(spec, values)
            except SpecError as error:
                done("the specification", str(error))
                return
            run["ended"] = ended
            failure = ended.failure
            done(failure.task if failure else "", failure.last[-1] if failure else "")

        if self._platform is None:
            done("", "")
            return
        self.threads.append(threading.Thread(target=work))
        self.threads[-1].start()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        url = urllib.parse.urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        authorization = handler.headers.get("Authorization") or ""
        request = Request(
            handler.command,
            urllib.parse.unquote(url.path),
            dict(urllib.parse.parse_qsl(url.query)),
            authorization.removeprefix("Bearer ") or None,
            _parse(handler.headers.get("Content-Type") or "", body),
        )
        self.requests.append(request)
        status, answer = 404, _error(404, f"there is no {url.path}")
        if self.refusal is not None:
            status, answer = self.refusal[0], _error(*self.refusal)
        else:
            for pattern, route in ROUTES[handler.command].items():
                if match := re.fullmatch(pattern, request.path):
                    try:
                        status, answer = 200, route(self, match, request)
                    except NotThere as error:
                        status, answer = 404, _error(404, str(error))
                    break
        text = json.dumps({key: value for key, value in answer.items() if key != "ended"}).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)


def _error(status: int, message: str) -> Json:
    """As both services write one: Kubeflow reads `message`, Google `error`."""
    return {"code": status, "message": message, "error": {"code": status, "message": message, "status": "REFUSED"}}


def _parse(content_type: str, body: bytes) -> Any:
    if content_type.startswith("multipart/form-data"):
        message = email.message_from_bytes(b"Content-Type: " + content_type.encode() + b"\n\n" + body)
        parts: Any = message.get_payload()
        [part] = parts
        return yaml.safe_load(part.get_payload(decode=True))
    if content_type.startswith("application/json") and body:
        return json.loads(body)
    return None


def _filtered(request: Request) -> dict[str, str]:
    """The one kind of filter that kfp's client sends: a name is equal."""
    if "filter" not in request.query:
        return {}
    [predicate] = json.loads(request.query["filter"])["predicates"]
    assert predicate["operation"] in {"EQUALS", 1}, predicate  # by name or number
    return {predicate["key"]: predicate["stringValue"]}


def _upload(services: Services, _: re.Match[str], request: Request) -> Json:
    pipeline = services.number("pipeline")
    made = {"pipeline_id": pipeline, "display_name": request.query["name"], "created_at": NOW}
    services.keep("pipelines", made)
    _keep_version(services, pipeline, request)
    return made


def _upload_version(services: Services, _: re.Match[str], request: Request) -> Json:
    if not services.find("pipelines", pipeline_id=request.query["pipelineid"]):
        raise NotThere(f"Pipeline {request.query['pipelineid']} not found.")
    return _keep_version(services, request.query["pipelineid"], request)


def _keep_version(services: Services, pipeline: str, request: Request) -> Json:
    version = services.number("version")
    services.uploads[version] = request.body
    return services.keep(
        "versions",
        {
            "pipeline_id": pipeline,
            "pipeline_version_id": version,
            "display_name": request.query["name"],
            "created_at": NOW,
        },
    )


def _listing(kind: str) -> Route:
    def route(services: Services, match: re.Match[str], request: Request) -> Json:
        found = services.find(kind, **match.groupdict(), **_filtered(request))
        return {LISTED.get(kind, kind): found} if found else {}

    return route


def _experiment(services: Services, _: re.Match[str], request: Request) -> Json:
    return services.keep(
        "experiments", {**request.body, "experiment_id": services.number("experiment"), "created_at": NOW}
    )


def _run(services: Services, _: re.Match[str], request: Request) -> Json:
    reference = request.body["pipeline_version_reference"]
    run = {**request.body, "run_id": services.number("run"), "state": "RUNNING", "created_at": NOW}

    def done(failed: str, words: str) -> None:
        if failed:
            run["error"] = {"message": words}
            run["run_details"] = {"task_details": [{"display_name": failed, "state": "FAILED"}]}
        run["state"] = "FAILED" if failed else "SUCCEEDED"

    spec = services.uploads[reference["pipeline_version_id"]]
    services.start(run, done, spec, request.body["runtime_config"]["parameters"])
    return services.keep("runs", run)


def _one(kind: str, key: str) -> Route:
    def route(services: Services, match: re.Match[str], _: Request) -> Json:
        found = services.find(kind, **{key: match["id"]})
        if not found:
            raise NotThere(f"{kind} {match['id']} not found.")
        return found[0]

    return route


def _recurring(services: Services, _: re.Match[str], request: Request) -> Json:
    made = {**request.body, "recurring_run_id": services.number("recurring"), "status": "ENABLED", "created_at": NOW}
    return services.keep("recurring", made)


def _job(services: Services, match: re.Match[str], request: Request) -> Json:
    name = f"{match['parent']}/pipelineJobs/{request.query['pipelineJobId']}"
    job = {**request.body, "name": name, "state": "PIPELINE_STATE_RUNNING", "createTime": NOW}

    def done(failed: str, words: str) -> None:
        if failed:
            job["error"] = {"code": 9, "message": f"The DAG failed because some tasks failed: [{failed}]. {words}"}
        job["state"] = "PIPELINE_STATE_FAILED" if failed else "PIPELINE_STATE_SUCCEEDED"

    services.start(job, done, request.body["pipelineSpec"], request.body["runtimeConfig"].get("parameterValues", {}))
    return services.keep("jobs", job)


def _schedule(services: Services, match: re.Match[str], request: Request) -> Json:
    name = f"{match['parent']}/schedules/{len(services.find('schedules')) + 1}"
    return services.keep("schedules", {**request.body, "name": name, "state": "ACTIVE", "createTime": NOW})


def _schedules(services: Services, _: re.Match[str], request: Request) -> Json:
    name = re.search(r'display_name="(.*?)"', request.query.get("filter", ""))
    assert name, request
    return {"schedules": services.find("schedules", displayName=name[1], state="ACTIVE")}


def _done(kind: str, response: Json) -> Json:
    """A long-running operation of Vertex AI that has ended already."""
    return {
        "name": f"{response.get('name', response.get('model', 'x'))}/operations/1",
        "done": True,
        "response": {"@type": f"type.googleapis.com/google.cloud.aiplatform.v1.{kind}", **response},
    }


def _upload_model(services: Services, match: re.Match[str], request: Request) -> Json:
    name = f"{match['parent']}/models/{len(services.find('models')) + 1}"
    found = {"versionId": "1", "createTime": NOW, "supportedDeploymentResourcesTypes": ["DEDICATED_RESOURCES"]}
    services.keep("models", {**request.body["model"], **found, "name": name})
    return _done("UploadModelResponse", {"model": name, "modelVersionId": "1"})


def _endpoint(services: Services, match: re.Match[str], request: Request) -> Json:
    name = f"{match['parent']}/endpoints/{len(services.find('endpoints')) + 1}"
    return _done("Endpoint", services.keep("endpoints", {**request.body, "name": name, "createTime": NOW}))


def _endpoints(services: Services, _: re.Match[str], request: Request) -> Json:
    name = re.fullmatch(r'display_name="(.*?)"', request.query.get("filter", ""))
    assert name, request
    return {"endpoints": services.find("endpoints", displayName=name[1])}


def _deploy(services: Services, match: re.Match[str], request: Request) -> Json:
    [endpoint] = services.find("endpoints", name=match["id"])
    deployed = {**request.body["deployedModel"], "id": str(len(endpoint.setdefault("deployedModels", [])) + 1)}
    endpoint["deployedModels"].append(deployed)
    endpoint["trafficSplit"] = {
        deployed["id"] if key == "0" else key: value for key, value in request.body["trafficSplit"].items()
    }
    return _done("DeployModelResponse", {"deployedModel": deployed})


def _token(services: Services, _: re.Match[str], __: Request) -> Json:
    """Of Google's token service, for the key of a service account."""
    return {"access_token": "a-token", "expires_in": 3600, "token_type": "Bearer"}


_KFP = "/apis/v2beta1"
_PARENT = "/v1/(?P<parent>projects/[^/]+/locations/[^/]+)"
_NAMED = "/v1/(?P<id>projects/[^/]+/locations/[^/]+/{}/[^/:@]+)"
ROUTES: dict[str, dict[str, Route]] = {
    "GET": {
        f"{_KFP}/healthz": lambda *_: {"multi_user": False},
        f"{_KFP}/pipelines": _listing("pipelines"),
        f"{_KFP}/pipelines/(?P<pipeline_id>[^/]+)/versions": _listing("versions"),
        f"{_KFP}/experiments": _listing("experiments"),
        f"{_KFP}/recurringruns": _listing("recurring"),
        f"{_KFP}/runs/(?P<id>[^/]+)": _one("runs", "run_id"),
        f"{_PARENT}/schedules": _schedules,
        f"{_PARENT}/endpoints": _endpoints,
        _NAMED.format("pipelineJobs"): _one("jobs", "name"),
        _NAMED.format("models") + "(@[0-9]+)?": _one("models", "name"),
        _NAMED.format("endpoints"): _one("endpoints", "name"),
    },
    "POST": {
        f"{_KFP}/pipelines/upload": _upload,
        f"{_KFP}/pipelines/upload_version": _upload_version,
        f"{_KFP}/experiments": _experiment,
        f"{_KFP}/runs": _run,
        f"{_KFP}/recurringruns": _recurring,
        f"{_PARENT}/pipelineJobs": _job,
        f"{_PARENT}/schedules": _schedule,
        f"{_PARENT}/models:upload": _upload_model,
        f"{_PARENT}/endpoints": _endpoint,
        f"{_NAMED.format('endpoints')}:deployModel": _deploy,
        "/token": _token,
    },
}
