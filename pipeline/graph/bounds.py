"""What bounds did to a fit, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.graph.figures import at_most, figure

if TYPE_CHECKING:
    from pipeline.graph.regression import Column

MOST_BOUNDS = 20  # that are told one by one
SIDES = {"min": "the least", "max": "the greatest", "fixed": "all"}


def bound_lines(columns: Sequence[Column], constrained: int, kkt: float | None) -> Iterator[str]:
    """Which bounds hold, what that means for the other figures, and the certificate.

    Args:
      columns: of the regression.
      constrained: how many coefficients have bounds.
      kkt: how far the fit is from an optimum within them; None without bounds.
    """
    if kkt is None:
        return
    held = [column for column in columns if column.role == "bound"]
    yield (
        f"constraints: {constrained:,} coefficient{' has' if constrained == 1 else 's have'} bounds, {len(held):,} "
        f"{'is' if len(held) == 1 else 'are'} on one; "
        f"KKT residual {at_most(kkt)}, 0 at the optimum"
    )
    for column in held[:MOST_BOUNDS]:
        side = SIDES.get(column.bound or "")
        where = f"equal to {column.bound}" if side is None else f"{figure(column.coefficient)}, {side} that it may be"
        yield f"  {column.name}: {where}"
    if len(held) > MOST_BOUNDS:
        yield f"  and {len(held) - MOST_BOUNDS:,} more (show --json)"
    if held:
        yield (
            "  what is on a bound has no standard error; all others, intervals, p and tests are conditional on these bounds, as if "
            "they had been known"
        )
