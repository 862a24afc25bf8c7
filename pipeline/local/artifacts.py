"""Reads what the steps wrote: their row counts, the fit, the verdict."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact

from components.ingest.executor import COUNTS_FILE
from components.linear_model.gathered import GatheredRows
from components.linear_model.inference import Dropped
from components.linear_model.linear_fit import LinearFit
from components.model_gate.executor import candidate_metrics
from components.model_gate.verdict import VERDICT_FILE, plain, slice_name
from components.serving_check.executor import REPORT_FILE
from components.trainer.training import TRAINING_FILE
from components.values.names import shown

LEVEL = 0.95  # of the confidence intervals
MOST_TEXTS, MOST_CHARACTERS = 3, 60  # that are shown of a pool

Outputs = Mapping[str, list[Artifact]]


def _folder(outputs: Outputs, key: str) -> Path:
    return Path(artifact_utils.get_single_uri(outputs[key]))


def read_counts(outputs: Outputs) -> dict[str, Any]:
    """ExampleGen's counts: rows read, kept, dropped and rejected, rows that each rule touched, `splits`."""
    counts: dict[str, Any] = json.loads((_folder(outputs, "examples") / COUNTS_FILE).read_text())
    return counts


def read_linear_fit(outputs: Outputs, statistics: Outputs) -> dict[str, Any]:
    """The regression table in raw units, and what it rests on, as plain JSON.

    Args:
      outputs: LeastSquares'.
      statistics: StatisticsGen's.
    """
    found = LinearFit.load(str(_folder(outputs, "fit")))
    raw = found.raw
    intervals = raw.confidence_intervals(LEVEL)
    stands_for = _stands_for(found)
    dropped = {column.column for column in raw.dropped}
    references = set(found.references.values())
    columns = [
        {
            "name": name,
            **stands_for[index],
            "role": "reference" if index in references else "dropped" if index in dropped else None,
            "coefficient": raw.coefficients[index],
            "standard_error": raw.standard_errors[index],
            "t": raw.t_values[index],
            "p": raw.p_values[index],
            "low": intervals[index, 0],
            "high": intervals[index, 1],
        }
        for index, name in enumerate(raw.names)
    ]
    return {
        "label": found.label,
        "columns": [{key: _number(value) for key, value in column.items()} for column in columns],
        "level": LEVEL,
        "references": {feature: raw.names[place] for feature, place in found.references.items()},
        "rows": raw.rows,
        "degrees_of_freedom": raw.degrees_of_freedom,
        "r_squared": _number(raw.r_squared),
        "adjusted_r_squared": _number(raw.adjusted_r_squared),
        "sigma": _number(raw.sigma),
        "mean_squared_error": raw.residual_sum_of_squares / found.total_weight,
        "rank": raw.rank,
        "condition_number": raw.condition_number,
        "dropped": [_said(raw.names, column) for column in raw.dropped],
        "shared": [_said(raw.names, column) for column in raw.shared],
        "leaks": found.leaks,
        "other": _pooled(found, _folder(statistics, "statistics")),
        "penalty": raw.penalty,
        "penalty_rule": raw.penalty_rule,
        "cv_error": raw.cv_error,
        "refined": raw.refined,
    }


def _stands_for(found: LinearFit) -> list[dict[str, Any]]:
    """Of each column its feature and level; of a level how many rows have it, and their weight where there are weights."""
    nothing: dict[str, Any] = {"feature": None, "level": None, "rows": None, "weight": None}
    entries = [nothing]
    weights = found.column_weights.tolist()
    for place, term in found.design.places():
        if not term.levels:
            entries.append({**nothing, "feature": term.feature})
        for index, level in enumerate(term.levels, place):
            weight = None if found.weight is None else weights[index]
            entries.append(
                {"feature": term.feature, "level": level.name, "rows": found.present[index], "weight": weight}
            )
    return entries


def _pooled(found: LinearFit, statistics: Path) -> list[dict[str, Any]]:
    """What stands in `(other)`, by feature, where it has training rows.

    Returns:
      `feature`; `rows` and their `share` of the training rows; `values`, how many texts they have; `texts`, the most frequent of
      these, `[text, rows]` each; `rarest`, the fewest rows that a level has.
    """
    entries = []
    [dataset] = _dataset(statistics, "train")
    strings = {feature.path.step[0]: feature.string_stats for feature in dataset.features}
    for place, term in found.design.places():
        other = term.place("other")
        rows = 0 if other is None else found.present[place + other]
        if not rows or term.feature not in strings:
            continue
        levels = {level.text for level in term.levels}
        ranked = [
            (bucket.label, int(bucket.sample_count))
            for bucket in strings[term.feature].rank_histogram.buckets
            if bucket.label not in levels
        ]
        counts = [found.present[place + index] for index, level in enumerate(term.levels) if level.special is None]
        entries.append(
            {
                "feature": term.feature,
                "rows": rows,
                "share": rows / max(found.fit.rows, 1),
                "values": int(strings[term.feature].unique) - sum(count > 0 for count in counts),
                "texts": [[shown(text[:MOST_CHARACTERS]), count] for text, count in ranked[:MOST_TEXTS]],
                "rarest": min((count for count in counts if count), default=None),
            }
        )
    return entries


