"""What a formula's terms become in the configuration, and what is said of those that can't."""

import numpy as np
import pandas as pd
import pytest
import yaml

from components.errors import ConfigError
from pipeline.cli.init import write_config

N = 120


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    random = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "price": random.uniform(1, 9, N).round(3),
            "carat": random.uniform(0.2, 3, N).round(2),
            "cut": np.resize(["Good", "Fair", "Ideal"], N),
            "color": np.resize(["D", "E", "F", "G"], N),
            "year": np.resize([1978, 1981], N),
            "near": np.resize([0, 0, 1], N),
            "odd name": random.normal(size=N).round(3),
            "class": random.normal(size=N).round(3),
            "sold": np.resize(["no", "yes"], N),
            "shop_id": random.permutation(N) * 7,
            "gap": np.where(np.arange(N) < 5, np.nan, random.normal(size=N).round(3)),
            "hue": np.where(np.arange(N) < 2, None, np.resize(["b", "a"], N)),
            "flat": 1,
            "when": "2020-01-02",
            "amount": [f"${number},000" for number in range(N)],
        }
    )
    path = tmp_path_factory.mktemp("formula") / "stones.csv"
    frame.to_csv(path, index=False)
    return path


def written(table, terms, label="price"):
    """The configuration and the notes of a formula."""
    path, notes = write_config(table, None, table.parent / f"{abs(hash(terms))}.yaml", formula=f"{label} ~ {terms}")
    text = path.read_text()
    path.unlink()
    return yaml.safe_load(text), [f"{note.column}: {note.what}" for note in notes]


def category(levels, reference, **others):
    return {"kind": "categorical", "vocabulary": levels, "min_rows": 1, "reference": reference, **others}


@pytest.mark.parametrize(
    ("terms", "features"),
    [
        ("carat + I(carat**2)", {"carat": "numeric", "carat_2": {"kind": "power", "exponent": 2, "column": "carat"}}),
        ("Q('odd name') + `class`", {"odd name": "numeric", "class": "numeric"}),
        ("cut + sold", {"cut": category(3, "Fair"), "sold": "boolean"}),
        ("C(cut, Treatment('Ideal'))", {"cut": category(3, "Ideal")}),
        ("C(cut, contr.SAS)", {"cut": category(3, "Ideal")}),
        ("C(cut, levels=['Good', 'Fair', 'Ideal'])", {"cut": category(3, "Good")}),
        ("C(year)", {"year": category(2, "1978")}),
        ("C(year, Treatment(1981))", {"year": category(2, "1981")}),
        ("C(sold)", {"sold": category(2, "no")}),
        (
            "C(cut, contr.poly, levels=['Fair', 'Good', 'Ideal'])",
            {"cut": {"kind": "ordered", "levels": ["Fair", "Good", "Ideal"], "contrasts": "polynomial"}},
        ),
        ("C(year, Poly)", {"year": {"kind": "ordered", "levels": ["1978", "1981"], "contrasts": "polynomial"}}),
        (
            "year*near",
            {"year": "numeric", "near": "numeric", "year_x_near": {"kind": "product", "of": ["year", "near"]}},
        ),
        ("year:near:carat", {"year_x_near_x_carat": {"kind": "product", "of": ["year", "near", "carat"]}}),
        ("I(year*near)", {"year_x_near": {"kind": "product", "of": ["year", "near"]}}),
        ("cut:color", {"cut_x_color": {"kind": "cross", "of": ["cut", "color"], "vocabulary": 12, "min_rows": 1}}),
        ("C(year):sold", {"year_x_sold": {"kind": "cross", "of": ["year", "sold"], "vocabulary": 4, "min_rows": 1}}),
        ("log(carat)", {"log_carat": {"kind": "log", "column": "carat"}}),
        ("bs(carat, df=4)", {"carat": {"kind": "spline", "knots": 5}}),
        (
            "carat + bs(carat, df=4)",
            {"carat": "numeric", "bs(carat, df=4)": {"kind": "spline", "knots": 5, "column": "carat"}},
        ),
        ("poly(carat, 3)", {"carat": {"kind": "polynomial", "degree": 3, "orthogonal": True}}),
        ("shop_id", {"shop_id": "numeric"}),
    ],
)
def test_terms(table, terms, features):
    config, _ = written(table, terms)
    assert config["features"] == features
    assert config["label"] == "price"
    assert config["data"]["split"] == {"train": 1}
    assert config["model"] == {"solver": "exact", "l2": 0}


