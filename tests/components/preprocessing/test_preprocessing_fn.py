"""The transform graph against numpy on the same rows."""

from __future__ import annotations

import numpy as np
import pytest

from components.preprocessing.kinds.boolean import Boolean
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.integer import Integer
from components.preprocessing.kinds.numeric import Numeric
from tests.components.transform import analyse, sparse_columns

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

FEATURES = {
    "z": Numeric(min=0, max=50, impute="median", indicator=True),
    "clipped": Numeric(min=2, max=6, outside="clip", scale="none", impute=4.0),
    "constant": Numeric(),
    "hour": Buckets(boundaries=[6, 10]),
    "compañía ($)": Categorical(vocabulary=2, min_rows=1),
    "class": Categorical(min_rows=3),
    "id": Integer(impute="median"),
    "ID": Integer(wide=True, min=0, outside="clip", indicator=True),
    "member": Boolean(),
    "when": Buckets(boundaries=[1_700_000_001, 1_700_000_002], whole=True),
}
ODD = [b"a\nb", b"a\r\nb", b"\r", b"", b"\\", b"\\n", b"x\0y", "a\u2028b".encode(), b" a ", b"\\m", b"w" * 10_000]
BIG = 2**62
ROWS = [
    {
        "z": [-5.0] if i == 0 else [] if i % 10 == 3 else [i * 1.1],
        "clipped": [] if i == 4 else [float(i % 9)],
        "constant": [7.0],
        "hour": [] if i == 5 else [float(i % 12)],
        "compañía ($)": [] if i % 4 == 3 else [b"a" if i % 2 else b"b" if i % 3 else b"rare%d" % i],
        "class": [] if i == 7 else [ODD[i % 11]] if i < 55 else [b"once %d" % i],
        "id": [] if i == 8 else [10**9 + i],
        "ID": [] if i == 9 else [BIG + 3 * i],
        "member": [] if i == 10 else [[b"YES", b"false", b"1", b" F\xc2\xa0", b"maybe"][i % 5]],
        "when": [] if i == 11 else [1_700_000_000 + i % 4],
        "y": [i * 2.0],
    }
    for i in range(60)
]


@pytest.fixture(scope="module")
def transformed(tmp_path_factory):
    output = analyse(ROWS, FEATURES, "y", tmp_path_factory.mktemp("transform"))
    layer = output.transform_features_layer()
    return output, {name: value.numpy() for name, value in layer(sparse_columns(ROWS)).items()}


def column(name):
    return np.array([row[name][0] if row[name] else np.nan for row in ROWS], np.float32).astype(np.float64)


def imputed_z():
    raw = column("z")
    valid = np.where((raw >= 0) & (raw <= 50), raw, np.nan)
    return np.isnan(valid), np.where(np.isnan(valid), np.nanmedian(valid), valid)


def test_numeric_is_imputed_and_scaled(transformed):
    missing, z = imputed_z()
    got = transformed[1]["z"]
    # TFT's median is one of the values; numpy's may lie between the two in the middle.
    assert got[~missing] == pytest.approx((z[~missing] - z.mean()) / z.std(), abs=0.05)
    assert np.unique(got[missing]).size == 1
    assert abs(got.mean()) < 1e-6
    assert got.std() == pytest.approx(1.0, abs=1e-6)
    assert transformed[1]["z_missing"].tolist() == missing.astype(float).tolist()


def test_clipping_and_a_fixed_stand_in(transformed):
    expected = np.where(np.isnan(column("clipped")), 4.0, np.clip(column("clipped"), 2, 6))
    assert transformed[1]["clipped"].tolist() == expected.tolist()


def test_a_constant_column_becomes_zero(transformed):
    assert set(transformed[1]["constant"]) == {0.0}


def test_buckets(transformed):
    hours = column("hour")
    assert transformed[1]["hour"].tolist() == [3 if np.isnan(h) else int(np.digitize(h, [6, 10])) for h in hours]


def test_vocabulary_orders_by_frequency_and_the_rest_is_other(transformed):
    # 20 rows are 'b', 15 'a', 15 missing, 10 have a value of their own: two levels fit, the rest shares the next id.
    names = [(row["compañía ($)"] or [b"(missing)"])[0] for row in ROWS]
    ids = dict(zip(names, transformed[1]["compañía ($)"], strict=True))
    assert (ids[b"b"], ids[b"a"], ids[b"(missing)"]) == (0, 1, 3)
    assert {value for name, value in ids.items() if name.startswith(b"rare")} == {2}


def test_texts_of_any_bytes_are_levels_and_rare_ones_are_other(transformed):
    from components.preprocessing.transform_graph import design_matrix_of

    output, values = transformed
    term = next(term for term in design_matrix_of(output, FEATURES).terms if term.feature == "class")
    assert {level.text.encode() for level in term.levels if level.special is None} == set(ODD)
    for row, index in zip(ROWS, values["class"], strict=True):
        level = term.levels[index]
        text = row["class"][0] if row["class"] else None
        assert (level.text and level.text.encode()) == (text if text in ODD else None) or text == b""
        assert level.special == ("missing" if text is None else None if text in ODD else "other")


def test_whole_numbers_are_centred_in_64_bits(transformed):
    from components.preprocessing.transform_graph import design_matrix_of, learned_of

    output, values = transformed
    terms = {term.key: term for term in design_matrix_of(output, FEATURES).terms}
    for name, step, first in (("id", 1, 10**9), ("ID", 3, BIG)):
        term, there = terms[name], [row[name] for row in ROWS]
        filled = [step * i if value else learned_of(output, FEATURES)[name]["fill"] for i, value in enumerate(there)]
        assert term.origin == first
        assert (term.mean, term.std) == pytest.approx((np.mean(filled), np.std(filled)), rel=1e-12)
        expected = [(value[0] - first - term.mean) / term.std for value in there if value]
        assert values[name][[bool(value) for value in there]] == pytest.approx(expected, rel=1e-6, abs=1e-7)
    assert values["ID_missing"].tolist() == [float(i == 9) for i in range(60)]
    assert learned_of(output, FEATURES)["id"]["fill"] in (29.0, 30.0)


def test_truths_and_whole_buckets(transformed):
    expected = [3 if i == 10 else [1, 0, 1, 0, 2][i % 5] for i in range(60)]
    assert transformed[1]["member"].tolist() == expected
    assert transformed[1]["when"].tolist() == [3 if i == 11 else [0, 1, 2, 2][i % 4] for i in range(60)]


def test_the_label_passes_unchanged(transformed):
    assert transformed[1]["y"].tolist() == column("y").tolist()


def test_scaling_constants_are_read_from_the_graph_in_float64(transformed):
    from components.preprocessing.transform_graph import design_matrix_of

    output, values = transformed
    design = design_matrix_of(output, FEATURES)
    term = design.terms[0]
    missing, _ = imputed_z()
    raw = column("z")
    back = values["z"].astype(np.float64) * term.std + term.mean
    assert back[~missing] == pytest.approx(raw[~missing], rel=1e-5)
    filled = np.where(missing, back[missing][0], raw)
    assert (term.mean, term.std) == pytest.approx((filled.mean(), filled.std()), rel=1e-7)
    levels = next(term.levels for term in design.terms if term.feature == "compañía ($)")
    assert [level.name for level in levels] == ["b", "a", "(other)", "(missing)"]
