"""`plumbline init --formula`, as it is called."""

import pytest
from click.testing import CliRunner

from pipeline.cli.main import main


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "wages.csv"
    rows = "".join(f"{5 + i % 7},{i % 11},{i % 2},{'a' if i % 3 else 'b'}\n" for i in range(60))
    path.write_text(f"wage,educ,female,region\n{rows}")
    return path


def init(table, *options):
    done = CliRunner().invoke(main, ["init", str(table), *options])
    return done.exit_code, done.output


def test_what_is_written(table):
    code, out = init(table, "--formula", "log(wage) ~ educ + I(educ**2) + C(region)")
    assert code == 0
    assert out.splitlines()[0] == f"wrote {table.with_suffix('.yaml')}"
    text = table.with_suffix(".yaml").read_text()
    assert "--formula 'log(wage) ~ educ + I(educ**2) + C(region)'`" in text
    assert "label: {column: wage, transform: log}\n" in text
    assert "  educ_2: {column: educ, kind: power, exponent: 2}  # I(educ ** 2)\n" in text
    assert "# left out: female (not in the formula)\n" in text


def test_a_label_beside_the_formula(table):
    assert init(table, "--label", "wage", "--formula", "wage ~ educ", "-o", str(table.parent / "a.yaml"))[0] == 0
    assert init(table, "--label", "wage", "--formula", "~ educ", "-o", str(table.parent / "b.yaml"))[0] == 0
    features = [(table.parent / name).read_text().partition("label: ")[2] for name in ("a.yaml", "b.yaml")]
    assert features[0] == features[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--label: expected the column to predict, or a --formula that says it."),
        (("--formula", "~ educ"), "--formula: expected a label before ~, or --label; received '~ educ'."),
        (
            ("--formula", "wage ~ educ", "--label", "female"),
            "--label: the formula predicts 'wage'; received 'female'. Leave --label out.",
        ),
        (("--formula", "wage ~ educ - 1"), "--formula: a model here always has an intercept. Take - 1, + 0 or 0 +"),
        (("--formula", "wage ~ 1"), "--formula: expected a term beside the intercept; received none."),
        (("--formula", "exp(wage) ~ educ"), "--formula: the label exp(wage): no function exp() is known."),
        (("--formula", "I(wage**2) ~ educ"), "the label I(wage ** 2): expected a column or log(y), log1p(y), sqrt(y)."),
        (("--formula", "wage:educ ~ educ"), "the label wage:educ: expected a column or log(y)"),
        (
            ("--formula", "log(educ) ~ wage"),
            "--formula: log of the label: column educ holds 0; expected numbers above 0.",
        ),
        (("--formula", "log(region) ~ wage"), "the label 'region' is one of two texts, of which there is no log."),
        (
            ("--formula", "wage ~ educ + xx"),
            "--formula: a term can't be expressed:\n- xx: the table has no column 'xx'",
        ),
    ],
)
def test_what_is_refused(table, options, message):
    code, out = init(table, *options)
    assert code == 2, out
    assert message in out
    assert not table.with_suffix(".yaml").exists()


def test_a_label_that_the_table_has_not(table):
    code, out = init(table, "--formula", "wages ~ educ")
    assert code == 3
    assert "the table has no column 'wages'; did you mean 'wage'?" in out
