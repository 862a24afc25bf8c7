"""A formula, as R, patsy and statsmodels have it, becomes a configuration's label and features."""

from __future__ import annotations

from components.errors import ConfigError
from pipeline.cli.init.findings import Findings
from pipeline.cli.init.formula.columns import check_range
from pipeline.cli.init.formula.expressions import read
from pipeline.cli.init.formula.factors import Column, Made, Refusal
from pipeline.cli.init.formula.features import take
from pipeline.cli.init.formula.parsing import Term, parse
from pipeline.cli.init.notes import Note, Rank

__all__ = ["Formula"]

_TRANSFORMS = ("log", "log1p", "sqrt")  # of a label
_OF_THE_TABLE = (Rank.FORMAT, Rank.LABEL, Rank.MARK, Rank.OTHER)  # notes that hold whatever the features are


class Formula:
    """A formula: its label is known at once, its features when the table was looked at.

    Attributes:
      label: the column to predict.
    """

    def __init__(self, text: str, label: str | None = None) -> None:
        """Parses a formula.

        Args:
          text: such as `log(price) ~ carat + C(cut)`.
          label: the column to predict, if it was named beside the formula.

        Raises:
          ConfigError: it is no formula, has no intercept, or has no label or another than `label`.
        """
        self._text = text
        parsed = parse(text, [])
        self._without_dot = parsed.terms
        if not parsed.has_intercept:
            raise ConfigError(
                "--formula: a model here always has an intercept. Take - 1, + 0 or 0 + out of the formula."
            )
        self._transform: Made | None = None
        if parsed.label is not None:
            self.label, self._transform = _label(parsed.label)
            if label not in (None, self.label):
                raise ConfigError(
                    f"--label: the formula predicts {self.label!r}; received {label!r}. Leave --label out."
                )
        elif label is None:
            raise ConfigError(f"--formula: expected a label before ~, or --label; received {text!r}.")
        else:
            self.label = label

    def take(self, findings: Findings) -> None:
        """Puts the formula's label and features in the place of those that were found; all rows are fitted, without a penalty.

        Raises:
          ConfigError: a term, or the label, can't be expressed; it names all terms that can't.
        """
        features, left_out, notes = dict(findings.features), set(findings.left_out), list(findings.notes)
        terms = parse(self._text, features).terms
        take(terms, findings)
        if self._transform is not None:
            self._take_transform(self._transform, findings)
        findings.holds_out, findings.model = False, {"solver": "exact", "l2": 0}
        named = (set(findings.table.columns) - set(findings.left_out)) - left_out | {self.label}
        if terms != self._without_dot:
            named |= left_out

        def is_kept(note: Note) -> bool:
            return note.rank in _OF_THE_TABLE if note.column is None or note.rank is Rank.MARK else note.column in named

        is_other = self._transform is None
        said = [note for note in notes if is_kept(note) and (is_other or note.rank is not Rank.LABEL)]
        findings.notes[: len(notes)] = said
        findings.say(
            Rank.OTHER, "all rows are fitted, as a formula means it; cross-validation judges (data.split: {train: 1})"
        )
        findings.notes.sort(key=lambda note: note.rank)

    def _take_transform(self, made: Made, findings: Findings) -> None:
        if findings.positive is not None:
            raise ConfigError(
                f"--formula: the label {self.label!r} is one of two texts, of which there is no {made.options['kind']}."
            )
        try:
            check_range(findings.table.label, made)
        except Refusal as error:
            raise ConfigError(f"--formula: {made.options['kind']} of the label: {error}.") from error
        findings.transform, findings.family, findings.suits = made.options["kind"], "gaussian", ""


def _label(term: Term) -> tuple[str, Made | None]:
    """The column before `~`, and its transform."""
    try:
        factor = read(term.factors[0]) if isinstance(term.factors[0], str) else term.factors[0]
    except Refusal as error:
        raise ConfigError(f"--formula: the label {term.text}: {error}.") from error
    if isinstance(factor, Column) and len(term.factors) == 1:
        return factor.name, None
    if isinstance(factor, Made) and len(term.factors) == 1 and factor.options["kind"] in _TRANSFORMS:
        return factor.columns[0], factor
    known = ", ".join(f"{name}(y)" for name in _TRANSFORMS)
    raise ConfigError(f"--formula: the label {term.text}: expected a column or {known}. Make the column in the table.")
