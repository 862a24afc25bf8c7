"""What a refused body costs, and one that is made to cost much: no more than a small multiple of an accepted one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from pipeline.serving.errors import RequestError
from pipeline.serving.json.examples import parse_regress
from pipeline.serving.json.predict import parse_predict

FLOAT, STRING = 1, 7
INPUTS = {"day": STRING, "fare": FLOAT, "hour": FLOAT, "miles": FLOAT, "payment": STRING}
SIGNATURES: Any = {
    "serving_default": SimpleNamespace(inputs={name: SimpleNamespace(dtype=dtype) for name, dtype in INPUTS.items()})
}
COUNT = 4000
ROWS = [
    {"day": str(index % 7), "fare": index / 8, "hour": index % 24, "miles": 1.5, "payment": "Credit Card"}
    for index in range(COUNT)
]
COLUMNS = {name: [row[name] for row in ROWS] for name in INPUTS}
LISTS = [{name: [value] for name, value in row.items()} for row in ROWS]
MOST = 3  # times as much as an accepted body of the same kind


def rows(key: str, *parts: dict[str, Any], last: str | None = None) -> bytes:
    """A body of rows, the last one given or changed."""
    texts = [json.dumps(part) for part in parts]
    if last is not None:
        texts[-1] = texts[-1][:-1] + last
    return f'{{"{key}": [{", ".join(texts)}]}}'.encode()


def without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


ACCEPTED = {
    "rows": rows("instances", *ROWS),
    "columns": json.dumps({"inputs": COLUMNS}).encode(),
    "lists": rows("instances", *LISTS),
    "examples": rows("examples", *ROWS),
}
REFUSED = [
    ("rows", "a text for a number", rows("instances", *ROWS[:-1], {**ROWS[-1], "fare": "x"}), "3999 key: fare"),
    ("rows", "a null", rows("instances", *ROWS[:-1], {**ROWS[-1], "fare": None}), "3999 key: fare"),
    ("rows", "a list", rows("instances", *ROWS[:-1], {**ROWS[-1], "fare": [1]}), "Expecting shape [] but got: [1]"),
    ("rows", "a missing key", rows("instances", *ROWS[:-1], without(ROWS[-1], "fare")), "element: 3999 of 'instances' list. JSON"),
    ("rows", "an unknown key", rows("instances", *ROWS[:-1], {**ROWS[-1], "x": 1}), "3999 key: x of"),
    ("rows", "a key twice", rows("instances", *ROWS, last=', "fare": 2}'), "Key: fare stands twice in element: 3999 of"),
    ("rows", "no end", ACCEPTED["rows"][:-1], "JSON Parse error: Missing a comma or '}'"),
    ("rows", "an empty row", rows("instances", *ROWS[:-1], {}), "3999 of 'instances' list. JSON object: {}"),
    ("columns", "a text for a number", ACCEPTED["columns"].replace(b"1.5]", b'"x"]'), "Type: String is not of"),
    ("columns", "a missing column", json.dumps({"inputs": without(COLUMNS, "payment")}).encode(), "named input: payment"),
    ("columns", "a key twice", ACCEPTED["columns"][:-2] + b', "fare": [1]}}', "Key: fare stands twice in 'inputs'"),
    ("lists", "a text for a number", rows("instances", *LISTS[:-1], {**LISTS[-1], "fare": ["x"]}), "3999 key: fare"),
    ("lists", "two values", rows("instances", *LISTS[:-1], {**LISTS[-1], "fare": [1, 2]}), "tensor size: 1 but got: 2"),
    ("lists", "a key twice", rows("instances", *LISTS, last=', "fare": [2]}'), "Key: fare stands twice in element: 3999 of"),
    ("examples", "a null", rows("examples", *ROWS[:-1], {**ROWS[-1], "fare": None}), "Feature: fare has element"),
    ("examples", "a key twice", rows("examples", *ROWS, last=', "fare": 2}'), "Key: fare stands twice in element: 3999 of"),
]  # fmt: skip
LARGE = [
    ("brackets", b'{"instances": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    ("open brackets", b'{"instances": ' + b"[" * 100_000),
    ("open objects", b'{"instances": [' + b'{"a":' * 100_000),
    ("digits", b'{"instances": [{"fare": ' + b"1" * 1_000_000 + b"}]}"),
    ("decimals", b'{"instances": [{"fare": 0.' + b"1" * 1_000_000 + b"}]}"),
    ("a huge exponent", b'{"instances": [{"fare": 1e' + b"9" * 1_000_000 + b"}]}"),
    ("keys of a row", b'{"instances": [{' + b",".join(b'"k%d":1' % index for index in range(100_000)) + b"}]}"),
    ("one key again and again", b'{"instances": [{' + b",".join([b'"fare":1'] * 100_000) + b"}]}"),
    ("keys of the body", b"{" + b",".join(b'"k%d":1' % index for index in range(100_000)) + b"}"),
    ("empty rows", b'{"instances": [' + b",".join([b"{}"] * 100_000) + b"]}"),
    ("rows without names", b'{"instances": [' + b",".join([b"1"] * 100_000) + b"]}"),
    ("lists of lists", b'{"instances": [' + b",".join([b"[[1],[2]]"] * 30_000) + b"]}"),
    ("a long text", b'{"instances": [{"fare": "' + b"a" * 1_000_000 + b'"}]}'),
    ("a long list in a cell", b'{"inputs": {"day": [' + b"1," * 300_000 + b'"x"]}}'),
]


def read(body: bytes) -> None:
    if b'"examples"' in body[:20]:
        parse_regress(body, SIGNATURES, lambda: {name.encode(): dtype for name, dtype in INPUTS.items()})
    else:
        parse_predict(body, SIGNATURES)


def said(body: bytes) -> str:
    with pytest.raises(RequestError) as raised:
        read(body)
    return raised.value.message


def seconds(*works: Callable[[], object]) -> list[float]:
    """CPU time of each, the least of some in turn."""
    found: list[list[float]] = [[] for _ in works]
    for _ in range(6):
        for work, times in zip(works, found, strict=True):
            start = time.process_time()
            work()
            times.append(time.process_time() - start)
    return [min(times) for times in found]


@pytest.mark.parametrize(
    ("kind", "what", "body", "expected"), REFUSED, ids=[f"{case[0]}: {case[1]}" for case in REFUSED]
)
def test_refused_body_costs_about_what_an_accepted_one_does(kind: str, what: str, body: bytes, expected: str) -> None:
    assert expected in said(body).replace("\n", " ").replace("  ", " ")
    refused, accepted = seconds(lambda: said(body), lambda: read(ACCEPTED[kind]))
    assert refused < MOST * accepted + 0.001


@pytest.mark.parametrize(("what", "body"), LARGE, ids=[case[0] for case in LARGE])
def test_body_made_to_cost_much_costs_about_what_a_parser_takes(what: str, body: bytes) -> None:
    def parsed() -> None:
        try:
            orjson.loads(body)
        except ValueError:
            pass

    refused, alone = seconds(lambda: said(body), parsed)
    assert refused < MOST * max(alone, len(body) / 100e6) + 0.005
