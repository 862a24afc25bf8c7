"""The transform graph against numpy on the same rows."""

from __future__ import annotations

import numpy as np
import pytest

from components.preprocessing.features import Buckets, Categorical, Numeric
from tests.components.transform import analyse, sparse_columns

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

FEATURES = {
    "z": Numeric(min=0, max=50, impute="median", indicator=True),
    "clipped": Numeric(min=2, max=6, outside="clip", scale="none", impute=4.0),
    "constant": Numeric(),
    "hour": Buckets(boundaries=[6, 10]),
    "compañía ($)": Categorical(vocabulary=2),
}
ROWS = [
    {
        "z": [-5.0] if i == 0 else [] if i % 10 == 3 else [i * 1.1],
        "clipped": [] if i == 4 else [float(i % 9)],
        "constant": [7.0],
        "hour": [] if i == 5 else [float(i % 12)],
        "compañía ($)": [] if i % 4 == 3 else [b"a" if i % 2 else b"b" if i % 3 else b"rare%d" % i],
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
    # 20 rows are 'b', 15 'a', 15 missing, 10 have a value of their own: two levels fit, the rest shares the last id.
    names = [(row["compañía ($)"] or [b"(missing)"])[0] for row in ROWS]
    ids = dict(zip(names, transformed[1]["compañía ($)"], strict=True))
    assert ids[b"b"] == 0
    assert sorted([ids[b"a"], ids[b"(missing)"]]) == [1, 2]
    assert {value for name, value in ids.items() if name.startswith(b"rare")} == {2}


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
    assert design.terms[-1].levels[-1] == "(other)"
    assert len(design.terms[-1].levels) == 3
