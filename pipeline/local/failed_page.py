"""The report of a run that failed before its step Report: by the same code, of what there is."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from pathlib import Path

from components.replacing import replacing
from pipeline.config.file import Config
from pipeline.config.root import failed_directory, rejected_directory
from pipeline.graph.step import Outputs
from pipeline.graph.steps.report import PAGE, Page, described
from pipeline.local.summary import RunSummary


def keep_failed_page(
    config: Config, root: Path, summary: RunSummary, step: str, outputs: Mapping[str, Outputs]
) -> Page | None:
    """Writes the page and its figures, and keeps in the summary where they are.

    Args:
      config: that was run.
      root: of the run.
      summary: of the run, with its error.
      step: that failed; empty before the first.
      outputs: what the steps before it left, by step.

    Returns:
      Where they are; None where none can be made, which is in the log: it must not hide why the run failed.
    """
    try:
        page = _write(config, root, summary, step, outputs)
    except Exception:  # the boundary: the run's own error is the one to tell, whatever is not there for a page
        logging.getLogger(__name__).exception("The report of this run, which failed, was not written")
        return None
    summary.keep(PAGE, page)
    return page


def _write(config: Config, root: Path, summary: RunSummary, step: str, outputs: Mapping[str, Outputs]) -> Page:
    from pipeline.graph.report.document import document_of
    from pipeline.graph.report.page import page
    from pipeline.graph.report.source import Facts, Failure, StepTime, source_of

    serving, rejected = config.serving_directory(root), rejected_directory(root, config.name)
    places = {"serving": str(serving), "rejected": str(rejected), "summaries": None}
    told = Facts.model_validate({**described(config), **places})
    source = dataclasses.replace(
        source_of(outputs, told),
        run_id=summary.run_id,
        times=[StepTime.model_validate(entry.model_dump()) for entry in summary.steps],
        failure=Failure(step=step, error=summary.error or ""),
    )
    found = document_of(source)
    folder = failed_directory(root, config.name)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {suffix: folder / f"{summary.run_id}{suffix}" for suffix in (".html", ".json")}
    for suffix, text in ((".html", page(found)), (".json", found.to_json())):
        with replacing(paths[suffix]) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return Page(page=str(paths[".html"]), figures=str(paths[".json"]))
