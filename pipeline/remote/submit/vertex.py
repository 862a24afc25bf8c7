"""Vertex AI Pipelines, through PipelineJob of google-cloud-aiplatform, with the user's ambient credentials."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from components.errors import RunError
from pipeline.config.targets import VertexTarget
from pipeline.remote.submit.google_errors import google_errors
from pipeline.remote.submit.submission import Submission

ROLE = "roles/aiplatform.user"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
PROJECT_NAME = "GOOGLE_CLOUD_PROJECT"  # environment variables that Google's clients know
REGION_NAMES = ("GOOGLE_CLOUD_REGION", "CLOUD_ML_REGION")


def submit(submission: Submission, section: VertexTarget, wait: bool) -> Iterator[tuple[str, str]]:
    """Starts a run, or makes a schedule of runs.

    Args:
      submission: what is sent.
      section: the target's.
      wait: for the run's end.

    Yields:
      What to tell the user: names and values.

    Raises:
      RunError: the service can't be reached, refuses, has a schedule of this name already, or the awaited run failed.
    """
    region = section.region or next(filter(None, map(os.environ.get, REGION_NAMES)), None)
    if region is None:
        raise RunError(f"Vertex AI: no region: set targets.vertex.region, or {' or '.join(REGION_NAMES)}.")
    with google_errors("Vertex AI", f"project {section.project or 'of the environment'}, {region}", ROLE):
        import google.auth
        from google.cloud import aiplatform

        credentials, found = google.auth.default(scopes=[SCOPE])
        project = section.project or os.environ.get(PROJECT_NAME) or found
        if project is None:
            raise RunError(
                f"Vertex AI: no project: set targets.vertex.project or {PROJECT_NAME}, or run 'gcloud config set project …'."
            )
        aiplatform.init(project=project, location=region, credentials=credentials, api_transport="rest")
        job = aiplatform.PipelineJob(  # enable_caching would overrule what the specification says of the Pusher
            display_name=submission.name,
            template_path=str(submission.path),
            parameter_values=submission.parameters,
            labels=submission.labels or None,
        )
        if submission.cron is not None:
            name = _schedule(job, submission, section)
            yield "recurring run", name
            yield "page", _page(name, "schedules")
            return
        job.submit(service_account=section.service_account)
        yield "run", job.resource_name
        yield "page", _page(job.resource_name, "runs")
        if wait:
            _wait(job)
            yield "state", "succeeded"


def _schedule(job: Any, submission: Submission, section: VertexTarget) -> str:
    from google.cloud import aiplatform

    here = aiplatform.PipelineJobSchedule.list(filter=f'display_name="{submission.name}" AND state="ACTIVE"')
    if here:
        raise RunError(
            f"Vertex AI: there is a schedule {submission.name!r} already: {here[0].resource_name}. Pause or delete it first, or "
            "two would run."
        )
    schedule = job.create_schedule(
        cron=submission.cron, display_name=submission.name, service_account=section.service_account
    )
    return str(schedule.resource_name)


def _wait(job: Any) -> None:
    try:
        job.wait()
    except RuntimeError as error:  # of a job that failed or was cancelled
        message = re.search(r'message: "(.*?)"', str(error))
        raise RunError(
            f"Vertex AI: the run {job.resource_name} failed: {message[1] if message else str(error)} Its page has the tasks' logs: "
            f"{_page(job.resource_name, 'runs')}"
        ) from error


def _page(resource_name: str, kind: str) -> str:
    _, project, _, region, _, name = resource_name.split("/")
    return f"https://console.cloud.google.com/vertex-ai/locations/{region}/pipelines/{kind}/{name}?project={project}"
