"""What a report tells of verdict, data and drift, beside `show --json`, pandas and TensorFlow Data Validation."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def taxi(taxi_run):
    """The summary, the report's figures, its page and the table's rows as ingest keeps them."""
    summary = taxi_run.show()
    table = pd.read_csv(taxi_run.config.parent / "data.csv")
    kept = table[table.fare.between(2.25, 200)]
    page = Path(summary["report"]["page"])
    return summary, json.loads(Path(summary["report"]["figures"]).read_text()), page.read_text(), kept


def test_metrics_are_those_of_show(taxi):
    summary, report, _, _ = taxi
    verdict, use = summary["verdict"], report["use"]
    figures = {figure["metric"]: figure for figure in (*use["opening"], *use["others"])}
    for name, value in verdict["metrics"]["overall"].items():
        if name == "example_count":
            assert use["rows"]["held_out"] == value
            continue
        assert figures[name]["held_out"] == value
        assert [figures[name]["low"], figures[name]["high"]] == verdict["intervals"]["overall"][name]
        assert figures[name]["cross_validated"] == verdict["cross_validated"].get(name)
    assert figures["r_squared"]["train"] == summary["linear_fit"]["r_squared"]
    assert figures["mean_absolute_error"]["train"] == summary["diagnostics"]["errors"]["mean_absolute"]
    assert [check["text"] for check in use["checks"]] == verdict["checks"]
    assert report["doubt"]["findings"]


def test_rows_are_pandas(taxi):
    _, report, _, kept = taxi
    learned = report["learned"]
    assert (learned["kept"], sum(learned["splits"].values())) == (len(kept), len(kept))
    columns = {column["column"]: column for column in learned["columns"]}
    assert next(iter(columns)) == "fare"
    for name in ("fare", "trip_seconds", "pickup_latitude"):
        spreads = columns[name]["spreads"].values()
        there = [spread["rows"] - spread["missing"] for spread in spreads]
        mean = np.average([spread["mean"] for spread in spreads], weights=there)
        assert mean == pytest.approx(kept[name].mean(), rel=1e-7)
        assert sum(there) == kept[name].notna().sum()
        assert sum(sum(counts) for counts in columns[name]["counts"].values()) == sum(there)
    paid = columns["payment_type"]
    for place, level in enumerate(paid["levels"][:2]):
        assert sum(counts[place] for counts in paid["counts"].values()) == (kept.payment_type == level).sum()


def test_the_largest_difference_of_a_level_is_tfdvs(taxi, taxi_run, tfx_loaded):
    import tensorflow_data_validation as tfdv

    _, report, _, _ = taxi
    [folder] = (taxi_run.root / "pipelines" / "taxi-fare" / "StatisticsGen" / "statistics").iterdir()
    train, held_out = (
        tfdv.load_stats_binary(str(folder / f"Split-{split}" / "FeatureStats.pb")) for split in ("train", "eval")
    )
    schema = tfdv.infer_schema(train)
    tfdv.get_feature(schema, "payment_type").skew_comparator.infinity_norm.threshold = 0.0
    [info] = tfdv.validate_statistics(train, schema, serving_statistics=held_out).drift_skew_info
    [measured] = info.skew_measurements
    drift = {one["column"]: one for one in report["doubt"]["drift"]}
    assert drift["payment_type"]["distance"] == pytest.approx(measured.value, rel=1e-12)
    assert not any(one["noteworthy"] for one in drift.values()), "rows are drawn by their place"


def test_numbers_of_the_page_are_the_jsons(taxi):
    _, report, page, _ = taxi
    there = set()

    def gather(value):
        if isinstance(value, dict):
            for one in value.values():
                gather(one)
        elif isinstance(value, list):
            for one in value:
                gather(one)
        elif isinstance(value, (int, float)):
            there.add(float(value))

    gather(report)
    for section in ("use", "doubt", "learned", "made", "card"):
        [text] = re.findall(rf'<section id="{section}".*?</section>', page, re.DOTALL)
        told = {float(value) for value in re.findall(r'<data value="([^"]+)">', text)}
        lengths = {float(len(report["learned"]["columns"])), float(report["use"]["findings"])}
        assert told - there - lengths == set()
        assert told