def test_knots_lie_between_the_ends_of_the_column(table):
    carat = pd.read_csv(table)["carat"]
    config, _ = written(table, "ns(carat, knots=[1, 2])")
    assert config["features"]["carat"] == {"kind": "spline", "knots": [carat.min(), 1.0, 2.0, carat.max()]}


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("log(price)", {"column": "price", "transform": "log"}),
        ("np.log(price)", {"column": "price", "transform": "log"}),
        ("log1p(price)", {"column": "price", "transform": "log1p"}),
        ("I(price**0.5)", {"column": "price", "transform": "sqrt"}),
        ("Q('price')", "price"),
    ],
)
def test_labels(table, label, expected):
    assert written(table, "carat", label)[0]["label"] == expected


def test_a_dot_is_what_init_makes_features_of(table):
    config, notes = written(table, ". - hue - gap")
    assert list(config["features"]) == ["carat", "cut", "color", "year", "near", "odd name", "class", "sold"]
    assert "flat: left out, one value in all rows" in notes


def test_levels_of_numbers_with_a_decimal_comma_are_in_their_order(tmp_path):
    rows = "".join(f"{i % 7},5;{['10,5', '9,50', '9,5'][i % 3]}\n" for i in range(N))
    (tmp_path / "stones.csv").write_text(f"price;size\n{rows}")
    config, _ = written(tmp_path / "stones.csv", "C(size, contr.poly)")
    assert config["features"] == {
        "size": {"kind": "ordered", "levels": ["9,5", "9,50", "10,5"], "contrasts": "polynomial"}
    }


def test_rows_without_a_value_are_left_out(table):
    config, notes = written(table, "gap + hue")
    assert config["data"]["drop"] == {"gap": {"missing": True}, "hue": {"missing": True}}
    assert config["features"] == {"gap": "numeric", "hue": category(2, "a")}
    assert "gap: rows without a value are left out, as a formula means it (data.drop; else they get the mean)" in notes


def test_what_is_not_as_usual_is_said(table):
    _, notes = written(
        table, "bs(carat, df=4) + color + color:sold + shop_id + C(cut, levels=['Good', 'Fair', 'Ideal', 'Best'])"
    )
    assert any(note.startswith("bs(carat, df=4): a natural cubic spline") for note in notes)
    assert any(note.startswith("shop_id: a feature because the formula names it") for note in notes)
    assert "cut: no row holds the level 'Best', so that it has no coefficient" in notes
    assert any(note.startswith("color:sold: beside its columns themselves") for note in notes)
    assert any("all rows are fitted, as a formula means it" in note for note in notes)


def test_all_terms_that_can_not_be_expressed_are_named(table):
    terms = {
        "carrat": "the table has no column 'carrat'; did you mean 'carat'?",
        "price": "price is the label",
        "flat": "column flat: one value in all rows",
        "amount": "column amount: numbers with a currency sign",
        "log(cut)": "column cut holds texts such as 'Good'; expected numbers",
        "log(gap)": "expected numbers above 0. Correct those rows",
        "sqrt(near)": None,
        "I(1 / near)": "column near holds 0; expected numbers above 0",
        "I(carat / 100)": "in another unit",
        "cut:carat": "levels by a number (carat) is a slope for each level, which no kind is. Make a column of 0 and 1",
        "C(near):carat": "Write near without C() in each term: as numbers, 0 and 1 are multiplied",
        "log(carat):near": "an interaction is of columns as they are",
        "year:near:carat:Q('odd name')": "an interaction is of at most 3 columns, each once",
        "C(cut, Treatment('Best'))": "no row of column cut holds the reference 'Best'; levels: 'Fair', 'Good', 'Ideal'",
        "C(cut, levels=['Fair', 'Good'])": "levels leaves out 'Ideal', which column cut holds in 40 rows",
        "C(flat)": "column flat has one value in all rows; expected two levels or more",
        "C(year)": "the values of column year are levels here, and numbers in year. A column's are one of them",
        "poly(carat, 9)": "degree: Input should be less than or equal to 6. Received 9",
        "I(carat ** 20)": "exponent: Input should be less than or equal to 10. Received 20",
        "ns(carat, df=60)": "knots: Input should be less than or equal to 50. Received 61",
        "ns(near, df=2)": "column near holds 0 in so many rows that of 3 knots at quantiles two or more would be there",
        "poly(near, 2)": "column near holds 2 different numbers, through which a polynomial of degree 1 goes exactly",
        "ns(carat, knots=[2, 1])": "knots must be increasing and between the column's ends",
    }
    formula = f"price ~ year + {' + '.join(terms)}"
    with pytest.raises(ConfigError) as error:
        write_config(table, None, table.parent / "not.yaml", formula=formula)
    first, *lines = str(error.value).splitlines()
    refused = {term: reason for term, reason in terms.items() if reason}
    assert first == f"--formula: {len(refused)} terms can't be expressed:"
    for line, (term, reason) in zip(lines, refused.items(), strict=True):
        assert line.startswith(f"- {term}: ") and reason in line
    assert not (table.parent / "not.yaml").exists()
