"""The exceptions of Plumbline, and the exit code that each one ends a command with.

Exit codes: 0 done, 1 anything else, 2 bad usage or configuration, 3 bad data, 4 refused by the model gate.
"""

from __future__ import annotations

from collections.abc import Sequence

EXIT_REFUSED = 4


class PlumblineError(Exception):
    """Base of all errors that a user can meet; its text says where, what was expected, what came, what to do."""

    exit_code = 1


class ConfigError(PlumblineError, ValueError):
    """The configuration file, or the way a command was called, is wrong."""

    exit_code = 2


class DataError(PlumblineError, ValueError):
    """The table is wrong, or does not fit the configuration or the schema."""

    exit_code = 3


class RunError(PlumblineError, RuntimeError):
    """A run broke one of its own promises, or something it needs is not there."""


class RefusedError(PlumblineError):
    """The model gate refused the model."""

    exit_code = EXIT_REFUSED

    def __init__(self, reasons: Sequence[str]) -> None:
        """Takes the reasons, a sentence each without its full stop."""
        super().__init__("; ".join(reasons))


def error_line(error: PlumblineError) -> str:
    """How a command or a task that an error ended, or a refusal, says so."""
    return f"plumbline: {'refused' if isinstance(error, RefusedError) else 'error'}: {error}"
