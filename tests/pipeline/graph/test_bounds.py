import io

from rich.console import Console
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

from pipeline.graph.bounds import MOST_BOUNDS, bound_lines
from pipeline.graph.plain_tables import plain_table
from pipeline.graph.regression import read_regression
from pipeline.graph.regression_table import print_regression
from tests.components.bounded_fits import fair, fair_fit
from tests.components.table_fits import table_fit


def lines_of(kept):
    return list(bound_lines(kept.columns, kept.constrained, kept.kkt))


def printed(kept):
    out = io.StringIO()
    print_regression(Console(file=out, width=160), kept, False)
    return out.getvalue().splitlines()


def test_bounds_stand_in_the_table_and_are_told_one_by_one():
    lines = printed(read_regression(fair_fit("binomial"), DatasetFeatureStatistics()))
    cells = [line.split() for line in lines]
    assert ["age", "0", "bound"] in cells
    assert ["educ", "-0.001", "bound"] in cells
    assert ["occupation[o4]", "0", "bound", "1,834"] in cells
    assert ["occupation[o6]", "1.514"] in cells  # the odds ratio, without ends
    begin = next(index for index, line in enumerate(lines) if line.startswith("constraints:"))
    assert lines[begin].startswith("constraints: 7 coefficients have bounds, 4 are on one; KKT residual ")
    assert float(lines[begin].split("residual ")[1].split(",")[0]) < 1e-14
    assert lines[begin + 1 : begin + 5] == [
        "  age: 0, the least that it may be",
        "  educ: -0.001, the least that it may be",
        "  occupation[o4]: equal to occupation[o3]",
        "  occupation[o6]: equal to occupation[o5]",
    ]
    assert "no standard error; all others, intervals, p and tests are conditional on these bounds" in lines[begin + 5]


def test_very_many_are_not_all_told():
    kept = read_regression(fair_fit(), DatasetFeatureStatistics())
    held = next(column for column in kept.columns if column.role == "bound")
    many = kept.model_copy(update={"columns": [held] * (MOST_BOUNDS + 3)})
    assert lines_of(many)[-2] == "  and 3 more (show --json)"


def test_bounds_that_hold_nothing_leave_the_certificate_alone():
    kept = read_regression(fair_fit(), DatasetFeatureStatistics())
    free = kept.model_copy(
        update={"columns": [column for column in kept.columns if column.role != "bound"], "kkt": 2.1e-16}
    )
    assert lines_of(free) == [
        "constraints: 7 coefficients have bounds, 0 are on one; KKT residual 3e-16, 0 at the optimum"
    ]
    plain = read_regression(table_fit(fair(), "affairs", ["age"]), DatasetFeatureStatistics())
    assert lines_of(plain) == []


def test_a_plain_table_has_the_coefficient_on_a_bound():
    text = plain_table(read_regression(fair_fit(), DatasetFeatureStatistics()), "markdown", "coefficients", False)
    row = next(line for line in text.splitlines() if line.startswith("| educ"))
    assert [cell.strip() for cell in row.split("|")][1:5] == ["educ", "bound", "-0.001", ""]
