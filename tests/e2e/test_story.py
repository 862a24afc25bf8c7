"""What a root tells of its runs: a pushed one, another of more rows, a refused one, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from tests.conftest import plumbline

pytestmark = pytest.mark.e2e

CONFIG = """\
name: line
data: {{path: {table}, split: {{train: 1}}}}
label: y
features: {{x: numeric, z: numeric}}
model: {{l2: 0}}
evaluate: {{limits: {{r_squared: {{min: {least}}}}}, no_worse_than_live: null}}
"""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[np.ndarray]]:
    """The folder, the configuration, and both tables: what x is worth grows."""
    folder = tmp_path_factory.mktemp("story")
    random, tables = np.random.default_rng(7), []
    config = folder / "line.yaml"
    for number, (slope, least, code) in enumerate([(2.0, 0.1, 0), (3.0, 0.1, 0), (3.0, 0.9999, 4)]):
        if number < 2:
            x, z = random.normal(5, 2, (2, 300))
            tables.append(np.column_stack([x, z, 1 + slope * x - z + random.normal(0, 1, 300)]).round(6))
            np.savetxt(folder / f"{number}.csv", tables[-1], "%.6f", ",", header="x,z,y", comments="")
        config.write_text(CONFIG.format(table=folder / f"{min(number, 1)}.csv", least=least))
        done = plumbline("run", config, "--root", folder / "runs")
        assert done.code == code, done.out + done.err
    return folder, config, tables


def ask(*words: Any) -> Any:
    done = plumbline(*words)
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_history_has_all_three(story: tuple[Path, Path, list[np.ndarray]]) -> None:
    folder, config, _ = story
    runs = ask("history", config, "--root", folder / "runs", "--json")
    assert [run["outcome"] for run in runs] == ["pushed", "pushed", "refused"]
    assert "r_squared" in runs[2]["because"][0]
    assert runs[1]["table"] == runs[2]["table"] != runs[0]["table"]
    assert runs[0]["version"] < runs[1]["version"]
    assert runs[2]["version"] is None


def test_changes_are_statsmodels_on_the_terminal_and_on_the_page(story: tuple[Path, Path, list[np.ndarray]]) -> None:
    folder, config, tables = story
    first, second = (sm.OLS(table[:, 2], sm.add_constant(table[:, :2])).fit() for table in tables)
    expected = (second.params - first.params) / np.sqrt(first.bse**2 + second.bse**2)
    versions = [run["version"] for run in ask("history", config, "--root", folder / "runs", "--json")][:2]
    words = [f"{config}@{version}" for version in versions]
    compared = ask("compare", *words, "--root", folder / "runs", "--json")
    beside = json.loads((folder / "runs" / "serving" / "line-reports" / f"{versions[1]}.json").read_text())
    assert beside["changed"]["version"] == versions[0]
    for found in (compared["changed"], beside["changed"]["since"]):
        told = {one["name"]: one["in_errors"] for one in found["coefficients"]}
        assert [told[name] for name in ("(intercept)", "x", "z")] == pytest.approx(expected, rel=1e-6, abs=1e-6)
        assert found["coefficients"][0]["name"] == "x"
    assert compared["nested"] is None
    assert compared["because"].startswith("the mean of the label of ")


def test_the_refused_runs_page_is_the_last_one_and_compares_with_the_live_version(
    story: tuple[Path, Path, list[np.ndarray]],
) -> None:
    folder, config, _ = story
    page = Path(plumbline("report", config, "--root", folder / "runs").out.strip())
    text, document = page.read_text(), json.loads(page.with_suffix(".json").read_text())
    assert "Refused" in text
    assert document["version"] is None
    assert document["changed"]["version"] == ask("versions", config, "--root", folder / "runs", "--json")[-1]["version"]
    assert document["changed"]["since"]["moved"] == 0
    assert not (folder / "runs" / "pipelines" / "line" / "failed").exists()


def test_a_rollback_takes_the_report_along(story: tuple[Path, Path, list[np.ndarray]]) -> None:
    folder, config, _ = story
    first = ask("versions", config, "--root", folder / "runs", "--json")[0]["version"]
    done = plumbline("rollback", config, "--root", folder / "runs")
    again = int(done.out.split()[-1])
    reports = folder / "runs" / "serving" / "line-reports"
    for suffix in (".html", ".json"):
        assert (reports / f"{again}{suffix}").read_text() == (reports / f"{first}{suffix}").read_text()


def test_a_report_that_can_not_be_put_beside_its_version_is_told_and_nothing_is_lost(
    story: tuple[Path, Path, list[np.ndarray]],
) -> None:
    folder, config, _ = story
    reports = folder / "runs" / "serving" / "line-reports"
    reports.rename(reports.with_name("aside"))
    reports.write_text("no folder")
    config.write_text(CONFIG.format(table=folder / "1.csv", least=0.1))
    done = plumbline("run", config, "--root", folder / "runs")
    assert done.code == 0, done.out + done.err
    assert "the report does not lie beside the pushed version" in done.out
    report = ask("show", config, "--root", folder / "runs", "--json")["report"]
    assert "line-reports" in report["not_beside"]
    assert Path(report["page"]).read_text().rstrip().endswith("</html>")
