"""Passes on Beam, in which what workers collected is written and read between stages, against the same pass in memory."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

ROWS, SHARDS, FOLDS = 3_000, 3, 4


@pytest.mark.parametrize("family", ["binomial", "binomial(link=cloglog)", "poisson", "gamma", "tweedie(power=1.5)"])
def test_a_newton_pass_over_several_shards_is_that_over_all_rows(family, tmp_path):
    import apache_beam as beam
    import pyarrow as pa
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner

    from components.fit.beam_pass import CollectRows, ReadShards
    from components.gather import shards
    from components.gather.beam_pass import combined
    from components.gather.design_rows import DesignRows
    from components.linear_model.blocks import Block
    from components.linear_model.design_matrix import DesignMatrix, Term
    from components.linear_model.newton_pass import At, NewtonPass
    from components.table.row_identity import folds

    generator = np.random.default_rng(5)
    x, label = generator.normal(size=(ROWS, 2)), generator.integers(0, 2, ROWS).astype(float)
    if family == "gamma":
        label += 1.0
    (tmp_path / shards.ROWS).mkdir()
    for shard in range(SHARDS):
        rows = slice(shard, None, SHARDS)
        columns = {"term_0": x[rows, 0], "term_1": x[rows, 1], "label": label[rows], "row": np.arange(ROWS)[rows]}
        batch = pa.RecordBatch.from_pydict(columns)
        list(shards.keep(iter([batch]), str(tmp_path / shards.ROWS), shard, SHARDS, "once"))
    design = DesignRows(DesignMatrix((Term("a", "a"), Term("b", "b"))), False, FOLDS)
    at = At(family, np.array([-0.5, 0.2, 0.1]), np.array([0.1, 0.0, -0.1]), -0.4, folds=FOLDS)
    make = functools.partial(NewtonPass, at)
    source = ReadShards(shards.shards(str(tmp_path)))
    arrays = combined(beam.Pipeline(runner=FnApiRunner()), source, CollectRows(design, [0, 1, 2], make), str(tmp_path))
    ones, numbers = np.ones(ROWS), np.arange(ROWS)
    fold = folds(numbers, FOLDS)
    block = Block(np.column_stack([ones, x]), label, ones, ones * 0, fold, numbers.astype(np.uint64))
    alone = dataclasses.replace(at, folds=1)
    expected, found = NewtonPass(alone).add(block), make().load(arrays)

    def same(mine, its):
        assert mine.T @ mine == pytest.approx(its.T @ its, rel=1e-12, abs=1e-9)

    same(found.factor(), expected.factor())
    same(found.expected, expected.expected)
    for index, factor in enumerate(found.factors):
        same(factor, NewtonPass(alone).add(block.take(fold == index)).factor())
    for name in ("deviances", "sums", "null"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-12)
    assert (found.margin, found.reach) == pytest.approx((expected.margin, expected.reach), rel=1e-12)
