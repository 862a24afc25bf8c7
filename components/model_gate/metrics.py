"""The metrics of all families for TFMA, worked out over arrays of rows instead of row by row."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import apache_beam as beam
from tensorflow_model_analysis import metrics as tfma_metrics

from components.internals import tfma as tfma_internals
from components.linear_model.families import Family, named
from components.model_gate import histogram, sums
from components.model_gate.formulas import FORMULAS
from components.model_gate.histogram import Area, Histogram, auc, auc_precision_recall, tenths
from components.model_gate.measured import ROWS, STANDARD_ERROR, TABLES
from components.model_gate.sums import Sums
from components.model_gate.tables import Confusion, Tables, Tenth

AREAS = {"auc": auc, "auc_precision_recall": auc_precision_recall}
_TOTALS = "_totals"  # TFMA keeps what begins with _ to itself


class Totals:
    """What all metrics of a family's model are computed from, over the rows that were added so far."""

    def __init__(self, family: str) -> None:
        """Of no rows; takes the text of the family, which a worker can hand on where the family itself holds functions."""
        self._text = family
        self.sums: Sums = sums.no_sums()
        self.classified = True  # whether each row has a predicted class
        self._parts: list[Histogram] = []  # merged when they have grown: each merge goes over all bins

    @property
    def _family(self) -> Family:
        return named(self._text)

    def add(self, label: Any, prediction: Any, weight: Any) -> None:
        """Adds rows, as `sums.rows_of` takes them."""
        rows, family = sums.rows_of(label, prediction, weight), self._family
        self.sums = sums.merge(family, self.sums, sums.sums_of(family, rows))
        self.classified &= rows.predicted is not None
        if family.tables:
            self._append([histogram.histogram(rows.label, rows.prediction, rows.weight, family.classes)])

    def merge(self, other: Totals) -> None:
        """Adds the rows of another one of the same family."""
        self.sums = sums.merge(self._family, self.sums, other.sums)
        self.classified &= other.classified
        self._append(other._parts)

    def _append(self, parts: list[Histogram]) -> None:
        self._parts += parts
        if sum(len(part.bins) for part in self._parts) > 2 * histogram.BINS:
            self._parts = [histogram.merge(self._parts)]

    def compact(self) -> Totals:
        """The same, as small as it can be."""
        self._parts = [histogram.merge(self._parts)] if self._parts else []
        return self

    @property
    def histogram(self) -> Histogram:
        """Of the predictions; of no rows for a family without tables."""
        return histogram.merge(self._parts)

    def metric(self, name: str) -> tuple[float, float]:
        """A metric of the family, and its standard error; NaN for what can't be told."""
        if name == ROWS:
            return self.sums.rows, math.nan
        [formula] = [metric.formula or metric.name for metric in self._family.metrics if metric.name == name]
        if formula in AREAS:
            found: Area = AREAS[formula](self.histogram)
            return found.value, found.error
        if FORMULAS[formula].of_classes and not self.classified:
            return math.nan, math.nan
        return FORMULAS[formula](self.sums)

    def tables(self) -> Tables:
        """The confusion matrix, for classes, and the tenths."""
        found = self.histogram
        by_tenths = [Tenth(rows=round(rows), mean_prediction=p, mean_label=y) for rows, p, y in tenths(found)]
        if not self._family.classes:
            return Tables(tenths=by_tenths)
        confusion = self._confusion() if self.classified else None
        brackets = {name: area(found).bracket for name, area in AREAS.items()}
        return Tables(
            tenths=by_tenths,
            confusion=confusion,
            brackets={name: value if math.isfinite(value) else None for name, value in brackets.items()},
        )

    def _confusion(self) -> Confusion:
        totals = dict(zip(sums.MEASURES, self.sums.totals.tolist(), strict=True))
        cells = {name: totals[name] for name in ("true_positive", "false_positive", "false_negative")}
        return Confusion(**cells, true_negative=max(self.sums.weight - sum(cells.values()), 0.0))


class _Combine(beam.CombineFn):
    def __init__(self, key: tfma_metrics.MetricKey, family: str, eval_config: Any, example_weighted: bool) -> None:
        self._key = key
        self._family = family
        self._eval_config = eval_config
        self._example_weighted = example_weighted

    def create_accumulator(self) -> Totals:
        return Totals(self._family)

    def add_input(self, accumulator: Totals, element: tfma_metrics.StandardMetricInputs) -> Totals:
        for label, prediction, weight in tfma_metrics.to_label_prediction_example_weight(
            element,
            eval_config=self._eval_config,
            model_name=self._key.model_name,
            output_name=self._key.output_name,
            example_weighted=self._example_weighted,
            flatten=False,
        ):
            accumulator.add(label, prediction, weight)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Totals]) -> Totals:
        total = self.create_accumulator()
        for accumulator in accumulators:
            total.merge(accumulator)
        return total

    def compact(self, accumulator: Totals) -> Totals:
        return accumulator.compact()

    def extract_output(self, accumulator: Totals) -> dict[tfma_metrics.MetricKey, Totals]:
        return {self._key: accumulator.compact()}


def _computations(
    name: str,
    family: str,
    eval_config: Any = None,
    model_name: str = "",
    output_name: str = "",
    example_weighted: bool = False,
    **_: Any,
) -> list[Any]:
    """The totals, which TFMA computes once for all metrics that name the same ones, and the metric that is derived from them."""

    def key_of(its: str) -> tfma_metrics.MetricKey:
        return tfma_metrics.MetricKey(
            name=its, model_name=model_name, output_name=output_name, example_weighted=example_weighted
        )

    totals, key = key_of(_TOTALS), key_of(name)

    def result(found: dict[tfma_metrics.MetricKey, Totals]) -> dict[tfma_metrics.MetricKey, Any]:
        if name == TABLES:
            return {key: found[totals].tables().model_dump_json()}
        value, error = found[totals].metric(name.removesuffix(STANDARD_ERROR))
        return {key: error if name.endswith(STANDARD_ERROR) else value}

    return [
        tfma_metrics.MetricComputation(
            keys=[totals], preprocessors=None, combiner=_Combine(totals, family, eval_config, example_weighted)
        ),
        tfma_metrics.DerivedMetricComputation(keys=[key], result=result),
    ]


class FamilyMetric(tfma_metrics.Metric):
    """A metric of a family, its standard error, or another of `measured`, by its name.

    An extract may hold one row, or arrays of rows (`extractors`).
    """

    def __init__(self, name: str, family: str, code: str = "") -> None:
        """`family` is its text. `code` is the fingerprint of our sources: in the EvalConfig, it shows TFX's cache that they
        changed.
        """
        del code
        super().__init__(tfma_metrics.merge_per_key_computations(_computations), name=name, family=family)


tfma_internals.register(FamilyMetric)
