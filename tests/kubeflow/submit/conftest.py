"""What the tests of `plumbline submit` share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.kubeflow.warm import WarmPython


@pytest.fixture(scope="module")
def clients() -> Iterator[WarmPython]:
    """A process with the clients imported, which run the command."""
    with WarmPython("google.cloud.aiplatform", "kfp") as warm:
        yield warm


@pytest.fixture(scope="session")
def service_account() -> dict[str, str]:
    """A service account's key, as Google gives one out; nobody knows it."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "type": "service_account",
        "project_id": "some-project",
        "private_key": pem.decode(),
        "private_key_id": "1",
        "client_email": "someone@some-project.iam.gserviceaccount.com",
    }
