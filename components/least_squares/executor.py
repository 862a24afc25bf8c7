"""LeastSquares' work: one Beam pass over the transformed rows. A few small matrices come out; the rest is computed from them."""

from __future__ import annotations

import dataclasses
import io
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import tensorflow_transform as tft
from numpy.typing import NDArray
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils, json_utils
from tfx_bsl.public.tfxio import RecordBatchesOptions, TFExampleRecord

from components.errors import DataError
from components.least_squares.linear_fit import LinearFit
from components.least_squares.refinement import PASSES, ResidualPass, Solution, improve
from components.least_squares.ridge import fold_of_rows
from components.least_squares.solve import INTERCEPT, Problem, Settings
from components.least_squares.tsqr import TriangularFactor, from_arrays, to_arrays
from components.preprocessing.design_matrix import DesignMatrix, Term
from components.preprocessing.features import features_from_json
from components.preprocessing.transform_graph import design_matrix_of
from components.trainer.settings import Exact, model_from_json

BATCH_ROWS = 8192
# A tf.Example holds 32-bit floats, so that what is collinear in the table is so to about 7 digits in the transformed rows.
TOLERANCE = 1e-6

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Rows:
    """How a batch of transformed rows becomes a design matrix. Travels to Beam's workers.

    Attributes:
      design: the columns, all levels among them.
      label, weight: names of transformed columns.
      folds: of cross-validation.
    """

    design: DesignMatrix
    label: str
    weight: str | None
    folds: int

    @property
    def names(self) -> list[str]:
        """Names of the columns, the intercept first."""
        return [INTERCEPT, *self.design.column_names]

    def matrices(self, batch: pa.RecordBatch) -> tuple[Array, Array, Array | None, NDArray[np.int64]]:
        """The design matrix [n, 1 + p] with the intercept's ones, the label [n], the weights [n] or None, the folds [n].

        Raises:
          DataError: a column does not have one value in every row.
        """
        terms = [term.key for term in self.design.terms]
        columns = {name: self._column(batch, name) for name in (*terms, self.label)}
        dense = self.design.dense({name: columns[name] for name in terms})
        label = columns[self.label].astype(np.float64)
        weight = None if self.weight is None else self._column(batch, self.weight).astype(np.float64)
        fold = fold_of_rows(np.column_stack([columns[name] for name in terms]), label, self.folds)
        return np.column_stack([np.ones(len(label)), dense]), label, weight, fold

    def _column(self, batch: pa.RecordBatch, name: str) -> NDArray[Any]:
        values = batch.column(batch.schema.get_field_index(name)).flatten().to_numpy(zero_copy_only=False)
        if len(values) != batch.num_rows:
            raise DataError(
                f"transformed column {name!r}: expected one value in each of {batch.num_rows} rows; received {len(values)}."
            )
        return np.asarray(values)


@beam.ptransform_fn
def ReadBatches(pipeline: beam.Pipeline, files: list[str], schema: Any) -> beam.PCollection[pa.RecordBatch]:
    """Files of tf.Examples to Arrow batches, a file a worker at a time.

    TFXIO's own Beam source makes an element of every record before it batches them; its iterator does not.
    """
    return pipeline | beam.Create(files) | beam.Reshuffle() | beam.ParDo(_ReadFile(schema))


class _ReadFile(beam.DoFn):
    def __init__(self, schema: Any) -> None:
        self._schema = schema

    def process(self, element: str) -> Iterator[pa.RecordBatch]:
        source = TFExampleRecord(element, schema=self._schema, telemetry_descriptors=["LeastSquares"])
        yield from source.RecordBatches(RecordBatchesOptions(batch_size=BATCH_ROWS, num_epochs=1, shuffle=False))


class FactorRows(beam.CombineFn):
    """Batches to one triangular factor a fold, and the number of rows read."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def create_accumulator(self) -> tuple[int, list[TriangularFactor]]:
        """No rows."""
        return 0, [TriangularFactor(self._rows.names, intercept=True) for _ in range(self._rows.folds)]

    def add_input(
        self, accumulator: tuple[int, list[TriangularFactor]], batch: pa.RecordBatch
    ) -> tuple[int, list[TriangularFactor]]:
        """Adds a batch."""
        count, factors = accumulator
        x, y, weight, fold = self._rows.matrices(batch)
        for index, factor in enumerate(factors):
            mine = fold == index
            factor.add(x[mine], y[mine], None if weight is None else weight[mine])
        return count + len(y), factors

    def merge_accumulators(
        self, accumulators: Iterable[tuple[int, list[TriangularFactor]]]
    ) -> tuple[int, list[TriangularFactor]]:
        """Merges fold by fold."""
        count, factors = self.create_accumulator()
        for other_count, others in accumulators:
            count += other_count
            for factor, other in zip(factors, others, strict=True):
                factor.merge(other)
        return count, factors

    def extract_output(self, accumulator: tuple[int, list[TriangularFactor]]) -> dict[str, Array]:
        """Plain arrays: `read` [], and what `to_arrays` gives of the folds."""
        count, factors = accumulator
        return {"read": np.array(count), **to_arrays(factors)}


class RefineRows(beam.CombineFn):
    """Batches to what one pass of refinement gathers."""

    def __init__(self, rows: Rows, solution: Solution, columns: list[int]) -> None:
        self._rows = rows
        self._solution = solution
        self._columns = columns

    def create_accumulator(self) -> ResidualPass:
        """No rows."""
        return ResidualPass(self._solution)

    def add_input(self, accumulator: ResidualPass, batch: pa.RecordBatch) -> ResidualPass:
        """Adds a batch."""
        x, y, weight, _ = self._rows.matrices(batch)
        return accumulator.add(x[:, self._columns], y, weight)

    def merge_accumulators(self, accumulators: Iterable[ResidualPass]) -> ResidualPass:
        """Merges."""
        total = self.create_accumulator()
        for accumulator in accumulators:
            total.merge(accumulator)
        return total

    def extract_output(self, accumulator: ResidualPass) -> dict[str, Array]:
        """Plain arrays."""
        return {
            "gradient": np.array(accumulator.gradient),
            "sum_of_squares": np.array(accumulator.sum_of_squares),
            "correction": accumulator.correction.factor,
        }


def write_arrays(arrays: dict[str, Array], path: str) -> None:
    """Writes arrays as one .npz file, on any file system that TFX knows."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    with fileio.open(path, "wb") as file:
        file.write(buffer.getvalue())


