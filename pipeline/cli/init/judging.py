"""Judges a table: its label, its columns, its size."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from components.errors import DataError
from components.table import labels
from components.table.added_columns import COLUMNS
from components.table.columns import LARGEST, LEAST
from components.values import text_columns
from components.values.names import shown
from components.values.texts import CLASSES
from pipeline.cli.init import leaks, texts_seen
from pipeline.cli.init.columns import LEAST_HELD_OUT, LEAST_LEVEL, LEAST_PRESENT, ColumnJudge
from pipeline.cli.init.findings import MOSTLY, Findings, listed, quoted, told
from pipeline.cli.init.notes import Rank
from pipeline.cli.init.profile import Profile, numbers_of
from pipeline.cli.init.reading import Table

ROWS_PER_COLUMN = 10
MANY_VALUES = 20  # of a label, from which on its distribution has a shape
MANY_ZEROS = 0.1
SKEWED = 1.0  # the third standardised moment


def judge(table: Table) -> Findings:
    """Judges label and columns.

    Raises:
      DataError: the label can't be one, or no column can be a feature.
    """
    findings = look(table)
    if not findings.features:
        reasons = "".join(f"\n- {shown(name)}: {reason}" for name, reason in findings.left_out.items())
        raise DataError(
            f"{table.path}: no column can be a feature{f':{reasons}' if reasons else '; the label stands alone.'}"
        )
    _judge_size(findings)
    findings.notes.sort(key=lambda note: note.rank)
    return findings


def look(table: Table) -> Findings:
    """Judges label and columns, one by one.

    Raises:
      DataError: the label can't be one.
    """
    findings = Findings(table)
    _judge_label(findings)
    for column in table.columns.values():
        findings.find_marks(column)
    label = leaks.sampled(table.sample[table.label.name], table.label)
    for column in table.columns.values():
        ColumnJudge(column, label, findings).judge()
    _leave_out_sums(findings, label)
    return findings


def _judge_label(findings: Findings) -> None:
    table, label = findings.table, findings.table.label
    where = f"{table.path}: --label: column {label.name!r}"
    if label.name in COLUMNS:
        raise DataError(f"{where} has the name of a column that ingest adds. Rename the table's column.")
    if label.unusable or "time" in label.typed:
        raise DataError(f"{where} is {label.unusable or 'of dates or times'}; expected numbers. Name another column.")
    if is_one_of_two_texts(label):
        _name_positive(findings)
        _drop_unlabelled(findings)
        return
    findings.find_marks(label)
    odd = findings.odd(label)
    rows = sum(label.odd[text].rows for text in odd)
    if rows and rows > (1 - MOSTLY) * (rows + label.numbers):
        raise DataError(_refusal(where, label, odd))
    if rows:
        findings.say(Rank.CORRECT, f"{told(label, odd)}; rows without a label until then", label.name)
    if label.is_beyond:
        raise DataError(f"{where} holds whole numbers beyond 2^53, as identifiers have them. Name another column.")
    if not table.rows or label.low >= label.high:
        what = "one value in all rows" if table.rows else "no value in any row"
        raise DataError(f"{where} has {what}, so that there is nothing to learn. Name another column.")
    if label.largest > LARGEST or label.least < LEAST:
        raise DataError(f"{where} holds numbers beyond what 32-bit floats hold. Use another unit.")
    complaint = label.digits.complaint(label.name, feature=False, exact=label.digits.exact)
    if complaint:
        raise DataError(f"{table.path}: --label: {complaint}")
    _choose_family(findings)
    _drop_unlabelled(findings)


def is_one_of_two_texts(label: Profile) -> bool:
    """Whether a label is one of two texts, neither of which stands for nothing or is a date or a number written for eyes."""
    texts = list(label.odd)
    if label.unusable or "time" in label.typed or not texts or not label.is_counted or label.distinct != 2:
        return False
    return not (texts_seen.are_dates(texts) or texts_seen.formatted(texts) or any(map(texts_seen.is_mark, texts)))


def _choose_family(findings: Findings) -> None:
    """What the values of a label of numbers ask for."""
    label = findings.table.label
    if label.is_counted and label.distinct == 2 and findings.table.rows >= LEAST_PRESENT:
        if set(label.levels) == set(CLASSES):
            findings.family = "binomial"
            findings.say(Rank.LABEL, labels.hint(label.name, "binomial"))
        else:
            _name_positive(findings)
        return
    family = labels.suggested(label.name, label.levels) if label.is_counted else None
    if family is not None:
        findings.family = family
        findings.suits = (
            "a column that the counts grow in proportion to (rows seen, months, people) is no feature: exposure: COLUMN"
        )
        findings.say(Rank.LABEL, labels.hint(label.name, family))
    elif label.distinct > MANY_VALUES and label.low >= 0:
        findings.suits = _shape(leaks.sampled(findings.table.sample[label.name], label))


def _shape(label: leaks.Floats) -> str:
    """What is said of a label of at least 0 [n] that a normal law does not fit; empty of another."""
    spread = label.std()
    if spread == 0 or ((label - label.mean()) ** 3).mean() <= SKEWED * spread**3:
        return ""
    zeros = (label == 0).mean()
    if zeros == 0:
        return "the label is above 0 and skewed: family: gamma may fit it better"
    return "the label is often 0, and skewed above: family: tweedie may fit it better" if zeros >= MANY_ZEROS else ""


def _name_positive(findings: Findings) -> None:
    """Of a label with two values: the one that means true, or the greater number, or else the rarer one counts as 1."""
    label = findings.table.label
    values = sorted(label.levels, key=lambda text: (label.levels[text], text))
    truths = text_columns.truths(pa.array(values, pa.string())).to_pylist()
    if set(truths) == {"true", "false"}:
        findings.positive = values[truths.index("true")]
    elif label.odd:
        findings.positive = values[0]
    else:
        findings.positive = values[int(np.argmax(numbers_of(pa.array(values, pa.string()), label.decimal)))]
    findings.family = "binomial"
    told = listed((text, label.levels[text]) for text in values)
    what = f"label {label.name!r}: {told}. model.family: binomial predicts the probability of positive: {findings.positive!r}"
    findings.say(Rank.LABEL, what)


def _drop_unlabelled(findings: Findings) -> None:
    table, label = findings.table, findings.table.label
    without = label.rows - table.rows
    if without:
        findings.drops.append(label.name)
        findings.say(Rank.OTHER, f"rows without a label, left out by data.drop: {without:,} of {label.rows:,}")


def _leave_out_sums(findings: Findings, label: leaks.Floats) -> None:
    """Leaves out features two of which make up the label."""
    table = findings.table
    numbers = {
        name: leaks.sampled(table.sample[name], table.columns[name])
        for name, feature in findings.features.items()
        if (feature if isinstance(feature, str) else feature["kind"]) in ("numeric", "integer")
    }
    for pair in leaks.sums_to_label(numbers, label):
        for name, other in zip(pair, reversed(pair), strict=True):
            if findings.features.pop(name, None) is not None:
                findings.left_out[name] = f"with {shown(other)} it makes up the label"
        findings.notes = [note for note in findings.notes if note.column not in pair]
        findings.say(Rank.LEAK, f"left out, their sum or difference is the label: {' and '.join(map(shown, pair))}")


def _refusal(where: str, label: Profile, odd: list[str]) -> str:
    """Why texts are no label, and how to go on."""
    form = texts_seen.formatted(odd)
    if texts_seen.are_dates(odd):
        return f"{where} holds dates or times such as {quoted(odd[0])}; expected numbers. Name another column."
    if form:
        return (
            f"{where} holds numbers with {form[0]}, such as {quoted(form[1])}; expected plain numbers. Write them so."
        )
    most = sorted(odd, key=lambda text: -label.odd[text].rows)[:3]
    texts = listed((text, label.odd[text].rows) for text in most)
    more = f" and other texts ({len(odd) - 3:,})" if odd[3:] else ""
    way = "Write numbers in their place (for one text of several, 1 where it stands and 0 elsewhere)"
    return f"{where} holds {texts}{more}; expected numbers, or one of two texts. {way}, or name another column."


def _judge_size(findings: Findings) -> None:
    """Whether there are few rows, for what is to be fitted and to hold some out."""
    rows, coefficients = findings.table.rows, 1
    for name, feature in findings.features.items():
        column = findings.table.columns[name]
        coefficients += column.present < column.rows
        if isinstance(feature, dict) and feature["kind"] == "categorical":
            coefficients += sum(number >= feature.get("min_rows", LEAST_LEVEL) for number in column.levels.values())
        else:
            coefficients += 1
    label = findings.table.label
    others = rows - max(label.levels.values()) if label.is_counted else rows  # that have not the most frequent label
    findings.holds_out = rows >= LEAST_HELD_OUT and others >= LEAST_PRESENT
    if rows < ROWS_PER_COLUMN * coefficients:
        what = f"few rows: {rows:,} with a label for about {coefficients:,} coefficients, fewer than {ROWS_PER_COLUMN} each"
        findings.say(Rank.FEW, what)
    if not findings.holds_out:
        few = (
            f"{LEAST_HELD_OUT} rows"
            if rows < LEAST_HELD_OUT
            else f"{LEAST_PRESENT} rows with another label than most have"
        )
        what = f"fewer than {few}: none is held out, cross-validation judges (data.split: {{train: 1}})"
        findings.say(Rank.FEW, what)
