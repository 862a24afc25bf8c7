import numpy as np
import pyarrow as pa
import pytest

from components.table.files import Chunk
from pipeline.cli.init.identifiers import has_identifier_name, why_identifier
from pipeline.cli.init.profile import Place, Profile


@pytest.mark.parametrize(
    "name", ["id", "nr", "ID", "customer_id", "firmId", "distid", "fcode", "zipcode", "fips", "SEQN", "statefips"]
)
def test_names_of_identifiers(name):
    assert has_identifier_name(name)


@pytest.mark.parametrize("name", ["paid", "citric acid", "decode_rate", "width", "identity", "income", "nrooms", "bid"])
def test_names_of_measures(name):
    assert not has_identifier_name(name)


def why(name, values):
    profile = Profile(name)
    profile.add(pa.array(values), lambda row: Place(Chunk("t.parquet", 0, None), row, 1))
    found = why_identifier(profile, profile.distinct, profile.present, np.asarray(values, float))
    return found and found[0].split(" (")[0]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("anything", range(1, 101), "row numbers"),
        ("anything", range(0, 100), "row numbers"),
        ("t", range(1, 101), None),
        ("year", range(1900, 2000), None),
        ("dose", range(1, 21), None),
        ("x1", [*range(51, 101), *range(1, 51)], None),
        ("case", [*range(51, 101), *range(1, 51)], "an identifier: a value of its own in every row"),
        ("nr", [i // 2 for i in range(100)], "identifiers by their names"),
        ("code", [i % 5 for i in range(100)], None),
        ("id", [i / 2 for i in range(100)], None),
        ("income", [i * i for i in range(100)], None),
    ],
)
def test_what_names_a_row_or_a_thing(name, values, expected):
    assert why(name, list(values)) == expected