class Executor(BaseBeamExecutor):
    """Writes the `LinearFit`."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Fits the training split.

        Raises:
          DataError: the rows can't be fitted (see `Problem`); the text names the columns.
        """
        config = json_utils.loads(exec_properties["settings"])
        model = model_from_json(config["model"])
        exact = model if isinstance(model, Exact) else Exact()
        transform = tft.TFTransformOutput(artifact_utils.get_single_uri(input_dict["transform_graph"]))
        design = design_matrix_of(transform, features_from_json(config["features"]))
        rows = Rows(design, config["label"], config["weight"], exact.folds)
        uri = artifact_utils.get_single_uri(output_dict["fit"])
        work = os.path.join(uri, "tmp.npz")

        def one_pass(combine: beam.CombineFn) -> dict[str, Array]:
            with self._make_beam_pipeline() as pipeline:
                _ = (
                    pipeline
                    | "Read" >> self._source(input_dict, transform)
                    | "Combine" >> beam.CombineGlobally(combine)
                    | "Write" >> beam.Map(write_arrays, work)
                )
            with fileio.open(work, "rb") as file:
                arrays = dict(np.load(io.BytesIO(file.read()), allow_pickle=False))
            fileio.remove(work)
            return arrays

        found = one_pass(FactorRows(rows))
        factors = from_arrays(rows.names, found)
        level_rows = _level_rows(factors, design)
        references = {term.feature: _reference(term, level_rows) for term in design.terms if term.levels}
        problem = Problem(
            factors,
            Settings(
                l2=exact.l2,
                collinear=exact.collinear,
                tolerance=TOLERANCE,
                references={f"{feature}[{level}]" for feature, level in references.items()},
                may_be_empty={
                    name
                    for term in design.terms
                    if term.levels or term.key != term.feature
                    for name in term.column_names
                },
            ),
        )
        refine = problem.wants_refinement() if exact.refine is None else exact.refine and exact.l2 == 0
        solution, passes = problem.solution() if refine else None, 0
        if solution is not None:
            passes = _refine(solution, lambda now: one_pass(RefineRows(rows, now, problem.columns)))
        LinearFit(
            label=rows.label,
            weight=rows.weight,
            design=design,
            references=references,
            rows_read=int(found["read"]),
            level_rows=level_rows,
            fit=problem.fit(solution, passes),
            fold_rows=[factor.rows for factor in factors],
            factors=np.array([factor.square() for factor in factors]),
        ).save(uri, fileio.open)

    def _source(self, input_dict: dict[str, Any], transform: tft.TFTransformOutput) -> beam.PTransform:
        """The transformed training split, as Arrow batches."""
        uris = artifact_utils.get_split_uris(input_dict["examples"], "train")
        files = sorted(file for uri in uris for file in fileio.glob(io_utils.all_files_pattern(uri)))
        return ReadBatches(files, transform.transformed_metadata.schema)


def _refine(solution: Solution, one_pass: Callable[[Solution], dict[str, Array]]) -> int:
    """Passes over the rows until the solution settles. Returns how many."""
    for done in range(1, PASSES + 1):
        arrays = one_pass(solution)
        gathered = ResidualPass(solution)
        gathered.gradient = arrays["gradient"][0], arrays["gradient"][1]
        gathered.sum_of_squares = arrays["sum_of_squares"][0], arrays["sum_of_squares"][1]
        gathered.correction.factor = arrays["correction"]
        if improve(solution, gathered):
            return done
    return PASSES


def _level_rows(factors: list[TriangularFactor], design: DesignMatrix) -> dict[str, float]:
    """Weight of the rows of each level: a 0/1 column's scalar product with the intercept's ones, from the factors."""
    names = [INTERCEPT, *design.column_names]
    sums = sum(factor.square()[:, 0] @ factor.square() for factor in factors)
    by_name = dict(zip(names, np.asarray(sums), strict=False))
    return {
        name: float(np.round(by_name[name], 6)) for term in design.terms if term.levels for name in term.column_names
    }


def _reference(term: Term, level_rows: dict[str, float]) -> str:
    """The most frequent level; of equals, the first."""
    return max(term.levels, key=lambda level: level_rows[f"{term.feature}[{level}]"])
