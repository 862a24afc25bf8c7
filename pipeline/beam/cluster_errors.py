"""What an engine says of a job that failed, in words: the error of ours that a worker raised, or what to do about the engine."""

from __future__ import annotations

import re

from components import errors
from components.errors import PlumblineError, RunError

_OURS = re.compile(r"components\.errors\.(\w+): (.*?)(?= \[while running|\n|\\n|$)", re.DOTALL)
_CAUSE = re.compile(r"(?:^|Caused by: )[\w.$]*?(\w+(?:Exception|Error)): ([^\n]+)", re.MULTILINE)
_JOB = re.compile(r"^Pipeline \S+ failed in state \w+: ")
_LONGEST = 300
_AGAIN = "and run again: the steps that are done are in the cache"

# What an engine's text has in it, and what it means and asks for. The first that fits is told.
_MEANINGS = (
    (
        "NoResourceAvailableException|Could not allocate the required slot|Could not acquire the minimum required resources|"
        r"TimeoutException: Timeout has occurred: \d+ ms",  # all that a job service tells of them
        f"it had too few slots. Start as many TaskManagers as the job needs, or lower beam.parallelism, {_AGAIN}",
    ),
    (
        "Insufficient number of network buffers",
        "its TaskManagers have too few network buffers. Raise taskmanager.memory.network.max, or lower "
        "taskmanager.network.sort-shuffle.min-buffers (docs/engines.md)",
    ),
    (
        "exceeds the maximum size of a sort buffer",
        "a record was larger than what its TaskManagers can sort. Raise taskmanager.memory.managed.size (docs/engines.md)",
    ),
    ("OutOfMemoryError", f"a TaskManager ran out of memory. Give it more (docs/engines.md), {_AGAIN}"),
    (
        "the job service has gone",
        f"its job service ended, or can't be reached any more; a job of it may still be going on. Start it, {_AGAIN}",
    ),
    (
        "Unable to parse jar URL|Unable to fetch|HTTP Error|urlopen error|URLError",
        "Beam's job server could not be fetched from Maven Central. Name a jar on this machine in beam.job_server_jar",
    ),
    (
        "UNAVAILABLE.*[Cc]onnection refused|Connection refused",
        "its workers could not reach what runs the Python work. Start 'plumbline workers' beside each of them, at the address "
        f"that beam.environment names, {_AGAIN}",
    ),
    (
        "Failed to retrieve staged files|No such image|docker.*(?:pull|run)",
        "its workers could not start the image that beam.environment names. Push it where they can pull it",
    ),
    (
        "Recovery is suppressed|TaskManager|TaskExecutor|heartbeat|RecipientUnreachable|SDK harness",
        f"it lost workers while the job ran, and did not recover. Look at their logs, {_AGAIN}",
    ),
)


def ours(text: str) -> PlumblineError | None:
    """The error of ours that a worker raised, if a job's text has one: to try again would not help."""
    found = _OURS.search(text)
    kind = None if found is None else getattr(errors, found[1], None)
    if found is not None and isinstance(kind, type) and issubclass(kind, PlumblineError):
        return kind(found[2].strip())
    return None


def in_words(text: str, engine: str) -> PlumblineError:
    """The error that a job's text stands for.

    Args:
      text: the engine's, stack traces and all. The caller has it in the log.
      engine: its name.

    Returns:
      The error of ours that a worker raised, with its own text; or what the engine means, with the last cause that it names.
    """
    error = ours(text)
    if error is not None:
        return error
    text = _JOB.sub("", text)
    causes = [f"{name}: {said.strip()}" for name, said in _CAUSE.findall(text)]
    cause = _short(causes[-1] if causes else text)
    for pattern, meaning in _MEANINGS:
        if re.search(pattern, text, re.DOTALL):
            return RunError(f"the engine {engine} could not do a job: {meaning}. It said: {cause}")
    return RunError(f"the engine {engine} could not do a job. It said: {cause}. The log has all of it.")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
