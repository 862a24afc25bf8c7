"""The figures of docs/story.md are the seed's."""

from __future__ import annotations

import re

import pytest

from tests.conftest import REPOSITORY, WholeRun

pytestmark = pytest.mark.e2e


def test_the_figures_are_the_runs(seed_run: WholeRun) -> None:
    text = " ".join((REPOSITORY / "docs" / "story.md").read_text().split())
    first, last, theta_0, theta_1, *exact = re.search(
        r"from ([\d.]+) at step 0 to ([\d.]+) at step 1,000, and θ₀ = ([\d.]+\d), θ₁ = ([\d.]+\d); "
        r"beside it stands the exact optimum, ([\d.]+\d) and ([\d.]+\d)",
        text,
    ).groups()
    shown = seed_run.show()
    fit, losses = shown["fit"], shown["fit"]["loss_trace"]
    assert [float(first), float(last)] == pytest.approx([losses[0]["loss"], losses[-1]["loss"]], rel=1e-4)
    assert [float(theta_0), float(theta_1)] == pytest.approx([fit["intercept"], fit["coefficients"]["x"]], rel=1e-4)
    coefficients = [column["coefficient"] for column in shown["linear_fit"]["columns"]]
    assert list(map(float, exact)) == pytest.approx(coefficients, rel=1e-4)
