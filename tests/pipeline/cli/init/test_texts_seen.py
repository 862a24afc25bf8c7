import pytest

from pipeline.cli.init.texts_seen import are_dates, are_truths, formatted, is_mark


@pytest.mark.parametrize("text", [".", " ? ", "-", "#N/A", "#DIV/0!", "n/a", ".a", "\\N", "<NA>", "Missing"])
def test_marks_of_other_programs(text):
    assert is_mark(text)


@pytest.mark.parametrize("text", ["n/k", "a", "X", "0", "-1", "1.2O"])
def test_texts_that_are_no_marks(text):
    assert not is_mark(text)


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-31",
        "2024-01-31 23:59:00",
        "2024-01-31T23:59Z",
        "01/02/2001",
        "31.1.24",
        "1960Q1",
        "1960-Q1",
        "2001m3",
        "2001-W05",
        "12:30",
        "12:30:59.5",
        "9:05 PM",
        "Jan 2001",
        "31-Jan-2001",
        "January 31, 2001",
        "Q1 1960",
    ],
)
def test_dates(text):
    assert are_dates([text])


@pytest.mark.parametrize("text", ["20-24", "A1", "1:5", "12", "may be", "2024", "Q", "v1.2.3"])
def test_texts_that_are_no_dates(text):
    assert not are_dates([text])


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["$3.10", "$1,234.50", "-$2"], "a currency sign"),
        (["3,10 €", "4 €"], "a currency sign"),
        (["55%", "5.5 %"], "a percent sign"),
        (["1,234", "12,345,678.9"], "commas between thousands"),
        (["3,10", "1.234,5"], "a decimal comma"),
        (["(12)", "(3.5)"], "parentheses for a minus sign"),
    ],
)
def test_numbers_written_for_eyes(texts, expected):
    assert formatted(texts) == (expected, texts[0])


@pytest.mark.parametrize("texts", [["a", "b"], ["$3", "free", "gone"], ["18-24"], []])
def test_texts_that_are_no_numbers(texts):
    assert formatted(texts) is None


def test_truth_values_are_both_spellings_and_nothing_else():
    assert are_truths(["Yes", "no"])
    assert are_truths(["true", "False", "F"])
    assert not are_truths(["yes", "on"])
    assert not are_truths(["m", "f"])
