"""Kubeflow Pipelines v2, through the kfp client, with the user's ambient credentials."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.errors import RunError
from components.internals import kfp as kfp_internals
from pipeline.config.targets import KubeflowTarget
from pipeline.remote.submit.no_answer import reason
from pipeline.remote.submit.submission import Submission

ENDPOINT = "KF_PIPELINES_ENDPOINT"  # environment variable of kfp's: the address of the API
TOKEN_PATH = "KF_PIPELINES_SA_TOKEN_PATH"  # noqa: S105 (the name of kfp's environment variable)
DONE = {"SUCCEEDED", "FAILED", "SKIPPED", "CANCELED"}
POLL_SECONDS = 5.0


def submit(submission: Submission, section: KubeflowTarget, wait: bool) -> Iterator[tuple[str, str]]:
    """Uploads the pipeline, or a version of it, unless it is there, and starts a run or makes a recurring one.

    Args:
      submission: what is sent.
      section: the target's.
      wait: for the run's end.

    Yields:
      What to tell the user: names and values.

    Raises:
      RunError: the service can't be reached, refuses, has a recurring run of this name already, or the awaited run failed.
    """
    host = section.host or os.environ.get(ENDPOINT)
    with _clear_errors(host or "the cluster of the kubeconfig"):
        client = _client(host, section)
        pipeline, version, uploaded = _version(client, submission, section)
        yield "pipeline", f"{pipeline}, version {version} ({'uploaded' if uploaded else 'there already'})"
        experiment = client.create_experiment(section.experiment or submission.name, namespace=section.namespace)
        common = {
            "experiment_id": experiment.experiment_id,
            "pipeline_id": pipeline,
            "version_id": version,
            "params": submission.parameters,
            "pipeline_root": submission.root,
            "service_account": section.service_account,
        }
        if submission.cron is not None:
            yield "recurring run", _recurring(client, submission, common)
            return
        name = f"{submission.name} {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())}"
        run = client.run_pipeline(job_name=name, **common)
        yield "run", run.run_id
        if host:
            yield "page", f"{host.rstrip('/')}/#/runs/details/{run.run_id}"
        if wait:
            _wait(client, run.run_id)
            yield "state", "succeeded"


def _client(host: str | None, section: KubeflowTarget) -> Any:
    files = [Path(name) for name in os.environ.get("KUBECONFIG", "").split(os.pathsep) if name]
    in_cluster = "KUBERNETES_SERVICE_HOST" in os.environ
    if not host and not in_cluster and not any(path.exists() for path in files or [Path.home() / ".kube" / "config"]):
        raise RunError(
            f"Kubeflow: no address and no credentials: set targets.kubeflow.host or {ENDPOINT}, or have a kubeconfig."
        )
    from kfp.client import ServiceAccountTokenVolumeCredentials

    credentials = ServiceAccountTokenVolumeCredentials() if TOKEN_PATH in os.environ else None
    return kfp_internals.client(host=host, namespace=section.namespace or "kubeflow", credentials=credentials)


def _version(client: Any, submission: Submission, section: KubeflowTarget) -> tuple[str, str, bool]:
    """The IDs of the pipeline and of its version, and whether it had to be uploaded."""
    here = client.list_pipelines(namespace=section.namespace, filter=_named(submission.name)).pipelines
    made = here[0] if here else None
    if made is None:
        made = client.upload_pipeline(str(submission.path), submission.name, namespace=section.namespace)
    pipeline = made.pipeline_id
    present = client.list_pipeline_versions(pipeline, filter=_named(submission.version)).pipeline_versions
    if present:
        return pipeline, present[0].pipeline_version_id, False
    version = client.upload_pipeline_version(str(submission.path), submission.version, pipeline_id=pipeline)
    return pipeline, version.pipeline_version_id, True


def _recurring(client: Any, submission: Submission, common: dict[str, Any]) -> str:
    experiment = common["experiment_id"]
    here = client.list_recurring_runs(experiment_id=experiment, filter=_named(submission.name)).recurring_runs
    if here:
        raise RunError(
            f"Kubeflow: there is a recurring run {submission.name!r} already: {here[0].recurring_run_id}. Delete it first (kfp "
            f"recurring delete {here[0].recurring_run_id}), or two would run."
        )
    cron = f"0 {submission.cron}"  # Kubeflow's begin with the second
    made = client.create_recurring_run(job_name=submission.name, cron_expression=cron, no_catchup=True, **common)
    return str(made.recurring_run_id)


def _named(name: str) -> str:
    return json.dumps({"predicates": [{"operation": "EQUALS", "key": "display_name", "stringValue": name}]})


def _wait(client: Any, run_id: str) -> None:
    while True:
        run = client.get_run(run_id)
        if run.state in DONE:
            break
        time.sleep(POLL_SECONDS)
    if run.state != "SUCCEEDED":
        details = run.run_details.task_details if run.run_details else None
        failed = sorted(task.display_name for task in details or () if task.state == "FAILED")
        words = f": {run.error.message}" if run.error and run.error.message else ""
        tasks = f" The tasks that failed: {', '.join(failed)}." if failed else ""
        raise RunError(f"Kubeflow: the run {run_id} ended as {run.state}{words}.{tasks} The tasks' logs say why.")


@contextlib.contextmanager
def _clear_errors(place: str) -> Iterator[None]:
    """Turns errors of kfp's client into ours."""
    import kfp_server_api
    from urllib3.exceptions import HTTPError

    try:
        yield
    except kfp_server_api.ApiException as error:
        words = _words(error)
        if error.status == 401:
            raise RunError(
                f"Kubeflow: {place}: no valid credentials (401){words} Log in as this installation wants it: a kubeconfig, or "
                f"{TOKEN_PATH} with the path of a token."
            ) from error
        if error.status == 403:
            raise RunError(
                f"Kubeflow: {place}: not allowed (403){words} Ask for the right to run pipelines in this namespace, or set "
                "targets.kubeflow.namespace."
            ) from error
        raise RunError(
            f"Kubeflow: {place}: refused ({error.status} {error.reason}){words} Nothing was started."
        ) from error
    except (HTTPError, TimeoutError, ConnectionError) as error:
        raise RunError(
            f"Kubeflow: {place}: no answer: {reason(error)} Check the address and the network, and try again."
        ) from error


def _words(error: Any) -> str:
    """What the server said, as a part of a sentence."""
    try:
        body = json.loads(error.body)
        text = str(body.get("message") or body.get("error") or "")
    except (TypeError, ValueError, AttributeError):
        text = ""
    return f": {text.rstrip('.')}." if text else "."
