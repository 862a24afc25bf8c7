"""The model server at full load for a time, while versions are published. Run: python -m benchmarks.soak --minutes 30

Clients ask by REST and gRPC, without a pause, for predictions, explanations and regressions of 1 row and of 100. Every ten seconds
a new version of the same model is copied beside the others and renamed, and the oldest of more than three is deleted. Every ten
seconds too, the memory and the open files of each process of the server are looked at. Prints a line for each minute and a verdict:
failed requests; how much the memory grows in an hour, as a line through what was seen after the first `--settle` minutes; versions
that did not answer in two seconds, by REST on a connection of its own at each look. Ends with exit code 1 if a request failed, a
version did not answer in time, a process of the server ended, or the memory of any process that lived throughout grows by more
than 64 MiB an hour.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import shutil
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil

from benchmarks.serving_process import REPOSITORY, Running, newest_version, plumbline
from benchmarks.serving_requests import (
    PREDICT,
    REGRESS,
    SIGNATURE,
    grpc_predict,
    grpc_regress,
    make_columns,
    rest_examples,
    rest_rows,
)
from benchmarks.soak_clients import Asked, Clients, Question
from pipeline.cli.loading import load

EVERY = 10.0  # seconds between two publishes
KEPT = 3  # versions
IN_A_ROW = 10  # answers
ANSWER_SECONDS, GIVE_UP_SECONDS = 2.0, 30.0
MOST_MIB_AN_HOUR = 64.0
MIB = 1 << 20
HEADS = ("requests", "failed", "p50 ms", "p99 ms", "max ms", "RSS MiB", "files", "versions", "slowest s")


@dataclasses.dataclass(frozen=True)
class Look:
    """The server at a moment: Unix time, and of each process its memory in bytes and its open files."""

    at: float
    rss: dict[int, int]
    files: dict[int, int]


@dataclasses.dataclass(frozen=True)
class Published:
    """A version: when it was renamed, seconds to its first answer, and until all connections had one; infinite if never."""

    at: float
    version: int
    seconds: float
    everywhere: float


def look(server: Running) -> Look:
    """The server now."""
    rss, files = {}, {}
    for each in server.tree():
        with contextlib.suppress(psutil.NoSuchProcess):
            rss[each.pid], files[each.pid] = each.memory_info().rss, each.num_fds()
    return Look(time.time(), rss, files)


def questions(server: Running, version: Path) -> list[Question]:
    """What is asked; the answers of REST are those of now, as each version is the same model."""
    asked = []
    path = f"/v1/models/{server.name}"
    for rows in (1, 100):
        columns = make_columns(version, rows)
        for title, verb, body in (
            ("predict", "predict", rest_rows(columns)),
            ("explain", "predict", rest_rows(columns, "explain")),
            ("regress", "regress", rest_examples(columns)),
        ):
            answer = _post(server, f"{path}:{verb}", body)
            asked.append(Question(f"REST {title} {rows}", True, f"{path}:{verb}", body, answer))
        for title, method, request in (
            ("predict", PREDICT, grpc_predict(server.name, columns, SIGNATURE)),
            ("explain", PREDICT, grpc_predict(server.name, columns, "explain")),
            ("regress", REGRESS, grpc_regress(server.name, columns)),
        ):
            asked.append(Question(f"gRPC {title} {rows}", False, method, request))
    return asked


def _post(server: Running, path: str, body: bytes) -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{server.rest_port}{path}", body)
    with urllib.request.urlopen(request, timeout=GIVE_UP_SECONDS) as answer:  # noqa: S310 - an address of this machine
        return bytes(answer.read())


def publish(server: Running, source: Path, version: int) -> None:
    """Publishes a version, and deletes old ones."""
    staging = server.base_path / f".staging-{version}"
    shutil.copytree(source, staging)
    os.rename(staging, server.base_path / str(version))
    old = sorted((path for path in server.base_path.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))
    for path in old[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)


def watch(server: Running, version: int, body: bytes) -> Published:
    """Waits until a version answers that was published now, and then until it has answered on ten connections in a row."""
    at = time.time()
    first = everywhere = float("inf")
    row = 0
    while row < IN_A_ROW and time.time() < at + GIVE_UP_SECONDS:
        try:
            _post(server, f"/v1/models/{server.name}/versions/{version}:predict", body)
        except OSError:
            row, everywhere = 0, float("inf")
            time.sleep(0.02)
            continue
        row += 1
        now = time.time() - at
        first, everywhere = min(first, now), min(everywhere, now)
    return Published(at, version, first, everywhere)


def soak(
    server: Running, source: Path, minutes: float, clients: int
) -> tuple[list[Question], Asked, list[Look], list[Published]]:
    """Loads the server, publishes and looks."""
    asked = questions(server, source)
    watched: list[Future[Published]] = []
    looks: list[Look] = []
    over = threading.Event()

    def looking() -> None:
        while True:
            looks.append(look(server))
            if over.wait(EVERY):
                return

    running = Clients((server.rest_port, server.grpc_port), asked, clients // 2, 2)
    watcher = threading.Thread(target=looking)
    watcher.start()
    end = time.monotonic() + 60 * minutes
    number = int(source.name)
    with ThreadPoolExecutor(8) as watchers:
        try:
            while (begun := time.monotonic()) < end:
                number += 1
                publish(server, source, number)
                watched.append(watchers.submit(watch, server, number, asked[0].body))
                time.sleep(max(0.0, min(EVERY, end - begun) - (time.monotonic() - begun)))
        finally:
            over.set()
            watcher.join()
        seen = running.finish()
    return asked, seen, looks, [each.result() for each in watched]


def slope(looks: Sequence[Look], settle: float) -> dict[int, float]:
    """MiB an hour by which the memory of each process grows that lived from `settle` minutes on to the end."""
    late = [each for each in looks if each.at >= looks[0].at + 60 * settle]
    if len(late) < 3:
        return {}
    hours = np.array([each.at - late[0].at for each in late]) / 3600
    lived = set.intersection(*(set(each.rss) for each in late))
    return {pid: float(np.polyfit(hours, [each.rss[pid] / MIB for each in late], 1)[0]) for pid in sorted(lived)}


def table(asked: Asked, looks: Sequence[Look], published: Sequence[Published]) -> list[str]:
    """A line for each minute."""
    at, took = np.array(asked.at), np.array(asked.took)
    failed = np.array([when for when, _ in asked.failures])
    lines = ["minute" + "".join(f"{head:>11}" for head in HEADS)]
    for minute, begin in enumerate(np.arange(looks[0].at, at.max(), 60.0)):
        inside = took[(at >= begin) & (at < begin + 60)]
        if not len(inside):
            continue
        seen = [each for each in looks if begin <= each.at < begin + 60]
        new = [each.seconds for each in published if begin <= each.at < begin + 60]
        p50, p99, longest = np.percentile(inside, [50, 99, 100])
        rss = max((sum(each.rss.values()) / MIB for each in seen), default=np.nan)
        files = max((sum(each.files.values()) for each in seen), default=0)
        cells = (f"{len(inside):,}", int(np.count_nonzero((failed >= begin) & (failed < begin + 60))))
        more = (
            f"{p50:.2f}",
            f"{p99:.2f}",
            f"{longest:.0f}",
            f"{rss:,.0f}",
            files,
            len(new),
            f"{max(new, default=0):.2f}",
        )
        lines.append(f"{minute + 1:>6}" + "".join(f"{cell:>11}" for cell in (*cells, *more)))
    return lines


def main() -> None:
    """Runs the soak, and judges."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=REPOSITORY / "data/taxi/pipeline.yaml", help="of the pipeline")
    parser.add_argument("--root", type=Path, default=Path("runs"), help="that it was run in")
    parser.add_argument("--minutes", type=float, default=30.0, help="of load")
    parser.add_argument("--settle", type=float, default=5.0, help="minutes after which the memory should stay")
    parser.add_argument("--clients", type=int, default=8, help="half of REST, half of gRPC, in two processes")
    parser.add_argument("--before", type=Path, help="another checkout of this repository, instead of this one")
    parser.add_argument("--options", default="", help="of `plumbline serve`")
    arguments = parser.parse_args()
    name = load(arguments.config).name
    source = newest_version(arguments.root.resolve(), name)
    checkout = arguments.before.resolve() if arguments.before else REPOSITORY
    with plumbline(checkout, arguments.config, name, source, arguments.options.split()) as server:
        first = look(server)
        titles, asked, looks, published = soak(server, source, arguments.minutes, arguments.clients)
        last = look(server)
        traceback = "Traceback" in server.said()
    print("\n".join(table(asked, looks, published)))  # noqa: T201
    every, which = np.array(asked.took), np.array(asked.question)
    for index, question in enumerate(titles):
        took = every[which == index]
        p50, p99 = np.percentile(took, [50, 99])
        print(f"{question.title:<18} {len(took):>9,} requests  p50 {p50:.2f} ms  p99 {p99:.2f} ms")  # noqa: T201
    slopes = slope(looks, arguments.settle)
    late = [each for each in published if each.seconds > ANSWER_SECONDS]
    gone = set(first.rss) - set(last.rss)
    files = {pid: count - looks[0].files.get(pid, count) for pid, count in last.files.items()}
    times = [each.seconds for each in published]
    print(  # noqa: T201
        f"\n{len(asked.at):,} requests, {len(asked.failures)} failed; {len(published)} versions published, first answer after "
        f"{np.median(times):.2f} s (median), {max(times):.2f} s (slowest), {len(late)} later than {ANSWER_SECONDS:g} s; "
        f"from all processes after {max(each.everywhere for each in published):.2f} s (slowest)\n"
        f"memory, MiB an hour by process: {', '.join(f'{each:+.1f}' for each in slopes.values()) or 'too short to say'}; "
        f"open files more than at first, by process: {', '.join(f'{each:+d}' for each in files.values())}; "
        f"processes ended: {len(gone)}; tracebacks in the log: {'yes' if traceback else 'none'}"
    )
    for when, text in asked.failures[:3]:
        print(f"failed at {when - looks[0].at:.1f} s: {text}")  # noqa: T201
    grown = any(each > MOST_MIB_AN_HOUR for each in slopes.values())
    sys.exit(bool(asked.failures or late or gone or grown or traceback))


if __name__ == "__main__":
    main()
