"""What is asked of a Beam job service besides what its runner does."""

from __future__ import annotations

import logging

import grpc

from components.errors import RunError
from components.internals.beam_clusters import cancel_job, jobs_of
from pipeline.beam.engine import run_of


def end_orphans(endpoint: str, run: str) -> None:
    """Cancels the jobs that a run, which was killed, has left.

    Args:
      endpoint: host:port.
      run: its name (`engine.run_of`), which no other has while this one goes on.

    Raises:
      RunError: what listens there is no Beam job service.
    """
    with grpc.insecure_channel(endpoint) as channel:
        try:
            for job in jobs_of(channel):
                if run_of(job.name) == run:
                    logging.warning("cancelling job %s, which a run that was killed left", job.id)
                    cancel_job(channel, job)
        except grpc.RpcError as error:
            raise RunError(
                f"beam.endpoint: what listens at {endpoint} does not answer as a Beam job service: {error.code().name}. Name the "
                "port of its job API (8099 where nothing else is said)."
            ) from error
