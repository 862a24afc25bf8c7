import keyword

from hypothesis import given
from hypothesis import strategies as st

from components.values.names import safe_names, shown

ODD = [
    "class",
    "self",
    "return",
    "None",
    "id",
    "ID",
    "x.y",
    "x_y",
    "mean radius",
    "Größe (cm)",
    "a/b",
    "",
    "a\nb",
    "column_4",
]


def test_names_that_a_graph_takes_stay_and_others_go_by_place():
    assert safe_names(["miles", "log.odds-1", "2nd"]) == {"miles": "miles", "log.odds-1": "log.odds-1", "2nd": "2nd"}
    found = safe_names(ODD)
    assert found["column_4"] == "column_4"
    assert [name for name in ODD if found[name] == name] == ["column_4"]
    assert found["id"] == "column_4_"  # column_4 is taken


@given(st.lists(st.text(max_size=8) | st.sampled_from(ODD) | st.from_regex(r"\A[a-cA-C._-]{1,3}\Z"), unique=True))
def test_they_are_apart_by_tensorflows_rules(names):
    found = list(safe_names(names).values())
    folded = ["".join(c if c.isalnum() else "_" for c in name.lower()) for name in found]
    assert len(set(folded)) == len(names)
    assert not any(keyword.iskeyword(name) or name == "self" for name in found)
    assert all(name.isascii() and name[0].isalnum() for name in found)


def test_names_for_eyes():
    assert [shown(name) for name in ["cash", "Größe (cm)", "café"]] == ["cash", "Größe (cm)", "café"]
    assert shown("cash ") == "'cash '"
    assert shown("cafe\u0301") == r"'cafe\u0301'"
    assert shown("a\u2028b") == r"'a\u2028b'"
    assert shown("") == "''"
