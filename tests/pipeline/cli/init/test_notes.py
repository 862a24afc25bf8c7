from pipeline.cli.init.notes import MOST_LINES, Note, Rank, for_terminal, lines


def test_columns_of_one_kind_share_a_line_and_what_matters_most_comes_first():
    notes = [
        Note(Rank.CONSTANT, "left out, one value in all rows", "a"),
        Note(Rank.CORRECT, "7 numbers and 1 text", "b"),
        Note(Rank.CONSTANT, "left out, one value in all rows", "c", "7"),
        Note(Rank.CORRECT, "7 numbers and 1 text", " d"),
        Note(Rank.OTHER, "rows without a label: 3"),
    ]
    assert lines(notes) == [
        "column b: 7 numbers and 1 text",
        "column ' d': 7 numbers and 1 text",
        "left out, one value in all rows: a, c (7)",
        "rows without a label: 3",
    ]


def test_the_terminal_gets_so_many_lines_and_columns():
    many = [Note(Rank.OTHER, "seen", f"x{i}") for i in range(12)]
    assert for_terminal(many, "t.yaml") == ["seen: x0, x1, x2, x3, x4, x5, x6, x7, and 4 more"]
    kinds = [Note(Rank.OTHER, f"kind {i}") for i in range(20)]
    found = for_terminal(kinds, "t.yaml")
    assert len(found) == MOST_LINES
    assert found[-1] == "and 6 more: see the comments in t.yaml"
