"""How large the records are that an engine has to sort and send. Run: make bench-records [ROOT=runs]

Of a root with a finished run: a batch of its training rows as it is read, what StatisticsGen gathers of all of them, and what
Gather does, as Beam would pickle them. An engine's sort buffer has to hold each (docs/engines.md).
"""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path

import tfx.components  # noqa: F401 (first: it prepares the modules that TFDV imports)

import tensorflow as tf  # isort: skip
from tensorflow_data_validation.statistics import stats_impl, stats_options  # isort: skip

from components.example_columns import BATCH_ROWS
from components.gather.beam_pass import FactorRows
from components.gather.design_rows import DesignRows
from components.gather.memory import PARTS
from components.gather.shards import read, shards
from components.internals.tfx_bsl import ExampleDecoder
from components.linear_model.gathered import GatheredRows


def newest(root: Path, pattern: str) -> Path:
    """The newest folder of a pattern."""
    return max(root.glob(pattern), key=lambda path: path.stat().st_mtime)


def size(record: object) -> str:
    """Of a record, pickled."""
    return f"{len(pickle.dumps(record)) / 2**20:.2f} MiB"


def main() -> None:
    """Prints the sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path("runs"))
    root = parser.parse_args().root
    examples = newest(root, "pipelines/*/ExampleGen/examples/*") / "Split-train"
    options = stats_options.StatsOptions()
    combiners = [
        generator
        for generator in stats_impl.get_generators(options)
        if isinstance(generator, stats_impl.stats_generator.CombinerStatsGenerator)
    ]
    statistics = stats_impl._CombinerStatsGeneratorsCombineFn(combiners)
    statistics.setup()
    of_files = []
    decoder, rows, batch = ExampleDecoder(None, None), 0, None
    for file in sorted(map(str, examples.glob("*.gz"))):
        gathered_of_statistics = statistics.create_accumulator()
        for records in tf.data.TFRecordDataset(file, "GZIP").batch(BATCH_ROWS).as_numpy_iterator():
            found = decoder.decode(records)
            rows += found.num_rows
            batch = found if batch is None or found.num_rows > batch.num_rows else batch
            gathered_of_statistics = statistics.add_input(gathered_of_statistics, found)
        of_files.append(statistics.compact(gathered_of_statistics))
    if batch is None:
        raise SystemExit(f"{examples}: no rows")
    print(f"a batch of {batch.num_rows:,} rows and {batch.num_columns} columns: {size(batch)}")  # noqa: T201
    largest = max(of_files, key=lambda found: len(pickle.dumps(found)))
    print(f"StatisticsGen's of a file: {size(largest)}")  # noqa: T201
    print(f"of {rows:,} rows: {size(statistics.compact(statistics.merge_accumulators(of_files)))}")  # noqa: T201
    folder = str(newest(root, "pipelines/*/Gather/gathered/*"))
    gathered = GatheredRows.load(folder)
    combine = FactorRows(DesignRows(gathered.design, gathered.grouped, PARTS))
    factors = combine.create_accumulator()
    for shard in shards(folder):
        for each in read(shard):
            factors = combine.add_input(factors, each)
    width = gathered.design.width + 2
    named = f"8·{PARTS}·{width}² bytes are {8 * PARTS * width**2 / 2**20:.2f} MiB"
    print(f"Gather's of {width - 2:,} columns: {size(factors)}; {named}")  # noqa: T201


if __name__ == "__main__":
    main()
