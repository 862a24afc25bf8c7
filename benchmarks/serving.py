"""The model server beside its peers. Run: python -m benchmarks.serving [--before CHECKOUT] [--peer-python PYTHON]

Asks for 1, 100 and 10,000 rows from 1, 8 and 64 connections: our server with one worker process and with two, over REST and gRPC;
with `--before`, the server of another checkout of this repository; with `--peer-python`, a linear model of as many columns, the
texts one-hot, in ONNX Runtime behind aiohttp and orjson, in MLflow's scoring server and in MLServer
(`PYTHON -m pip install mlflow mlserver mlserver-sklearn 'uvloop<0.22' onnxruntime skl2onnx aiohttp orjson`; the worker
processes of MLServer 1.7 don't start with a newer uvloop), each with two processes.

All servers run all the time and are measured in turn, `--rounds` times. The load is nghttp2's `h2load`
(`apt-get install nghttp2-client`), which shares the machine with the servers. Prints, for each: percentiles of the latency,
requests per second (the median of the rounds), processor milliseconds of the server and of the load per request, and how many
requests failed.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from benchmarks.h2load import Load, Seen, grpc_load, rest_load, run
from benchmarks.serving_process import REPOSITORY, Running, free_port, newest_version, plumbline, running
from benchmarks.serving_requests import PREDICT, Columns, grpc_predict, make_columns, plain, rest_columns, rest_rows
from benchmarks.serving_requests import row_dicts as rows_of
from pipeline.cli.loading import load as load_config

ROWS, CLIENTS, PEER_WORKERS = (1, 100, 10_000), (1, 8, 64), 2
PEERS = ("ONNX", "MLflow", "MLServer")
MANY_ROWS, LONGER = 10_000, 3  # from so many rows on, a measurement takes so many times as long
HEADS = ("rows", "clients", "p50 ms", "p99 ms", "requests/s", "CPU ms", "load's", "failed")
Ask = Callable[[Columns], Load]


def ours(server: Running, by_column: bool) -> tuple[Ask, Ask]:
    """REST and gRPC requests of our server."""
    path = f"/v1/models/{server.name}:predict"

    def rest(columns: Columns) -> Load:
        return _rest(server, path, (rest_columns if by_column else rest_rows)(columns))

    def by_grpc(columns: Columns) -> Load:
        request = grpc_predict(server.name, columns)
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
            call = channel.unary_unary(PREDICT, request_serializer=None, response_deserializer=None)
            answer = call(request, timeout=60)
        return grpc_load(server.grpc_port, request, len(answer) + 5)

    return rest, by_grpc


def _rest(server: Running, path: str, body: bytes) -> Load:
    """Posts of a body, which is answered well once."""
    url = f"http://127.0.0.1:{server.rest_port}{path}"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return rest_load(server.rest_port, path, body, len(answer.read()))


def peers(
    stack: contextlib.ExitStack, python: str, columns: Columns, by_column: bool, wanted: Sequence[str]
) -> dict[str, tuple[Running, Ask]]:
    """Starts those of ONNX Runtime, MLflow and MLServer that are wanted, on models of such columns."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    texts = [name for name, values in columns.items() if values.dtype == object]
    numbers = [name for name in columns if name not in texts]
    script = str(Path(__file__).with_name("serving_peer.py"))
    made = subprocess.run(  # noqa: S603
        [python, script, "make", folder, ",".join(numbers), ",".join(texts)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        sys.exit(f"{python}: no models made:\n{made.stderr[-4000:]}")
    env = {"PATH": f"{Path(python).absolute().parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": ""}

    def start(name: str, command: list[str], port: int, ready: str) -> Running:
        where = Running(name, folder, port, 0, (folder / f"{name}.log",), None)  # type: ignore[arg-type] # as in plumbline
        return stack.enter_context(running(command, where, env, folder, ready))

    workers = str(PEER_WORKERS)

    def start_onnx() -> Running:
        port = free_port()
        return start("ONNX", [python, script, "onnx", str(folder), str(port), workers], port, "/ready")

    def start_mlflow() -> Running:
        port = free_port()
        command = [python, "-m", "mlflow", "models", "serve", "-m", "mlflow", "-p", str(port), "-w", workers]
        return start("MLflow", [*command, "--env-manager", "local"], port, "/ping")

    def start_mlserver() -> Running:
        port = free_port()
        settings: dict[str, Any] = {"http_port": port, "grpc_port": free_port(), "metrics_port": free_port()}
        settings |= {"parallel_workers": PEER_WORKERS, "host": "127.0.0.1", "debug": False}
        (folder / "mlserver" / "settings.json").write_text(json.dumps(settings))
        command = [str(Path(python).with_name("mlserver")), "start", "mlserver"]
        return start("MLServer", command, port, "/v2/health/ready")

    def ask_onnx(onnx: Running, columns: Columns) -> Load:
        return _rest(onnx, "/v1/models/bench:predict", (rest_columns if by_column else rest_rows)(columns))

    def ask_mlflow(mlflow: Running, columns: Columns) -> Load:
        listed = plain(columns)
        split = {"columns": list(listed), "data": list(zip(*listed.values(), strict=True))}
        body = {"dataframe_split": split} if by_column else {"dataframe_records": rows_of(columns)}
        return _rest(mlflow, "/invocations", json.dumps(body).encode())

    def ask_mlserver(mlserver: Running, columns: Columns) -> Load:
        return _rest(mlserver, "/v2/models/bench/infer", json.dumps(_v2(columns)).encode())

    known = {
        "ONNX": (start_onnx, ask_onnx),
        "MLflow": (start_mlflow, ask_mlflow),
        "MLServer": (start_mlserver, ask_mlserver),
    }
    found: dict[str, tuple[Running, Ask]] = {}
    for name in wanted:
        begin, ask = known[name]
        server = begin()
        found[name] = server, functools.partial(ask, server)
    return found


def _v2(columns: Columns) -> dict[str, Any]:
    """The columns as the Open Inference Protocol has them."""
    inputs = []
    for name, values in plain(columns).items():
        text = columns[name].dtype == object
        each: dict[str, Any] = {"name": name, "shape": [len(values), 1], "data": values}
        each |= {"datatype": "BYTES", "parameters": {"content_type": "str"}} if text else {"datatype": "FP32"}
        inputs.append(each)
    return {"parameters": {"content_type": "pd"}, "inputs": inputs}


def compare(arguments: argparse.Namespace) -> None:
    """Starts all, measures them in turn, and prints a table."""
    config: Path = arguments.config
    name = load_config(config).name
    version = newest_version(arguments.root.resolve(), name)
    columns = {rows: make_columns(version, rows) for rows in arguments.rows}
    with contextlib.ExitStack() as stack:
        askers: dict[str, tuple[Running, Ask]] = {}
        for workers in (1, 2):
            options = ["--workers", str(workers)]
            server = stack.enter_context(plumbline(REPOSITORY, config, name, version, options))
            rest, by_grpc = ours(server, arguments.columns)
            askers |= {f"REST, {workers}": (server, rest), f"gRPC, {workers}": (server, by_grpc)}
        if arguments.before:
            older = newest_version((arguments.before_root or arguments.root).resolve(), name)
            server = stack.enter_context(plumbline(arguments.before.resolve(), config, name, older))
            rest, by_grpc = ours(server, arguments.columns)
            askers |= {"REST, before": (server, rest), "gRPC, before": (server, by_grpc)}
        if arguments.peer_python:
            askers |= peers(
                stack, arguments.peer_python, columns[arguments.rows[0]], arguments.columns, arguments.peers
            )
        kind = "columns" if arguments.columns else "rows"
        width = len(next(iter(columns.values())))
        how = f"{arguments.rounds} × {arguments.seconds:g} s each, in turn; {os.cpu_count()} processors"
        print(f"{width} columns as {kind}; {how}")  # noqa: T201
        print(f"{'':<14}" + "".join(f"{head:>11}" for head in HEADS), flush=True)  # noqa: T201
        for rows in arguments.rows:
            loads = {each: (server, ask(columns[rows])) for each, (server, ask) in askers.items()}
            seconds = arguments.seconds * (LONGER if rows >= MANY_ROWS else 1)
            for clients in arguments.clients:
                seen: dict[str, list[Seen]] = {each: [] for each in loads}
                for _ in range(arguments.rounds):
                    for each, (server, load) in loads.items():
                        seen[each].append(run(load, server, clients, seconds))
                for each, found in seen.items():
                    print(line(each, rows, clients, found), flush=True)  # noqa: T201


def line(kind: str, rows: int, clients: int, seen: list[Seen]) -> str:
    """One line of the table."""
    every = np.concatenate([each.took for each in seen])
    p50, p99 = np.percentile(every, [50, 99]) if len(every) else (np.nan, np.nan)
    rate = float(np.median([len(each.took) / each.seconds for each in seen]))
    calls = sum(each.calls for each in seen)
    cpu, load = (
        1000 * sum(getattr(each, name) for each in seen) / max(calls, 1) for name in ("server_cpu", "client_cpu")
    )
    failed = sum(each.failed for each in seen)
    cells = (rows, clients, f"{p50:.2f}", f"{p99:.2f}", f"{rate:,.1f}", f"{cpu:.3f}", f"{load:.3f}", failed)
    return f"{kind:<14}" + "".join(f"{cell:>11}" for cell in cells)


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=REPOSITORY / "data/taxi/pipeline.yaml", help="of the pipeline")
    parser.add_argument("--root", type=Path, default=Path("runs"), help="that it was run in")
    parser.add_argument("--seconds", type=int, default=3, help="that each measurement takes")
    parser.add_argument("--rounds", type=int, default=2, help="of measurements")
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="of a request")
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS, help="connections")
    parser.add_argument("--columns", action="store_true", help="send columns, not rows")
    parser.add_argument("--before", type=Path, help="another checkout of this repository, to compare")
    parser.add_argument(
        "--before-root", type=Path, help="that the pipeline was run in there; by default the same model"
    )
    parser.add_argument("--peer-python", help="a Python with the peers")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS, help="that are measured")
    compare(parser.parse_args())


if __name__ == "__main__":
    main()
