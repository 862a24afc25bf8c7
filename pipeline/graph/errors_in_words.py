"""Standard errors of each kind in words, and which ones a regression's are."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape

from components.linear_model.diagnostics import FEW_CLUSTERS
from components.linear_model.families import named
from pipeline.graph.regression import Regression


def kind_in_words(errors: str) -> str:
    """`classical`, `HC3`, `clustered`."""
    return {"classical": "classical", "cluster": "clustered"}.get(errors, errors.upper())


def statistic_of(found: Regression) -> str:
    """What coefficient by standard error is called: `z` by the normal law, `t` by Student's, as with clusters."""
    return "t" if found.clusters is not None else named(found.family).statistic


def error_lines(found: Regression) -> Iterator[str]:
    """What standard errors, p and intervals rest on, as markup; nothing of a fit that has classical ones alone, without penalty."""
    beside = "" if found.beside is None else f"; {kind_in_words(found.beside)} ones stand beside"
    if found.errors == "cluster" and found.clusters is not None:
        by = "" if found.cluster is None else f" of {escape(found.cluster)}"
        yield (
            f"standard errors, p and intervals are by {found.clusters:,} clusters{by}, by Student's t with "
            f"{found.clusters - 1:,} degrees of freedom{beside}"
        )
        if found.clusters < FEW_CLUSTERS:
            yield (
                f"[yellow]{found.clusters} clusters are few: below some {FEW_CLUSTERS} such errors are too small, intervals too "
                "narrow and p too low. Name a column of more values, or take them for the least that they can be[/yellow]"
            )
    elif found.errors != "classical":
        yield f"standard errors, p and intervals are {kind_in_words(found.errors)}, robust to any spread of the labels{beside}"
    elif found.beside is not None:
        yield f"standard errors, p and intervals are classical{beside}"
    if found.penalty and found.selected is None:
        yield "  the standard errors, intervals and p leave the bias of the penalty out of account"
