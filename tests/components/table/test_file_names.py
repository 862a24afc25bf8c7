import pytest

from components.table import file_names


@pytest.mark.parametrize("name", [".t.csv", "t[1].csv", "_t.csv", "a*.csv"])
def test_a_file_that_is_there_by_its_name_is_found(tmp_path, name):
    (tmp_path / name).touch()
    assert file_names.find_files(str(tmp_path), name) == [str(tmp_path / name)]


def test_a_pattern_leaves_hidden_files_out(tmp_path):
    for name in ("a.csv", ".b.csv", "_c.csv"):
        (tmp_path / name).touch()
    assert file_names.find_files(str(tmp_path), "*.csv") == [str(tmp_path / "a.csv")]
    assert file_names.find_files(str(tmp_path), "_*.csv") == [str(tmp_path / "_c.csv")]


@pytest.mark.parametrize(
    ("name", "way"), [("t.dta", "plumbline convert t.dta -o t.parquet"), ("t.tsv", "set data.delimiter"), ("t.zip", "")]
)
def test_files_of_other_kinds_are_answered_with_what_to_do(name, way):
    with pytest.raises(ValueError, match=rf"must be a \.csv, .*{way}"):
        file_names.check_suffix(name)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("span{SPAN}/v{VERSION}/*.csv", "span*/v*/*.csv"), ("{SPAN:2}/t.csv", "*/t.csv"), ("t{X}.csv", "t{X}.csv")],
)
def test_a_pattern_of_any_span(pattern, found):
    assert file_names.any_span(pattern) == found
