"""Words of the page: metrics, and lists that are cut off."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

_HEAD = 2  # spaces between the words before a colon
_METRICS = {
    "auc": "AUC",
    "auc_precision_recall": "area under precision and recall",
    "brier_score": "Brier score",
    "f1": "F1",
    "r_squared": "R²",
    "calibration": "mean prediction by mean label",
    "mean_error": "mean prediction less mean label",
    "example_count": "rows",
}


def metric_words(name: str) -> str:
    """A metric's name as a person reads it: `root_mean_squared_error` is `root mean squared error`."""
    return _METRICS.get(name, name.replace("_", " "))


def headed(text: str) -> Markup:
    """A sentence whose few words before a colon say what it is about; they stand out."""
    head, colon, rest = text.partition(": ")
    if not colon or head.count(" ") > _HEAD:
        return escape(text)
    return Markup("<strong>{}</strong>: {}").format(head, rest)


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


FILTERS = {"metric": metric_words, "headed": headed, "listed": listed}
