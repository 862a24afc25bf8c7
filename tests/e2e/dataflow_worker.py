"""Loads what translated jobs run, as a worker does: python dataflow_worker.py PLUGINS JOB …

PLUGINS are the modules that Beam's worker is told to import first, by commas. Prints, by file, how many functions were loaded, and
what the first error was; for a process whose PYTHONPATH has our packages and no tests, as the image has them.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from apache_beam.internal import pickler
from apache_beam.runners.worker.sdk_worker_main import _import_beam_plugins

PICKLED = re.compile(rb"QlpoO[A-Za-z0-9+/]+=*")  # base64 of what bz2 wrote


def loaded(job: bytes) -> dict[str, Any]:
    """Loads each."""
    count, error = 0, None
    for pickled in PICKLED.findall(job):
        try:
            pickler.loads(pickled)
            count += 1
        except ImportError as failed:
            error = error or str(failed)
    return {"loaded": count, "error": error}


def main() -> None:
    """Each job."""
    _import_beam_plugins(sys.argv[1].split(",") if sys.argv[1] else [])
    print(json.dumps({Path(name).stem: loaded(Path(name).read_bytes()) for name in sys.argv[2:]}))  # noqa: T201


if __name__ == "__main__":
    main()