def _said(names: list[str], column: Dropped) -> dict[str, str]:
    return {"name": names[column.column], "because": column.because}


def _number(value: Any) -> Any:
    """A number for JSON, which has neither NaN nor infinity."""
    return (float(value) if math.isfinite(value) else None) if isinstance(value, float) else value


def read_fit(outputs: Outputs) -> dict[str, Any]:
    """Trainer's `training.json`."""
    fit: dict[str, Any] = json.loads((_folder(outputs, "model_run") / TRAINING_FILE).read_text())
    return fit


def read_verdict(outputs: Outputs) -> dict[str, Any]:
    """ModelGate's `verdict.json`."""
    verdict: dict[str, Any] = json.loads((_folder(outputs, "verdict") / VERDICT_FILE).read_text())
    return verdict


def read_serving_check(outputs: Outputs) -> dict[str, Any] | None:
    """ServingCheck's `report.json`; None for a model that was refused before."""
    file = _folder(outputs, "blessing") / REPORT_FILE
    report: dict[str, Any] | None = json.loads(file.read_text()) if file.exists() else None
    return report


def read_test_metrics(outputs: Outputs) -> dict[str, dict[str, float | None]]:
    """TestEvaluation's metrics of the model on the test split, by slice."""
    metrics = candidate_metrics(str(_folder(outputs, "evaluation")))
    return {slice_name(key): plain(values) for key, values in metrics.items()}


def _records(key: str) -> Callable[[Outputs], dict[str, int]]:
    """Counts the records of each split of an `Examples` artifact."""

    def count(outputs: Outputs) -> dict[str, int]:
        rows: dict[str, int] = {}
        if key not in outputs:
            return rows
        artifact = artifact_utils.get_single_instance(outputs[key])
        for split in artifact_utils.decode_split_names(artifact.split_names):
            files = sorted(map(str, (Path(artifact.uri) / f"Split-{split}").glob("*")))
            data = tf.data.TFRecordDataset(files, compression_type="GZIP").batch(4096)
            rows[split] = int(data.reduce(0, lambda total, batch: total + tf.size(batch)))
        return rows

    return count


def _statistics(outputs: Outputs) -> dict[str, int]:
    artifact = artifact_utils.get_single_instance(outputs["statistics"])
    rows = {}
    for split in artifact_utils.decode_split_names(artifact.split_names):
        [dataset] = _dataset(Path(artifact.uri), split)
        rows[split] = int(dataset.num_examples)
    return rows


def _dataset(folder: Path, split: str) -> Sequence[Any]:
    file = folder / f"Split-{split}" / "FeatureStats.pb"
    return statistics_pb2.DatasetFeatureStatisticsList.FromString(file.read_bytes()).datasets


def _evaluated(outputs: Outputs) -> dict[str, int]:
    verdict = read_verdict(outputs)
    return {verdict["split"]: int(verdict["metrics"]["overall"]["example_count"])}


_COUNTERS: dict[str, Callable[[Outputs], dict[str, int]]] = {
    "ExampleGen": lambda outputs: dict(read_counts(outputs)["splits"]),
    "StatisticsGen": _statistics,
    "Transform": _records("transformed_examples"),
    "Gather": lambda outputs: {"train": GatheredRows.load(str(_folder(outputs, "gathered"))).rows_read},
    "Fit": lambda outputs: {"train": LinearFit.load(str(_folder(outputs, "fit"))).rows_read},
    "Trainer": lambda outputs: dict(read_fit(outputs)["rows"]),
    "ModelGate": _evaluated,
    "TestEvaluation": lambda outputs: {"test": int(read_test_metrics(outputs)["overall"]["example_count"] or 0)},
}


def count_rows(step: str, outputs: Outputs) -> dict[str, int] | None:
    """Rows that a step wrote or read, by split; None for a step that handles no rows. ModelGate's are the Evaluator's."""
    counter = _COUNTERS.get(step)
    return counter(outputs) if counter else None
