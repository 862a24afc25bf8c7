"""Gather's work: a pass over the raw rows (`beam_pass`)."""

from __future__ import annotations

import os
from typing import Any

import tensorflow_transform as tft
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils, json_utils

from components.gather import shards
from components.gather.beam_pass import FactorRows, GatherBatches, RowSource, combined
from components.gather.design_rows import DesignRows
from components.gather.memory import PARTS, check_memory
from components.ingest.counts import COUNTS_FILE, WAY_OUT, Counts
from components.linear_model.absorbed_factor import absorbed_levels
from components.linear_model.factor_kinds import from_arrays
from components.linear_model.families import named
from components.linear_model.gathered import GatheredRows
from components.preprocessing.features import features_from_json
from components.preprocessing.transform_graph import design_matrix_of
from components.table.added_columns import GROUP_COLUMN


class Executor(BaseBeamExecutor):
    """Writes `GatheredRows`."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Gathers the training split.

        Raises:
          ConfigError: the design matrix needs more memory than there is.
          DataError: a file holds no tf.Examples of the features, or a value is not finite.
        """
        config = json_utils.loads(exec_properties["settings"])
        graph = artifact_utils.get_single_uri(input_dict["transform_graph"])
        design = design_matrix_of(tft.TFTransformOutput(graph), features_from_json(config["features"]))
        levels = absorbed_levels(design, named(config["family"]))
        check_memory({name: len(places) for name, places in design.by_feature().items()}, named(config["family"]))
        grouped = GROUP_COLUMN in config["added"]
        rows = DesignRows(design, grouped, PARTS, levels)
        uri = artifact_utils.get_single_uri(output_dict["gathered"])
        folder = os.path.join(uri, shards.ROWS)
        fileio.makedirs(folder)
        uris = artifact_utils.get_split_uris(input_dict["examples"], "train")
        source = RowSource(
            transform_graph=graph,
            features=config["features"],
            keys=tuple(term.key for term in design.terms),
            numbers=frozenset(term.key for term in design.terms if not term.levels),
            label=config["label"],
            weight=config["weight"],
            family=config["family"],
            added=tuple(config["added"]),
            slices=tuple(config.get("slices", [])),
            folder=folder,
            files=tuple(sorted(file for uri in uris for file in fileio.glob(io_utils.all_files_pattern(uri)))),
        )
        found = combined(self._make_beam_pipeline(), GatherBatches(source), FactorRows(rows), uri)
        shards.remove_attempts(folder)
        GatheredRows(
            family=config["family"],
            label=config["label"],
            weight=config["weight"],
            grouped=grouped,
            slices=list(source.slices),
            design=design,
            rows_read=int(found["read"]),
            present=[int(count) for count in found["present"]],
            parts=from_arrays(rows.names, found, levels and levels.key),
            classes=_classes(artifact_utils.get_single_uri(input_dict["examples"]))
            if named(config["family"]).classes
            else None,
        ).save(uri, fileio.open)


def _classes(examples: str) -> list[str] | None:
    """The names of the classes, which ingest saw; where another ExampleGen read the table, labels are 0 and 1."""
    path = os.path.join(examples, COUNTS_FILE)
    if not fileio.exists(path):
        return ["0", "1"]
    with fileio.open(path) as file:
        return Counts.parse(file.read(), path, WAY_OUT).classes
