"""The tables in data/ that scripts make, and their configurations."""

from __future__ import annotations

import csv
import subprocess
import sys
from decimal import Decimal

import pytest
import yaml

from pipeline.cli.init import write_config
from pipeline.config.file import load_config
from pipeline.local.first_look import check_table
from tests.conftest import REPOSITORY

DATA = REPOSITORY / "data"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name / "data.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ["seed", "tips"])
def test_the_script_makes_the_file(name):
    done = subprocess.run([sys.executable, DATA / name / "make_data.py"], capture_output=True, check=True)
    assert done.stdout == (DATA / name / "data.csv").read_bytes()


def test_a_big_tip_is_above_a_fifth_of_the_fare_and_the_tip_itself_is_gone():
    tips, trips = rows("tips"), rows("taxi")
    assert "tips" not in tips[0]
    big = [Decimal(trip["tips"]) * 5 > Decimal(trip["fare"]) for trip in trips]
    assert [row["big_tip"] for row in tips] == ["yes" if is_big else "no" for is_big in big]
    assert f"({sum(big):,})" in (DATA / "tips" / "SOURCE.md").read_text()
    assert sum(row["payment_type"] == "Cash" and row["big_tip"] == "yes" for row in tips) == 4


def test_no_more_flights_are_late_than_left():
    delays = rows("delays")
    assert f"{len(delays):,} hours" in (DATA / "delays" / "SOURCE.md").read_text()
    assert all(0 <= int(row["late"]) <= int(row["flights"]) for row in delays)
    assert (
        11.5 < sum(int(row["flights"]) for row in delays) / sum(int(row["late"]) for row in delays) < 12.5
    )  # one in twelve
    assert len({(row["airport"], row["date"], row["hour"]) for row in delays}) == len(delays)
    weather = ("temp", "wind_speed", "precip", "visib")
    assert sum(any(not row[name] for name in weather) for row in delays) == 113


@pytest.mark.parametrize(
    ("name", "family", "label", "kept"),
    [("tips", "binomial", "big_tip", {"positive": "yes"}), ("delays", "poisson", "late", {"exposure": "flights"})],
)
def test_the_configurations_suit_their_tables_and_init_finds_the_family(tmp_path, name, family, label, kept):
    config = load_config(DATA / name / "pipeline.yaml")
    assert config.model.family == family
    assert {key: getattr(config, key) for key in kept} == kept
    check_table(config, tmp_path)
    path, _ = write_config(DATA / name / "data.csv", label, tmp_path / "t.yaml")
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert written["model"]["family"] == family
    assert written.get("positive") == kept.get("positive")
