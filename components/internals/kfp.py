"""Parts of kfp 2.16 that are none of its API."""

from __future__ import annotations

import os
from typing import Any


def load_runtime_alone() -> None:
    """Has the next import of kfp leave its clients and compiler out, which take seconds; TFX needs one module of it in a task."""
    os.environ.setdefault("_KFP_RUNTIME", "true")


def client(**settings: Any) -> Any:
    """A `kfp.Client` that looks once whether the API answers: kfp's asks five times, and then doesn't say why it had no answer."""
    import kfp

    class Client(kfp.Client):
        def get_kfp_healthz(self, sleep_duration: int = 5) -> Any:
            return self._healthz_api.healthz_service_get_healthz()

    return Client(**settings)
