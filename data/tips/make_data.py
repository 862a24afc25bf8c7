"""Makes data.csv of data/taxi/data.csv: whether a trip's tip was above 20 % of its fare, in the place of the tip."""

from __future__ import annotations

import csv
import sys
from decimal import Decimal
from pathlib import Path

TRIPS = Path(__file__).parent.parent / "taxi" / "data.csv"
KEPT = (
    "trip_start_month",
    "trip_start_day",
    "trip_start_hour",
    "trip_miles",
    "trip_seconds",
    "fare",
    "payment_type",
    "company",
)
LABEL = "big_tip"
PART_OF_FARE = Decimal("0.2")


def main() -> None:
    """Writes the table to stdout."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*KEPT, LABEL])
    with TRIPS.open(encoding="utf-8", newline="") as file:
        for trip in csv.DictReader(file):
            is_big = Decimal(trip["tips"]) > PART_OF_FARE * Decimal(trip["fare"])
            writer.writerow([*(trip[name] for name in KEPT), "yes" if is_big else "no"])


if __name__ == "__main__":
    main()
