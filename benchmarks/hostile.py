"""What hurts the model server. Run: python -m benchmarks.hostile [--only WORD …] [--before CHECKOUT]

Each attack of `hostile_attacks` is made on a server that was started for it, while a neighbour asks for one row every 10 ms, by
REST and gRPC in turn. Prints, as a table of Markdown: what the attacker was answered, and how long it took; how long the
neighbour waited (ms); how much memory all processes of the server took at most, beyond what they had before (MiB). A server that
takes 6 GiB more is ended: this machine has other uses. With `--before`, each attack is made on the server of another checkout
of this repository too.

Ends with exit code 1 if the neighbour of our server waited for more than a second, or was refused, or the memory has grown by
more than 1 GiB, or a process of the server has ended.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import os
import sys
import threading
import time
from pathlib import Path

from benchmarks.hostile_attacks import Attack, Target, chosen
from benchmarks.neighbour import Waited, neighbour
from benchmarks.serving_process import REPOSITORY, Running, newest_version, plumbline
from benchmarks.serving_requests import grpc_predict, make_columns, rest_rows
from pipeline.cli.loading import load

EVERY = 0.02  # seconds between two looks at the memory
END_MIB = 6 * 1024
LONGEST_WAIT_MS, MOST_MIB = 1000.0, 1024.0
AFTER_SECONDS = 0.5
MIB = 1 << 20


@dataclasses.dataclass(frozen=True)
class Row:
    """What an attack did.

    Attributes:
      answered: what the attacker was.
      seconds: that it took.
      waited: by the neighbour.
      mib: how much the memory has grown at most.
      ended: what ended a process of the server; "" if all live.
    """

    answered: str
    seconds: float
    waited: Waited
    mib: float
    ended: str

    @property
    def hurt(self) -> bool:
        """Whether more was taken than may be."""
        return bool(self.waited.longest > LONGEST_WAIT_MS or self.waited.failures or self.mib > MOST_MIB or self.ended)


class Memory(threading.Thread):
    """Looks at a server's memory, and ends the server when it takes too much."""

    def __init__(self, server: Running) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._over = threading.Event()
        self._before = server.usage().rss
        self.mib = 0.0
        self.ended = ""

    def run(self) -> None:
        while not self._over.wait(EVERY):
            self.mib = max(self.mib, (self._server.usage().rss - self._before) / MIB)
            if self.mib > END_MIB and not self.ended:
                self.ended = f"ended here at {self.mib:,.0f} MiB more"
                self._server.kill()

    def finish(self) -> None:
        """Looks no more."""
        self._over.set()
        self.join()


def attacked(checkout: Path, config: Path, name: str, version: Path, attack: Attack, options: list[str]) -> Row:
    """Starts a server, and attacks it."""
    columns = functools.partial(make_columns, version)
    with plumbline(checkout, config, name, version, options) as server:
        target = Target(server.rest_port, server.grpc_port, name, columns)
        run = attack(target)
        one = columns(1)
        body, request = rest_rows(one), grpc_predict(name, one)
        with neighbour(server.rest_port, target.path, body, server.grpc_port, request) as beside:
            memory = Memory(server)
            processes = {each.pid for each in server.tree()}
            memory.start()
            begun = time.monotonic()
            try:
                answered = run()
            except OSError as error:
                answered = repr(error)
            seconds = time.monotonic() - begun
            time.sleep(AFTER_SECONDS)
            gone = processes - {each.pid for each in server.tree()}
        memory.finish()
        ended = memory.ended or (f"{len(gone)} of its processes ended" if gone else "")
        if "Traceback" in server.said():
            answered += "; a traceback in the log"
    return Row(answered, seconds, beside.seen, memory.mib, ended)


def line(title: str, kind: str, row: Row) -> str:
    """A row of the table."""
    waited = row.waited
    refused = f"{len(waited.failures)} of {waited.requests}" if waited.failures else "0"
    answered = f"{row.answered}; {row.ended}" if row.ended else row.answered
    cells = (title, kind, answered.replace("|", "\\|"), f"{row.seconds:.2f}", f"{waited.p50:.1f}", f"{waited.p99:.0f}")
    return "| " + " | ".join((*cells, f"{waited.longest:.0f}", refused, f"{row.mib:,.0f}")) + " |"


def main() -> None:
    """Makes the attacks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=REPOSITORY / "data/taxi/pipeline.yaml", help="of the pipeline")
    parser.add_argument("--root", type=Path, default=Path("runs"), help="that it was run in")
    parser.add_argument("--before", type=Path, help="another checkout of this repository, to compare")
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="attacks with this in their titles")
    parser.add_argument("--options", default="", help="of `plumbline serve`, of ours alone")
    arguments = parser.parse_args()
    name = load(arguments.config).name
    version = newest_version(arguments.root.resolve(), name)
    servers = {"after": (REPOSITORY, arguments.options.split())}
    if arguments.before:
        servers = {"before": (arguments.before.resolve(), []), **servers}
    print(f"{name}, {os.cpu_count()} processors\n")  # noqa: T201
    print("| attack | | answered | s | neighbour p50 ms | p99 | longest | refused | MiB more |")  # noqa: T201
    print("|---|---|---|---:|---:|---:|---:|---:|---:|", flush=True)  # noqa: T201
    hurt = []
    for title, attack in chosen(arguments.only):
        for kind, (checkout, options) in servers.items():
            row = attacked(checkout, arguments.config, name, version, attack, options)
            print(line(title, kind, row), flush=True)  # noqa: T201
            if kind == "after" and row.hurt:
                hurt.append(title)
                for text in row.waited.failures[:1]:
                    print(f"  neighbour: {text}", file=sys.stderr)  # noqa: T201
    print(f"\nhurt: {', '.join(hurt) if hurt else 'by none'}")  # noqa: T201
    sys.exit(bool(hurt))


if __name__ == "__main__":
    main()
