"""How the JVMs are started: what `install.sh` brought, the flags of Java 17, and where they log."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tests.conftest import REPOSITORY

TOOLS = REPOSITORY / ".tools"
START_SECONDS = 120
_EXPORTS = ("java.base/sun.net.util", "java.rmi/sun.rmi.registry")
# A process that is started by this ends when the thread does that started it, even if that is killed.
WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")
_OPENS = (
    *(
        "java.io",
        "java.lang",
        "java.lang.invoke",
        "java.lang.reflect",
        "java.net",
        "java.nio",
        "java.text",
        "java.time",
    ),
    *("java.util", "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks"),
    *("sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"),
)


def installed(engine: str) -> Path:
    """The folder of an engine, as `make flink` or `make spark` brought it.

    Raises:
      FileNotFoundError: it is not there.
    """
    folder = TOOLS / engine
    if not (folder / "installed").is_file():
        raise FileNotFoundError(
            f"{folder}: expected {engine} with Beam's runner; it is not there. Run `make {engine}` first."
        )
    return folder


def class_path(engine: str) -> str:
    """For every JVM of an engine. Its own jars come first: they have slf4j 1.7, and Beam brings the API of slf4j 2.0."""
    folder = installed(engine)
    return os.pathsep.join([f"{folder}/lib/*", f"{folder}/classes", f"{folder}/beam/*"])


def command(engine: str, main: str, *arguments: str | Path, flags: tuple[str, ...] = ()) -> list[str]:
    """A JVM's command line."""
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else "java"
    exports = [f"--add-exports={name}=ALL-UNNAMED" for name in _EXPORTS]
    opens = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENS]
    log = f"-Dlog4j2.configurationFile={Path(__file__).parent / 'log4j2.properties'}"
    return [str(java), *flags, log, *exports, *opens, "-cp", class_path(engine), main, *map(str, arguments)]


def start(line: list[str], log: IO[bytes], environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Starts a JVM that logs to a file."""
    return subprocess.Popen(
        [*WITH_PARENT, *line],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env={**os.environ, **(environment or {})},
    )


def wait_for(number: str, ask: Callable[[], str], main: subprocess.Popen[bytes], cluster: str) -> None:
    """Waits until a cluster has what it is to have.

    Args:
      number: of what: "2 slots".
      ask: what there is now, in such words; fails until the cluster answers.
      main: the process that answers.
      cluster: which it is, and where its logs are, for the message.

    Raises:
      RuntimeError: it hasn't in START_SECONDS, or that process has ended.
    """
    until, last = time.monotonic() + START_SECONDS, "nothing"
    while time.monotonic() < until and main.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            last = ask()
            if last == number:
                return
        time.sleep(0.2)
    raise RuntimeError(f"{cluster}: expected {number}; received {last}.")


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens at."""
    held = [socket.socket() for _ in range(number)]
    try:
        for each in held:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()
