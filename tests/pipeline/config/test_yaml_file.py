from __future__ import annotations

import random
import time

import pytest

from components.errors import ConfigError
from pipeline.config.file import load_config
from pipeline.config.yaml_file import read_yaml
from tests.conftest import REPOSITORY

BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
MERGE_BOMB = "a0: &a0 {k0: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40))
CHAIN = "- &a0 [x]\n" + "".join(f"- &a{n} [*a{n - 1}]\n" for n in range(1, 3000))

# the text, and what the message holds after the file's name
BAD = {
    "alias bomb": (
        BOMB,
        ", line 11: not valid YAML: its aliases stand for more than 100,000 values, or for more than 50",
    ),
    "merge bomb": (MERGE_BOMB, "not valid YAML: its aliases stand for more than 100,000 values"),
    "alias chain": (CHAIN, "or for more than 50 levels; write out what is meant. Mend that line."),
    "alias of itself": ("x: &a [*a]\n", ", line 1: not valid YAML: an alias that holds itself"),
    "nested sequences": ("x: " + "[" * 20_000, ", line 1: not valid YAML: nested more than 50 deep"),
    "nested mappings": ("\n".join(" " * n + "a:" for n in range(500)), ", line 51: not valid YAML: nested more than"),
    "NUL": ("name: x\nlabel: a\0b\n", ", line 2: not valid YAML: the character U+0000 may not stand in it. Remove it."),
    "not UTF-8": (b"name: x\nlabel: \xff\n", ", line 2: not UTF-8: invalid start byte. Save the file as UTF-8 text."),
    "UTF-16": ("name: x".encode("utf-16"), ", line 1: not UTF-8"),
    "impossible date": ("x: !!timestamp 2024-13-45\n", ", line 1: not valid YAML: expected a value of type timestamp"),
    "impossible integer": (
        "a: 1\nx: !!int one\n",
        ", line 2: not valid YAML: expected a value of type int; received 'one'",
    ),
    "impossible switch": ("x: !!bool maybe\n", "expected a value of type bool; received 'maybe'"),
    "list as key": ("? [a, b]\n: c\n", ", line 1: not valid YAML: a key must be a text; received a list"),
    "open bracket": ("a: 1\nx: [1,\n", ", line 3: not valid YAML: while parsing a flow node"),
    "tab": ("a:\n\tb: 1\n", ", line 2: not valid YAML: while scanning for the next token found character"),
    "an object": ("x: !!python/object:os.system y\n", ", line 1: not valid YAML: could not determine a constructor"),
    "two documents": ("a: 1\n---\nb: 2\n", ", line 2: not valid YAML: expected a single document"),
    "a table": ("x,y\n" + "1,2\n" * 300_000, ": the file is larger than 1 MB"),
    "twice": ("a: 1\na: 2\n", ", line 2: not valid YAML: the key 'a' stands twice"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_configuration_is_refused_at_once_with_its_line(tmp_path, name):
    text, message = BAD[name]
    path = tmp_path / "p.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    begin = time.monotonic()
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    seconds = time.monotonic() - begin
    print(f"{name}: {seconds:.2f} s: {caught.value}")  # noqa: T201 (pytest -s shows the table of messages)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert seconds < 5.0


def test_what_looks_like_a_date_stays_a_text(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("a: 2024-13-45\nb: 2024-01-31\nc: [2024-01-31 10:00:00]\nd: 1.5\ne: ~\n")
    assert read_yaml(path) == {"a": "2024-13-45", "b": "2024-01-31", "c": ["2024-01-31 10:00:00"], "d": 1.5, "e": None}


def test_aliases_and_merges_of_an_honest_size_are_read(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: [*a, *a]\n")
    assert read_yaml(path) == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": [{"x": 1, "y": 2}] * 2}


def test_a_damaged_configuration_is_read_or_refused_and_never_crashes(tmp_path):
    whole = (
        (REPOSITORY / "data/taxi/pipeline.yaml").read_text().replace("data.csv", str(REPOSITORY / "data/taxi/data.csv"))
    )
    draw = random.Random(14)  # noqa: S311 (damage, no secret)
    scraps = [
        "&a ",
        "*a",
        "!!int ",
        "!!timestamp 1",
        "<<: ",
        "? ",
        "[",
        "}",
        "\0",
        "\t",
        "2024-13-45",
        "- ",
        ": ",
        "é",
        "|\n",
        "1e999",
    ]
    path = tmp_path / "p.yaml"
    for _ in range(300):
        text = whole
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(text))
            text = text[:at] + draw.choice(scraps) + text[at + draw.choice([0, 0, 1, 9]) :]
        path.write_text(text)
        try:
            load_config(path)
        except ConfigError as error:
            assert str(error).startswith(str(path))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1e6", 1e6),
        ("-.5", -0.5),
        ("5", 5),
        ("5.", 5.0),
        (".inf", float("inf")),
        ("true", True),
        ("~", None),
        ("", None),
        *(
            (text, text)
            for text in (
                "no",
                "yes",
                "on",
                "Off",
                "y",
                "007",
                "02001.5",
                "12:30",
                "1_000",
                "0x1F",
                "2024-01-31",
                "1960Q1",
            )
        ),
    ],
)
def test_scalars_are_what_is_meant(tmp_path, text, value):
    file = tmp_path / "c.yaml"
    file.write_text(f"a: {text}")
    assert read_yaml(file) == {"a": value}


def test_any_key_is_a_text(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("2010: a\ntrue: b\nno: c\nnull: d\n1.50: e\nbase: &b {x: 1}\nmore: {<<: *b}\n")
    assert read_yaml(file) == {
        "2010": "a", "true": "b", "no": "c", "null": "d", "1.50": "e", "base": {"x": 1}, "more": {"x": 1},
    }  # fmt: skip
