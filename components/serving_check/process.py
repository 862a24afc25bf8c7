"""The fresh process that a model is checked in. It can be started ahead of time, while other steps run: TensorFlow loads slowly."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from components.child_python import child_environment
from components.errors import RunError
from components.serving_check.report import CheckReport

CHECK = "components.serving_check.check"
SECONDS = 600


class CheckProcess:
    """Loads TensorFlow, and waits for one model to check."""

    _early: CheckProcess | None = None

    def __init__(self) -> None:
        command = [sys.executable, "-m", CHECK]
        self._said = tempfile.TemporaryFile()
        self._process = subprocess.Popen(  # noqa: S603 (our own module)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, env=child_environment()
        )

    @classmethod
    def start_early(cls) -> None:
        """Starts one for `take`, if there is none yet."""
        cls._early = cls._early or cls()

    @classmethod
    def take(cls) -> CheckProcess:
        """The one that was started early, or a new one."""
        process, cls._early = cls._early or cls(), None
        return process

    @classmethod
    def stop_early(cls) -> None:
        """Ends the one that was started early, if nobody took it."""
        if cls._early is not None:
            cls.take().close()

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.communicate()
        self._said.close()

    def check(self, folder: Path, golden: dict[str, Any]) -> CheckReport:
        """What `check.check` returns of a model. The process ends with it.

        Raises:
          RunError: the model can't be loaded and queried, or there are problems; the text says what.
        """
        job = json.dumps({"model": str(folder), "golden": golden}) + "\n"
        try:
            out, _ = self._process.communicate(job.encode(), SECONDS)
        except subprocess.TimeoutExpired as error:
            raise RunError(f"the model to be pushed did not answer within {SECONDS} s. Nothing was pushed.") from error
        finally:
            self._process.kill()
            self._said.seek(0)
            said = self._said.read().decode(errors="replace")
            self.close()
        if self._process.returncode:
            last = (said.strip().splitlines() or [f"exit code {self._process.returncode}"])[-1]
            raise RunError(f"the model to be pushed can't be loaded and queried: {last}. Nothing was pushed.")
        report = CheckReport.parse(out.splitlines()[-1], CHECK, "Nothing was pushed.")
        if report.problems:
            first, *more = report.problems
            rest = f" (and {len(more)} more)" if more else ""
            raise RunError(f"the model to be pushed fails its check: {first}{rest}. Nothing was pushed.")
        return report
