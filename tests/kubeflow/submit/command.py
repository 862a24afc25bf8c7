"""`plumbline`, or a task of a compiled pipeline, with Vertex AI's client directed to another address.

A job for `WarmPython`, as the libraries load for long: `python -m tests.kubeflow.submit.command MODULE arguments…`. The client
wants Cloud Storage over the network, for the bucket of the artifacts and for a model that lies on this machine: those two are left
out.
"""

from __future__ import annotations

import os
import runpy
import sys
from typing import Any

ADDRESS = "TEST_VERTEX_ADDRESS"  # environment variable


def _redirect(address: str) -> None:
    from google.cloud import aiplatform
    from google.cloud.aiplatform.utils import gcs_utils

    def staged(data_path: str, **_: Any) -> str:
        return f"gs://staged{data_path}"

    aiplatform.init(api_endpoint=address, api_transport="rest")
    gcs_utils.create_gcs_bucket_for_pipeline_artifacts_if_it_does_not_exist = lambda **_: None
    gcs_utils.stage_local_data_in_gcs = staged


if __name__ == "__main__":
    _redirect(os.environ[ADDRESS])
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
