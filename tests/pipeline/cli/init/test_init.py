"""`plumbline init` as it is called; what it prints and writes."""

import datetime
import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner

from pipeline.cli.main import main
from pipeline.config.file import load_config
from pipeline.local.first_look import check_table
from tests.conftest import REPOSITORY

N = 300
UNUSUAL_DATES = "dates or times of no usual format: say kind: datetime, and its format, or write them as 2024-01-31"


@pytest.fixture
def random():
    return np.random.default_rng(7)


def init(table, label="y", *options):
    done = CliRunner().invoke(main, ["init", str(table), "--label", label, *map(str, options)])
    return done.exit_code, done.output


def written(table, label="y"):
    """The features of the configuration that a table gets, and what was printed; a run must take it."""
    code, out = init(table, label)
    assert code == 0, out
    path = Path(next(line for line in out.splitlines() if line.startswith("wrote ")).removeprefix("wrote "))
    check_table(load_config(path), table.parent / "runs")
    return yaml.safe_load(path.read_text(encoding="utf-8"))["features"], out


def csv(path, **columns):
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join(",".join(map(str, row)) for row in [tuple(columns), *rows]) + "\n")
    return path


def test_what_it_writes_is_a_valid_configuration(tmp_path):
    code, out = init(REPOSITORY / "data" / "taxi" / "data.csv", "fare", "-o", tmp_path / "taxi.yaml")
    assert code == 0
    config = load_config(tmp_path / "taxi.yaml")
    assert config.name == "taxi-data"
    assert config.data.path.resolve() == REPOSITORY / "data" / "taxi" / "data.csv"
    assert config.features["trip_miles"].kind == "numeric"
    assert config.features["payment_type"].kind == "categorical"
    assert "# left out: pickup_census_tract (one value in all rows)" in (tmp_path / "taxi.yaml").read_text()
    assert out.splitlines()[1] == "left out, one value in all rows: pickup_census_tract"


def test_a_label_with_gaps_gets_a_rule_and_an_identifier_is_left_out(tmp_path):
    rows = "".join(f"id{i},{i % 7},{'' if i == 3 else i * i % 50},{i % 9}\n" for i in range(100))
    table = tmp_path / "Sales 2026.csv"
    table.write_text("id,x,y,Unit price\n" + rows)
    features, out = written(table)
    config = load_config(tmp_path / "Sales 2026.yaml")
    assert config.data.drop["y"].missing
    assert list(features) == ["x", "Unit price"]
    assert "left out, a text of its own in every row: id (99)" in out
    assert "rows without a label, left out by data.drop: 1 of 100" in out
    code, out = init(table)
    assert code == 2 and "the file is there already" in out


