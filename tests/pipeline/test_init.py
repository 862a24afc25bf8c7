import pytest

from components.errors import ConfigError, DataError
from pipeline.config import load_config
from pipeline.init import write_config
from tests.conftest import REPOSITORY


def test_what_it_writes_is_a_valid_configuration(tmp_path):
    path = write_config(REPOSITORY / "data" / "taxi" / "data.csv", "fare", tmp_path / "taxi.yaml")
    config = load_config(path)
    assert config.data.path.resolve() == REPOSITORY / "data" / "taxi" / "data.csv"
    assert config.features["trip_miles"].kind == "numeric"
    assert config.features["payment_type"].kind == "categorical"
    assert "# left out: pickup_census_tract (one value in all rows)" in path.read_text()


def test_a_label_with_gaps_gets_a_rule_and_an_identifier_is_left_out(tmp_path):
    rows = "".join(f"id{i},{i % 7},{'' if i == 3 else i},{i}\n" for i in range(100))
    table = tmp_path / "Sales 2026.csv"
    table.write_text("id,x,y,Unit price\n" + rows)
    path = write_config(table, "y", None)
    config = load_config(path)
    assert config.name == "sales-2026"
    assert config.data.drop["y"].missing
    assert list(config.features) == ["x"]
    assert "# left out: Unit price (a served model can't have an input so named)" in path.read_text()
    with pytest.raises(ConfigError, match="the file is there already"):
        write_config(table, "y", None)


@pytest.mark.parametrize(
    ("text", "label", "message"),
    [
        ("a,b\n1,2\n", "y", "no column 'y'. Its columns: a, b."),
        ("a,y\n1,z\n", "y", "column 'y' holds string; expected numbers"),
        ("a,y\n", "y", "a header and no rows"),
        ("a,y\n1,2\n1,3\n", "y", "no column can be a feature"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, text, label, message):
    table = tmp_path / "t.csv"
    table.write_text(text)
    with pytest.raises(DataError, match=message):
        write_config(table, label, None)
    assert not (tmp_path / "t.yaml").exists()
