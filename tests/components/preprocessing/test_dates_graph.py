from __future__ import annotations

import zoneinfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.preprocessing.kinds.datetime import Datetime
from components.preprocessing.kinds.numeric import Numeric
from components.values import date_columns
from components.values.calendar_parts import CYCLIC, FIRST, LAST, LEVELS, NUMBERS, LocalTime
from components.values.zones import zone_of
from tests.components.models import made_model
from tests.components.transform import analyse, sparse_columns
from tests.components.values.test_date_columns import INVALID, MISSING, VALID

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]
FORMS = {
    "iso": VALID,
    "%d/%m/%Y %H:%M": ["29/02/2000 23:59", "1/3/2100 0:00", *VALID],
    "%y%m%d": ["681231", "690101", *VALID],
}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("form", FORMS)
def test_texts_are_read_as_arrow_reads_them(form, zone):
    import tensorflow as tf

    from components.preprocessing import dates_graph

    texts = [*FORMS[form], "NA", "", " \t", f" {FORMS[form][0]} "]
    expected, there, _ = date_columns.of_texts(pa.array(texts), MISSING, form, zone_of(zone))
    found, valid = dates_graph.of_texts(tf.constant(texts), MISSING, form, zone_of(zone), "at")
    np.testing.assert_array_equal(valid, there)
    np.testing.assert_array_equal(found.numpy()[there], expected[there])


@pytest.mark.parametrize("text", INVALID)
def test_what_is_no_date_is_refused(text):
    import tensorflow as tf

    from components.preprocessing import dates_graph

    with pytest.raises(tf.errors.InvalidArgumentError) as raised:
        dates_graph.of_texts(tf.constant([VALID[0], text]), MISSING, "iso", zone_of("UTC"), "at")
    assert f"at: expected a date such as 2024-01-31 or 2024-01-31T23:59:00Z; received {text}" in str(raised.value)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_parts_are_those_of_numpy(zone):
    import tensorflow as tf

    from components.preprocessing import dates_graph

    table = zone_of(zone)
    at = np.append(np.random.default_rng(0).integers(FIRST, LAST, 20_000), np.array(table.starts, np.int64) * 10**6)
    expected, found = LocalTime(at, table, date_columns.steps), LocalTime(tf.constant(at), table, dates_graph.steps)
    for part in LEVELS:
        np.testing.assert_array_equal(found.level(part), expected.level(part))
    for part in CYCLIC:
        np.testing.assert_array_equal(found.turn(part), expected.turn(part))
    for part in NUMBERS:
        np.testing.assert_array_equal(found.number(part), expected.number(part))


@pytest.mark.parametrize("form", ["epoch", "epoch_ms"])
def test_numbers_are_read_as_numpy_reads_them(form):
    import tensorflow as tf

    from components.preprocessing import dates_graph

    numbers = np.array([0, 1706745540123, -(2**63), 2**63 - 1, 253402300799, 253402300800])
    expected, beyond = date_columns.of_numbers(numbers, form)
    found, within = dates_graph.of_numbers(tf.constant(numbers), form)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(within, ~beyond)


FEATURES = {
    "when": Datetime(zone="Europe/Berlin", parts=[*CYCLIC, *NUMBERS], indicator=True),
    "levels": Datetime(column="when", parts=[{"part": part, "as": "levels"} for part in LEVELS]),
    "at": Datetime(format="epoch_ms", parts=["elapsed", "hour"], zone="America/New_York"),
    "day": Datetime(format="%d/%m/%Y", parts=["elapsed"]),
    "x": Numeric(),
}
ROWS = 2000


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """The rows' instants, and their transformed columns by the graph and by model.json's arithmetic."""
    from components.linear_model.scoring import transformed_columns
    from components.preprocessing.features import features_to_json
    from components.preprocessing.transform_graph import design_matrix_of, learned_of

    at = pd.to_datetime(np.random.default_rng(5).integers(0, 4e9, ROWS), unit="s", utc=True)
    there = np.arange(ROWS) % 10 != 3
    rows = [
        {
            "when": [instant.isoformat().encode()] if known else [],
            "at": [instant.value // 10**6] if known else [-(2**60)],  # beyond the calendar
            "day": [f"{instant:%d/%m/%Y}".encode()] if known else [b"NA"],
            "x": [1.0],
            "y": [1.0],
        }
        for instant, known in zip(at, there, strict=True)
    ]
    output = analyse(rows, FEATURES, "y", tmp_path_factory.mktemp("transform"))
    served = output.transform_features_layer()(sparse_columns(rows))
    design, learned = design_matrix_of(output, FEATURES), learned_of(output, FEATURES)
    entries = [{**entry, **learned.get(entry["name"], {})} for entry in features_to_json(FEATURES)]
    model = made_model(entries, design, ["NA"])
    values = {name: [row[name][0] if row[name] else None for row in rows] for name in ("when", "at", "day", "x")}
    values |= {name: [value and value.decode() for value in values[name]] for name in ("when", "day")}
    return at, there, design, served, transformed_columns(model, values)


def test_model_json_has_the_graphs_columns(analysed):
    _, _, design, served, found = analysed
    assert set(found) == {term.key for term in design.terms}
    for name, values in found.items():
        np.testing.assert_allclose(values, served[name].numpy(), rtol=2e-7, atol=1e-7)


def test_the_graphs_columns_are_those_of_pandas(analysed):
    at, there, design, served, _ = analysed
    local = at.tz_convert(zoneinfo.ZoneInfo("Europe/Berlin"))
    terms = {term.key: term for term in design.terms}

    def circle(which, turn):
        for part, function in (("sin", np.sin), ("cos", np.cos)):
            expected = np.where(there, function(2 * np.pi * turn), 0.0)
            np.testing.assert_allclose(served[f"{which} {part}]"], expected, atol=1e-6)

    circle("when[hour", (local.hour + local.minute / 60 + local.second / 3600) / 24)
    circle("when[month", (local.month - 1) / 12)
    circle("when[day_of_year", (local.dayofyear - 1) / (365 + local.is_leap_year))
    names = np.array([level.name for level in terms["when[weekday]"].levels])
    expected = np.where(there, local.day_name(), "(missing)")
    np.testing.assert_array_equal(names[served["when[weekday]"]], expected)
    np.testing.assert_array_equal(served["when_missing"], ~there)
    days = at.as_unit("us").asi8 / 86400e6
    numbers = {
        "when[year]": local.year.to_numpy(float),
        "when[elapsed]": days,
        "at[elapsed]": days,
        "day[elapsed]": np.floor(days),
    }
    for key, values in numbers.items():
        filled = np.where(there, values, values[there].mean())
        assert terms[key].mean == pytest.approx(filled.mean(), rel=1e-12)
        assert terms[key].std == pytest.approx(filled.std(), rel=1e-9)
        np.testing.assert_allclose(served[key], (filled - filled.mean()) / filled.std(), atol=1e-6)
    utc = {"hour": at.hour, "weekday": at.weekday, "month": at.month - 1, "quarter": at.quarter - 1}
    for part, values in utc.items():
        np.testing.assert_array_equal(served[f"levels[{part}]"], np.where(there, values, len(LEVELS[part])))


def test_a_features_columns_are_named_by_it(analysed):
    _, _, design, _, _ = analysed
    names = design.column_names
    assert names[:3] == ["when[hour sin]", "when[hour cos]", "when[weekday Monday]"]
    assert {"when[quarter 4]", "when[quarter (missing)]", "when[year]", "when_missing", "levels[month January]"} < set(
        names
    )
    assert {term.feature for term in design.terms} == set(FEATURES)