@pytest.mark.parametrize(
    ("text", "label", "message"),
    [
        ("lwage,b\n1,2\n", "lwges", "no column 'lwges'; did you mean 'lwage'? Its columns: lwage, b."),
        (
            "a,y\n1,Yes\n2,No\n3,No\n4,?\n",
            "y",
            "holds 'No' in 2 rows, 'Yes' in 1 row, '?' in 1 row; expected numbers, or one of two texts. Write numbers",
        ),
        ("a,y\n1,p\n2,q\n3,r\n4,s\n", "y", "and other texts (1); expected numbers, or one of two texts"),
        ("a,y\n1,2020-01-02\n2,2020-01-03\n", "y", "holds dates or times such as '2020-01-02'"),
        ('a,y\n1,"$1,200"\n2,"$1,300"\n', "y", "holds numbers with a currency sign, such as '$1,200'"),
        ("a,y\n1,5\n2,5\n", "y", "one value in all rows, so that there is nothing to learn"),
        ("a,y\n1,\n2,NA\n", "y", "no value in any row, so that there is nothing to learn"),
        ("a,y\n", "y", "a header and no rows"),
        ("a,y\n1,2\n1,3\n", "y", "no column can be a feature:\n- a: one value in all rows"),
        ("y\n1\n2\n", "y", "no column can be a feature; the label stands alone"),
        ("a,y\n1,2\n2,3\n3,4,5\n", "y", "t.csv, line 4, expected 2 fields; received 3: '3,4,5'. Correct the table."),
        (
            "a,y\n" + "".join(f"{i},{(1 << 40) + i % 9}\n" for i in range(60)),
            "y",
            "32-bit floats, as which its predictions travel",
        ),
        ("a,y\n" + "".join(f"{i},{(1 << 60) + i}\n" for i in range(60)), "y", "holds whole numbers beyond 2^53"),
        ("plumbline_row,y\n1,2\n2,3\n", "plumbline_row", "has the name of a column that ingest adds"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, text, label, message):
    table = tmp_path / "t.csv"
    table.write_text(text)
    code, out = init(table, label)
    assert code == 3, out
    assert message in out
    assert os.listdir(tmp_path) == ["t.csv"]


def test_every_type_of_parquet_is_a_feature_or_left_out_with_its_reason(tmp_path, random):
    day = datetime.date(2024, 1, 31)
    columns = {
        "y": random.normal(size=N),
        "grade": pa.DictionaryArray.from_arrays(random.integers(0, 3, N).astype("int8"), ["lo", "mid", "hi", "never"]),
        "stars": pa.array(random.integers(1, 6, N)).dictionary_encode(),  # which Parquet does not keep
        "price": pa.array([Decimal(int(cents)) / 100 for cents in random.integers(0, 900, N)], pa.decimal128(6, 2)),
        "vip": pa.array([None if i % 50 == 0 else i % 3 == 0 for i in range(N)]),
        "small": pa.array([None if i % 5 == 0 else i % 7 for i in range(N)], pa.int8()),
        "since": 1_700_000_000 + random.integers(0, 10**6, N),
        "half": random.normal(size=N).astype(np.float16),
        "large": pa.array([("u", "v", "w")[i % 3] for i in range(N)], pa.large_string()),
        "name": pa.array([(b"aa", b"bb")[i % 2] for i in range(N)]),
        "key": pa.array(2**60 + np.arange(N), pa.uint64()),
        "day": pa.array([day + datetime.timedelta(i) for i in range(N)]),
        "at": pa.array([datetime.datetime(2024, 1, 1, i % 24, tzinfo=datetime.UTC) for i in range(N)]),
        "clock": pa.array([datetime.time(i % 24) for i in range(N)]),
        "lasts": pa.array([datetime.timedelta(i) for i in range(N)]),
        "tags": pa.array([["a"]] * N),
        "place": pa.array([{"lat": 1.0}] * N),
        "bytes": pa.array([b"\xff"] * N),
        "nothing": pa.nulls(N),
        "over": pa.array([np.inf if i == 4 else i / 7 for i in range(N)]),
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    features, out = written(tmp_path / "t.parquet")
    assert features == {
        "grade": {"kind": "categorical", "vocabulary": 3},
        "stars": "numeric",
        "price": "numeric",
        "vip": "boolean",
        "small": {"kind": "numeric", "indicator": True},
        "since": "integer",
        "half": "numeric",
        "large": {"kind": "categorical", "vocabulary": 3},
        "name": {"kind": "categorical", "vocabulary": 2},
        "day": {"kind": "datetime", "parts": ["elapsed", "month", "weekday"]},
        "at": {"kind": "datetime", "parts": ["elapsed", "month", "weekday", "hour"]},
    }
    assert "column over: 299 numbers and 1 text, 'inf', first in row 5;" in out
    assert "left out, whole numbers beyond 2^53, as identifiers have them: key" in out
    assert "left out, dates or times: clock" in out
    assert "left out, of type list<element: string>, which is neither number nor text: tags" in out
    assert "left out, bytes that are not UTF-8, first in row 1: bytes" in out
    assert "left out, no value in any row: nothing" in out


@pytest.mark.parametrize("label", ["price", "vip"])
def test_labels_of_decimals_and_truth_values(tmp_path, random, label):
    table = pa.table(
        {
            "x": random.normal(size=N),
            "price": pa.array([Decimal(int(cents)) / 100 for cents in random.integers(0, 900, N)], pa.decimal128(6, 2)),
            "vip": random.random(N) < 0.3,
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    features, _ = written(tmp_path / "t.parquet", label)
    assert features["x"] == "numeric"


def test_true_and_false_of_a_csv_are_a_label(tmp_path, random):
    table = csv(tmp_path / "t.csv", x=random.normal(size=N), y=random.random(N) < 0.3)
    assert written(table)[0] == {"x": "numeric"}


def test_a_csv_and_a_parquet_file_of_one_table_get_the_same_features(tmp_path, random):
    columns = {
        "x": random.normal(size=N),
        "count": random.integers(0, 9, N),
        "vip": random.random(N) < 0.4,
        "kind": random.choice(["a", "b", "c"], N),
        "since": 1_700_000_000 + random.integers(0, 10**6, N),
        "y": random.normal(size=N),
    }
    pq.write_table(pa.table(columns), tmp_path / "p.parquet")
    assert written(csv(tmp_path / "c.csv", **columns))[0] == written(tmp_path / "p.parquet")[0]


def test_what_is_wrong_with_a_table_of_texts_is_on_the_terminal(tmp_path, random):
    number = [f"{value:.3f}" for value in random.normal(size=N)]
    table = csv(
        tmp_path / "t.csv",
        y=random.normal(size=N),
        odd=["n/k" if i == 55 else value for i, value in enumerate(number)],
        dot=["." if i % 9 == 0 else value for i, value in enumerate(number)],
        zip=[f"{i % 20 + 2001:05d}" for i in range(N)],
        money=[f"${value}" for value in number],
        share=[f"{i % 18}%" for i in range(N)],
        quarter=[f"{1960 + i // 4}Q{i % 4 + 1}" for i in range(N)],
        country=[("NA", "DE", "US")[i % 3] for i in range(N)],
        truth=[("True", "TRUE", "false", "")[i % 4] for i in range(N)],
        gaps=["" if i % 2 else i for i in range(N)],
        empty=[""] * N,
        big=[10**17 + i for i in range(N)],
    )
    features, out = written(table)
    assert features == {
        "dot": {"kind": "numeric", "indicator": True},
        "zip": {"kind": "categorical", "vocabulary": 20},
        "country": {"kind": "categorical", "vocabulary": 2},
        "truth": "boolean",
        "gaps": {"kind": "numeric", "indicator": True},
    }
    assert load_config(tmp_path / "t.yaml").data.missing[-1] == "."
    lines = out.splitlines()
    assert lines[1] == (
        "column odd: 299 numbers and 1 text, 'n/k', first in line 57; correct it, or add to data.missing what stands for nothing; "
        "left out until then"
    )
    assert lines[2] == "'.' among numbers is read as missing; it is in data.missing now, for all columns: dot (34 rows)"
    assert "texts read as missing (if one is a value, take it out of data.missing): country (NA in 100 rows)" in out
    assert "left out, numbers with a currency sign: write plain numbers: money (such as '$" in out
    assert "left out, numbers with a percent sign: write plain numbers: share (such as '0%')" in out
    assert f"left out, {UNUSUAL_DATES}: quarter (such as '1960Q1')" in out
    assert "missing in over 40 % of the rows: gaps (50 %)" in out
    assert "left out, whole numbers beyond 2^53, as identifiers have them: big" in out
    assert (
        "zip: {kind: categorical, vocabulary: 20}  # a text: 02001 begins with a zero"
        in (tmp_path / "t.yaml").read_text()
    )


def test_the_label_in_other_words_and_identifiers_are_left_out(tmp_path, random):
    y = random.normal(size=N)
    table = csv(
        tmp_path / "t.csv",
        y=y,
        level=np.exp(y).round(6),
        complement=1 - y,
        near=y + random.normal(size=N),
        firm_id=np.repeat(np.arange(N // 3), 3),
        seqn=random.permutation(N) + 500,
        line=np.arange(1, N + 1),
        paid=random.permutation(N),
    )
    features, out = written(table)
    assert list(features) == ["near", "paid"]
    assert "left out, rank correlation with the label above 0.999: y in other words: level, complement" in out
    assert "left out, row numbers: line" in out
    assert "left out, an identifier: a value of its own in every row: seqn" in out
    assert "data.split_by keeps the rows of one together" in out and "firm_id (100 values)" in out


def test_columns_are_judged_on_the_rows_that_have_a_label(tmp_path, random):
    at_work = random.random(N) < 0.5
    wage = [f"{value:.3f}" if works else "" for value, works in zip(random.random(N), at_work, strict=True)]
    table = csv(tmp_path / "t.csv", lwage=wage, inlf=at_work.astype(int), x=random.normal(size=N))
    features, out = written(table, "lwage")
    assert features == {"x": "numeric"}
    assert "left out, one value in all rows: inlf" in out


def test_rare_values_and_labels_are_not_left_to_the_draw_of_the_split(tmp_path, random):
    rare = [i if i in (7, 70, 170) else "" for i in range(N)]
    table = csv(tmp_path / "t.csv", rare=rare, x=random.normal(size=N), y=[int(i in (9, 99)) for i in range(N)])
    features, out = written(table)
    assert list(features) == ["x"]
    assert "left out, a value in fewer than 10 rows: rare" in out
    assert load_config(tmp_path / "t.yaml").data.split.shares() == {"train": 1}


def test_of_many_texts_the_most_frequent_are_levels(tmp_path, random):
    table = csv(tmp_path / "t.csv", tail=[f"N{i % 1500}" for i in range(9000)], y=random.normal(size=9000))
    features, out = written(table)
    assert features == {"tail": {"kind": "categorical", "vocabulary": 1000}}
    assert "the 1,000 most frequent texts are levels, the others one: tail (1,500 texts)" in out


def test_a_row_without_a_label_must_be_readable_too(tmp_path, random):
    x = ["n/k" if i == 9 else i * i % 83 for i in range(N)]
    truth = ["maybe" if i == 9 else ("yes", "no")[i % 2] for i in range(N)]
    y = ["" if i == 9 else value for i, value in enumerate(random.normal(size=N))]
    features, out = written(csv(tmp_path / "t.csv", x=x, truth=truth, z=random.normal(size=N), y=y))
    assert features == {"truth": {"kind": "categorical", "vocabulary": 2}, "z": "numeric"}
    assert "column x: 299 numbers and 1 text, 'n/k', first in line 11;" in out


def test_in_a_table_of_decimal_commas_a_point_makes_no_number_as_for_a_run(tmp_path, random):
    def comma(values):
        return [f"{value:.2f}".replace(".", ",") for value in values]

    x, y = comma(random.normal(size=N)), comma(random.normal(size=N))
    z = comma(random.normal(size=N))
    z[9] = "1.5"
    path = tmp_path / "t.csv"
    path.write_text("x;z;y\n" + "".join(f"{';'.join(row)}\n" for row in zip(x, z, y, strict=True)))
    features, out = written(path)
    assert features == {"x": "numeric"}
    assert "column z: 299 numbers and 1 text, '1.5', first in line 11;" in out


def test_folders_and_patterns(tmp_path, random):
    for name in ("part-0.csv", "part-1.csv"):
        (tmp_path / "out").mkdir(exist_ok=True)
        csv(tmp_path / "out" / name, x=random.normal(size=30), y=random.normal(size=30))
    (tmp_path / "out" / "_SUCCESS").touch()
    code, out = init(tmp_path / "out")
    assert code == 0 and f"wrote {tmp_path / 'out.yaml'}" in out
    config = load_config(tmp_path / "out.yaml")
    assert config.data.path == tmp_path / "out" / "*.csv"
    code, out = init(tmp_path / "out" / "part-*.csv")
    assert code == 0, out
    assert load_config(tmp_path / "out" / "part.yaml").data.path.name == "part-*.csv"
    (tmp_path / "out" / "other.parquet").touch()
    code, out = init(tmp_path / "out", "y", "-o", tmp_path / "other.yaml")
    assert code == 3 and "expected a folder with files of one kind" in out


def test_tables_of_one_name_get_pipelines_of_their_own(tmp_path):
    names = set()
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        init(csv(tmp_path / folder / "t.csv", x=range(9), y=[i % 4 for i in range(9)]))
        names.add(load_config(tmp_path / folder / "t.yaml").name)
    assert names == {"one-t", "two-t"}
    code, _ = init(tmp_path / "one" / "t.csv", "y", "-o", tmp_path / "mine.yaml", "--name", "mine")
    assert code == 0 and load_config(tmp_path / "mine.yaml").name == "mine"
    code, out = init(tmp_path / "one" / "t.csv", "y", "-o", tmp_path / "no.yaml", "--name", "No!")
    assert code == 2 and "--name: expected lower-case letters" in out


@pytest.mark.parametrize("label", ["1e-3", "no", "2010", "0o7", "~", "null", ".5", "li\nne", "a: b #c", "- x", "{y}"])
def test_any_name_is_a_label(tmp_path, random, label):
    pq.write_table(pa.table({"x": random.normal(size=N), label: random.normal(size=N)}), tmp_path / "t.parquet")
    assert written(tmp_path / "t.parquet", label)[0] == {"x": "numeric"}
    assert load_config(tmp_path / "t.yaml").label.column == label


def test_small_tables_hold_no_row_out(tmp_path, random):
    table = csv(tmp_path / "t.csv", x=random.normal(size=20), y=random.normal(size=20))
    _, out = written(table)
    assert load_config(tmp_path / "t.yaml").data.split.shares() == {"train": 1}
    assert "fewer than 50 rows: none is held out" in out


def test_names_that_yaml_or_a_terminal_would_take_for_something_else(tmp_path, random):
    names = ["no", "1e-3", "a: b #c", "li\nne", "x.y", "Größe (cm)", "class", "y"]
    none = ["plumbline_row", "a\0b"]
    pq.write_table(pa.table({name: random.normal(size=N) for name in [*none, *names]}), tmp_path / "t.parquet")
    features, out = written(tmp_path / "t.parquet")
    assert list(features) == names[:-1]
    assert (
        "left out, a name that ingest gives itself, or that no caller could send: rename it: plumbline_row, 'a\\x00b'"
        in out
    )


def test_a_category_of_truth_values_is_a_boolean_as_the_same_texts_of_a_csv_are(tmp_path, random):
    """Seen: Yes and No were a boolean from CSV, and from the Parquet twin a text."""
    frame = pd.DataFrame({"w": random.choice(["Yes", "No"], N), "x": random.normal(size=N), "y": random.normal(size=N)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.astype({"w": "category"}).to_parquet(tmp_path / "u.parquet")
    assert written(tmp_path / "t.csv")[0] == written(tmp_path / "u.parquet")[0] == {"w": "boolean", "x": "numeric"}


def test_a_category_of_digits_is_a_text(tmp_path, random):
    frame = pd.DataFrame({"w": random.choice(["0", "1"], N), "x": random.normal(size=N), "y": random.normal(size=N)})
    frame.astype({"w": "category"}).to_parquet(tmp_path / "t.parquet")
    assert written(tmp_path / "t.parquet")[0]["w"]["kind"] == "categorical"


def labelled(tmp_path, values, name="y"):
    """What `init` writes of a label, and what is printed; a run must take it."""
    x = np.random.default_rng(1).normal(size=len(values))
    table = csv(tmp_path / "t.csv", x=x, **{name: values})
    written(table, name)
    return yaml.safe_load((tmp_path / "t.yaml").read_text()), (tmp_path / "t.yaml").read_text()


@pytest.mark.parametrize(
    ("values", "positive", "said"),
    [
        ([0, 1], None, "label 'y': 0 and 1 in all rows. model.family: binomial fits it"),
        (
            ["no", "yes", "no"],
            "yes",
            "'yes' in 67 rows, 'no' in 133 rows. model.family: binomial predicts the probability of",
        ),
        (["yes", "yes", "no"], "yes", "positive: 'yes'"),
        ([False, True], "true", "positive: 'true'"),
        (["good", "good", "bad"], "bad", "positive: 'bad'"),
        ([1, 2], "2", "positive: '2'"),
        ([-1, 1], "1", "positive: '1'"),
    ],
)
def test_a_label_of_two_values_gets_the_binomial_family(tmp_path, values, positive, said):
    config, text = labelled(tmp_path, (values * 200)[:200])
    assert config.get("positive") == positive
    assert config["model"]["family"] == "binomial"
    assert config["evaluate"]["limits"] == {"deviance_explained": {"min": 0.0}}
    assert said in text


def test_a_text_label_drops_rows_without_one_and_columns_are_judged_on_the_others(tmp_path, random):
    values = ["won", "lost", "", "lost"] * 50
    table = csv(tmp_path / "t.csv", x=random.normal(size=200), z=[5 if v else 6 for v in values], y=values)
    features, out = written(table)
    assert list(features) == ["x"]  # z is 5 in all rows with a label
    assert load_config(tmp_path / "t.yaml").data.drop["y"].missing
    assert "rows without a label, left out by data.drop: 50 of 200" in out


def test_a_column_that_is_a_text_label_in_other_words_is_left_out(tmp_path, random):
    won = random.random(N) < 0.4
    table = csv(tmp_path / "t.csv", x=random.normal(size=N), code=won * 3, y=np.where(won, "won", "lost"))
    assert list(written(table)[0]) == ["x"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_boolean_label_is_the_same_in_a_csv_and_in_parquet(tmp_path, random, kind):
    table = pa.table({"x": random.normal(size=N), "y": random.random(N) < 0.3})
    path = tmp_path / f"t.{kind}"
    pq.write_table(table, path) if kind == "parquet" else table.to_pandas().to_csv(path, index=False)
    written(path)
    assert load_config(tmp_path / "t.yaml").positive == "true"


@pytest.mark.parametrize(
    ("name", "values", "family"),
    [
        ("visits", lambda r: r.poisson(2.5, N), "poisson"),
        ("claims", lambda r: r.negative_binomial(1, 0.2, N), "poisson"),
        ("age", lambda r: r.poisson(2.5, N), "gaussian"),  # by its name
        ("year", lambda r: r.integers(1990, 2020, N), "gaussian"),
        ("price", lambda r: r.integers(100, 900, N), "gaussian"),
        ("answer", lambda r: r.binomial(4, 0.6, N), "gaussian"),  # a scale: most answers are in its upper half
        ("y", lambda r: r.poisson(2.5, N) - 1, "gaussian"),
        ("y", lambda r: r.poisson(2.5, N) / 2, "gaussian"),
    ],
)
def test_counts_are_told_from_other_numbers(tmp_path, random, name, values, family):
    config, text = labelled(tmp_path, values(random), name)
    assert config["model"].get("family", "gaussian") == family
    assert (
        ("counts. model.family: poisson fits it" in text)
        == ("exposure: COLUMN\nmodel:" in text)
        == (family == "poisson")
    )


def test_a_skewed_label_has_a_comment_and_stays_as_it_is(tmp_path, random):
    config, text = labelled(tmp_path, random.gamma(1.0, 300.0, N).round(2) + 1)
    assert "# the label is above 0 and skewed: family: gamma may fit it better\nmodel:" in text
    assert "family" not in config["model"]


def test_a_label_that_is_often_zero_and_skewed_has_a_comment_too(tmp_path, random):
    costs = np.where(random.random(N) < 0.5, 0, random.gamma(1.0, 300.0, N).round(2))
    assert "# the label is often 0, and skewed above: family: tweedie may fit it better" in labelled(tmp_path, costs)[1]


def test_dates_in_digits_alone_with_short_years_and_of_a_zone_are_features(tmp_path, random):
    days = [datetime.date(1990, 1, 1) + datetime.timedelta(25 * i) for i in range(N)]
    table = {
        "y": random.normal(size=N),
        "digits": [int(f"{day:%Y%m%d}") for day in days],
        "number": [20010100 + i % 100 for i in range(N)],
        "short": [f"{day:%d/%m/%y}" for day in days],
        "far": pd.to_datetime(days).tz_localize("America/New_York") + pd.Timedelta(7, "h"),
        "near": pd.to_datetime(days).tz_localize("UTC"),
    }
    pd.DataFrame(table).to_parquet(tmp_path / "t.parquet")
    parts = {"parts": ["elapsed", "month", "weekday"]}
    times = {"parts": ["elapsed", "month", "weekday", "hour"]}
    assert written(tmp_path / "t.parquet")[0] == {
        "digits": {"kind": "datetime", "format": "%Y%m%d", **parts},
        "number": "integer",
        "short": {"kind": "datetime", "format": "%d/%m/%y", **parts},
        "far": {"kind": "datetime", "zone": "America/New_York", **times},
        "near": {"kind": "datetime", **parts},
    }


def test_dates_are_features_if_it_is_clear_how_they_are_written(tmp_path, random):
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(i) for i in range(N)]
    rows = zip(random.normal(size=N), days, strict=True)
    lines = [
        f"{y},{day if i % 9 else ''},{day}T{i % 24:02}:30:00Z,{day:%d.%m.%Y},{day:%m}/{day:%m}/2024,{'?' if i == 7 else day}\n"
        for i, (y, day) in enumerate(rows)
    ]
    (tmp_path / "t.csv").write_text("y,day,at,german,either,odd\n" + "".join(lines))
    features, out = written(tmp_path / "t.csv")
    assert features == {
        "day": {"kind": "datetime", "parts": ["elapsed", "month", "weekday"]},
        "at": {"kind": "datetime", "parts": ["elapsed", "month", "weekday", "hour"]},
        "german": {"kind": "datetime", "format": "%d.%m.%Y", "parts": ["elapsed", "month", "weekday"]},
    }
    assert f"left out, {UNUSUAL_DATES}: odd (such as '2024-01-01')" in out
    what = "dates that may be %d/%m/%Y or %m/%d/%Y: say kind: datetime, and its format"
    assert f"left out, {what}: either (such as '01/01/2024')" in out
