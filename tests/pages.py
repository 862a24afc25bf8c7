"""A page as its reader has it: its blocks of commands are run in their order, and what it shows must be what comes out."""

from __future__ import annotations

import dataclasses
import doctest
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

NUMBER = re.compile(r"-?[\d,]*\.?\d+(?:e-?\d+)?")
PLACE = "№"  # of a number
SERVE = "plumbline serve"
PORTS = ("8501", "8500")  # REST and gRPC, as a page has them


@dataclasses.dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    return [Block(*found) for found in re.findall(r"```(\w+)\n(.*?)```", page.read_text(), re.DOTALL)]


def make_verbs(page: Path) -> list[str]:
    """The verbs of `make` in a page's blocks of commands."""
    return [
        line.split()[1]
        for block in blocks(page)
        if block.language == "sh"
        for line in block.text.splitlines()
        if line.startswith("make ")
    ]


def sessions(page: Path) -> list[str]:
    """The sessions of the interpreter that a page shows, in their order."""
    return [block.text for block in blocks(page) if block.language == "python" and ">>>" in block.text]


def run_session(page: Path, text: str) -> None:
    """Runs a session of the interpreter.

    Raises:
      AssertionError: another thing came out than stands there.
    """
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    assert test.examples
    told: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    assert not told, "".join(told)


def is_shown(line: str, printed: str) -> bool:
    """Whether a line of a page is among what was printed: its words as they are, its numbers to 1 %. `…` stands for anything."""
    words, numbers = _words_and_numbers(line)
    parts = (re.escape(part).replace(PLACE, f"({PLACE})") for part in words.split("…"))
    pattern = re.compile(".*".join(parts))
    for other in printed.splitlines():
        its_words, its_numbers = _words_and_numbers(other)
        match = pattern.fullmatch(its_words)
        if match:
            places = [its_words.count(PLACE, 0, match.start(index + 1)) for index in range(len(numbers))]
            if [its_numbers[place] for place in places] == pytest.approx(numbers, rel=1e-2):
                return True
    return False


def _words_and_numbers(line: str) -> tuple[str, list[float]]:
    """The line with `PLACE` for each number and one blank between words, and the numbers."""
    numbers = [float(found.replace(",", "")) for found in NUMBER.findall(line)]
    return " ".join(NUMBER.sub(PLACE, line).split()), numbers


def read_along(page: Path, folder: Path) -> None:
    """Runs a page's blocks in a folder, but for `make`, and compares each block of text with what the commands before it printed.

    A block of YAML whose first line is `# NAME.yaml` is written to that file. `plumbline serve` runs on until the page ends, on
    free ports instead of those that the page has.

    Raises:
      AssertionError: a command failed, or a line is shown that none printed.
    """
    printed = ""
    with _Servers() as servers:
        for block in blocks(page):
            if block.language == "sh":
                printed = "".join(_run(command, folder, servers) for command in _commands(block.text))
            elif block.language == "text":
                for line in block.text.strip().splitlines():
                    assert is_shown(line, printed), f"{page.name}: {line}\n\nThe commands printed:\n{printed}"
            elif block.language == "yaml" and (name := re.match(r"# (\S+\.yaml)\n", block.text)):
                (folder / name[1]).write_text(block.text)


def _commands(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").strip().splitlines():
        if not line.startswith("make "):
            yield line


def _run(command: str, folder: Path, servers: _Servers) -> str:
    if command.startswith(SERVE):
        return servers.start(command, folder)
    command = servers.on_its_port(command)
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return f"{done.stdout}{done.stderr}\n"


def _environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"}


class _Servers:
    """The servers that a page starts; they end with it."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))

    def __enter__(self) -> _Servers:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def on_its_port(self, command: str) -> str:
        """The command, asking the port that is in use instead of the page's."""
        for shown, used in self._ports.items():
            command = command.replace(f"127.0.0.1:{shown}", f"127.0.0.1:{used}")
        return command

    def start(self, command: str, folder: Path) -> str:
        """Starts a server, waits until it answers, and returns what it printed."""
        rest, grpc = self._ports.values()
        log = folder / "serve.txt"
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command} --rest-port {rest} --grpc-port {grpc}"],
                cwd=folder,
                env=_environment(),
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)
        begin = time.monotonic()
        while "gRPC" not in log.read_text():
            assert process.poll() is None and time.monotonic() < begin + 120, f"{command}\n{log.read_text()}"
            time.sleep(0.2)
        printed = log.read_text()
        for shown, used in self._ports.items():
            printed = printed.replace(used, shown)
        return printed


def _free_ports(number: int) -> list[str]:
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [str(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
