"""ExampleGen: the table, cleaned and split, as tf.Examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.ingest.counts import COUNTS_FILE, WAY_OUT, Counts
from pipeline.graph.places import Places
from pipeline.graph.step import Kept, Records, Results, Step, Wiring

if TYPE_CHECKING:
    from rich.console import Console


def _node(wiring: Wiring) -> Any:
    from components.ingest.component import TableExampleGen

    return TableExampleGen(
        input_base=wiring.inputs.input_base,
        pattern=wiring.inputs.input_config,
        range_config=wiring.inputs.range_config,
        spec=wiring.config.table_spec(),
        max_rejected=wiring.config.data.max_rejected,
        rejected=wiring.places.rejected,
    )


def _never_cached(places: Places) -> bool:
    """Kubeflow ignores the hook that gives ExampleGen a fingerprint of the table: a changed one is the same to its cache."""
    return places.target == "kubeflow"


def _read(results: Results) -> Counts:
    path = results.folder(STEP, "examples") / COUNTS_FILE
    return Counts.parse(path.read_text(), path, WAY_OUT)


def _print(console: Console, counts: Counts, records: Records, whole: bool) -> None:
    from rich.markup import escape

    del records, whole
    rejected = f", {counts.rejected:,} rejected" if counts.rejected else ""
    console.print(
        f"rows: {counts.read:,} read{rejected}, {counts.dropped:,} dropped, {counts.kept:,} kept", highlight=False
    )
    for rule, rows in counts.by_rule.items():
        if rows:
            console.print(f"  {escape(rule)}: {rows:,}", highlight=False)
    for name, tokens in counts.missing_tokens.items():
        read = ", ".join(f"{token!r} {rows:,}" for token, rows in tokens.items())
        console.print(f"  {escape(name)}: taken for missing: {escape(read)}", highlight=False)
    if counts.hint is not None:
        console.print(escape(counts.hint), highlight=False)
    number = "1 file" if counts.table.files == 1 else f"{counts.table.files:,} files"
    console.print(f"table: {number}, SHA-256 {counts.table.sha256}", highlight=False, soft_wrap=True)


CLEANING = Kept("cleaning", Counts, _read, _print)
STEP = Step(
    "ExampleGen",
    _node,
    count=lambda results: _read(results).splits,
    kept=(CLEANING,),
    never_cached=_never_cached,
    beam_modules=("components.ingest.executor",),
)
