"""What `show` prints of the diagnostics."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text
from scipy.stats import norm

from pipeline.graph.diagnostics_tables import print_diagnostics
from pipeline.graph.doubts import doubts
from tests.pipeline.graph.diagnosed import looked, rows


def printed(found: object, fit: object, whole: bool, terminal: bool = False) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=160, force_terminal=terminal, no_color=True, highlight=False)
    print_diagnostics(console, found, fit, whole)  # type: ignore[arg-type]
    return [line.rstrip() for line in Text.from_ansi(out.getvalue()).plain.splitlines()]


def test_nothing_that_stands_out_is_one_line() -> None:
    assert printed(*looked(rows(2000)), whole=False) == ["what to doubt: nothing stands out among 2,000 rows"]


def test_findings_stand_below_their_heading() -> None:
    table = rows()
    table["y"] = table.x**2 + table.e
    found, fit = looked(table)
    lines = doubts(found, fit)
    assert lines
    assert printed(found, fit, whole=False) == [
        "what to doubt (every figure: show --all)",
        *(f"  {line}" for line in lines),
    ]


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_every_figure_is_there_with_all_and_fits_80_columns(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    table = rows(400)
    if family == "binomial":
        table["y"] = (table.y > 1).astype(float)
    found, fit = looked(table, family=family, time="t", slices=["s"])
    lines = printed(found, fit, whole=True, terminal=True)
    text = "\n".join(lines)
    assert max(len(line) for line in lines if not line.startswith("  ")) <= 132
    assert "…" not in text
    assert lines.count(" column") == 0
    for title in ("Cook's distance", "leverage", "residual"):
        place = next(index for index, line in enumerate(lines) if line.startswith(f"rows of the greatest {title};"))
        assert "a.csv, row" in lines[place + 2]
    for row in (*found.influential, *found.far, *found.outlying):
        assert row.place in text
        assert f"{row.leverage:.4g}" in text
    for tenth in found.tenths:
        assert f"{tenth.label_low:.5g}" in text
        assert all(f"{value:.4g}" in text for value in tenth.residuals if value is not None)
    assert found.quantiles
    for one in found.quantiles:
        [line] = [line for line in lines if line.split()[:1] == [f"{one.share:.4g}"] and len(line.split()) == 3]
        assert f"{one.residual:.4g}" in line
        assert f"{norm.ppf(one.share):.4g}" in line
    for shape in found.shapes:
        assert any(line.startswith(f"mean residuals by {shape.column}; its square and cube: ") for line in lines)
        assert all(f"{one.value:.6g}" in text for one in shape.bins)
    for part in (*found.folds, *found.slices):
        assert any(line.startswith(f" {part.name}") and f"{part.moves:.3g}" in line for line in lines)
    assert f"Durbin–Watson: {found.durbin_watson:.4g}" in lines
    assert any(line.startswith("Hosmer–Lemeshow: χ² ") for line in lines) == (family == "binomial")
    assert any(line.startswith("Breusch–Pagan: χ² ") for line in lines) == (family == "gaussian")
