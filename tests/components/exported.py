"""Models fitted and exported in this process, as the Trainer does it, without a pipeline around them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.linear_model.portable import MODEL_FILE, PortableModel

Columns = Mapping[str, Sequence[Any]]
"""Raw values by column, [n] each."""


def export_fit(
    columns: Columns, labels: Any, features: Mapping[str, Any], folder: Path, family: str = "gaussian", **changed: Any
) -> PortableModel:
    """Fits the family to rows, and writes the SavedModel and model.json.

    Args:
      columns: what `features` name.
      labels: [n].
      features: kinds by column, in order; an offset among them.
      folder: gets Transform's output (`transform/`) and the model (`model/`).
      family: its text.
      changed: attributes of the model other than the fit's: `classes`, `threshold`.
    """
    from components.linear_model import array_functions
    from components.linear_model.arrays import Rows
    from components.linear_model.factors import TriangularFactor
    from components.linear_model.families import named
    from components.linear_model.likelihood import Likelihood
    from components.linear_model.linear_fit import LinearFit
    from components.linear_model.portable import portable_model
    from components.linear_model.retransformation import in_units
    from components.linear_model.solve import Problem, Settings
    from components.preprocessing.features import features_to_json
    from components.preprocessing.transform_graph import design_matrix_of, learned_of
    from components.trainer.model import build_model, put_weights
    from components.trainer.signatures import export
    from components.values.names import INTERCEPT
    from components.values.texts import MISSING_TOKENS
    from tests.components.transform import analyse, sparse_columns

    table = {**columns, "y": np.asarray(labels, float).tolist()}
    rows = [dict(zip(table, map(_cell, row), strict=True)) for row in zip(*table.values(), strict=True)]
    (folder / "transform").mkdir(parents=True)
    transform = analyse(rows, dict(features), "y", folder / "transform")
    design = design_matrix_of(transform, features)
    found = transform.transform_features_layer()(sparse_columns(rows))
    transformed = {name: value.numpy() for name, value in found.items()}
    x = np.column_stack([np.ones(len(rows)), design.dense(transformed)])
    y = named(family).fitted_label(transformed["y"].astype(np.float64), array_functions)
    offset = x[:, design.offsets].sum(axis=1)
    squares = named(family).solver == "factors"
    factor = TriangularFactor([INTERCEPT, *design.column_names], intercept=True).add(x, y - offset if squares else y)
    references = {term.feature: place for place, term in design.places() if term.levels}
    settings = Settings(references={*references.values(), *design.offsets}, tolerance=1e-6)
    in_memory = Rows(x, y, np.ones(len(y)), offset, np.zeros(len(y), np.int64), len(y))
    units = None
    if squares:
        problem = Problem([factor], settings)
        fit: Any = problem.fit()
        if named(family).transform is not None:
            units = in_units(family, fit.coefficients[problem.columns], None, in_memory.passes(problem.columns))
    else:
        fit = Likelihood(family, [factor], settings, in_memory.passes).fit
    fit.coefficients[design.offsets] = 1.0
    classes: dict[str, Any] = {"classes": ["0", "1"], "threshold": 0.5} if named(family).classes else {}
    squared = np.array([factor.square()])
    fitted = LinearFit(
        family, "y", None, design, references, len(rows), [], fit, [len(rows)], squared, **classes, in_units=units
    )
    missing = [token for token in MISSING_TOKENS if token]
    portable = dataclasses.replace(
        portable_model(
            fitted,
            features_to_json(features),
            learned_of(transform, features),
            fit.coefficients,
            0.95,
            "exact",
            missing,
        ),
        **changed,
    )
    model = build_model(design)
    put_weights(model, fit.coefficients, design)
    export(model, transform, portable, str(folder / "model"))
    (folder / "model" / MODEL_FILE).write_text(portable.to_text())
    return portable


def complete(folder: Path, portable: PortableModel, name: str) -> None:
    """Puts warm-up requests and a manifest beside an exported model, as ServingCheck does."""
    import tensorflow as tf

    from components.publishing.manifest import write_manifest
    from components.serving_check.made_rows import made_examples, made_rows
    from components.serving_check.requests import WARM_UP_FILE, warm_up

    rows = made_rows(portable)
    path = folder / WARM_UP_FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for log in warm_up(name, rows, made_examples(rows, portable, {}), portable):
            writer.write(log.SerializeToString(deterministic=True))
    write_manifest(folder, {"name": name})


def _cell(value: Any) -> list[Any]:
    return [value.encode() if isinstance(value, str) else value]


def example(row: Mapping[str, Any]) -> bytes:
    """A row as a serialised tf.Example; None is a missing value."""
    import tensorflow as tf

    found = tf.train.Example()
    for name, value in row.items():
        feature = found.features.feature[name]
        if isinstance(value, str):
            feature.bytes_list.value.append(value.encode())
        elif isinstance(value, int):
            feature.int64_list.value.append(value)
        elif value is not None:
            feature.float_list.value.append(value)
    return found.SerializeToString()


def tips(rows: int, seed: int = 3) -> tuple[dict[str, list[Any]], NDArray[Any]]:
    """Trips, and whether they are tipped: one in six, more so of long trips and in city `a`; never known of city `d`."""
    generator = np.random.default_rng(seed)
    miles = generator.exponential(4.0, rows).astype(np.float32)
    city = generator.choice(["a", "b", "c"], rows, p=[0.3, 0.5, 0.2])
    eta = -2.8 + 0.3 * miles + np.select([city == "a", city == "b"], [0.9, 0.0], -0.7)
    return {"miles": miles.tolist(), "city": city.tolist()}, (generator.random(rows) < 1 / (1 + np.exp(-eta))).astype(
        float
    )


def prices(rows: int, seed: int = 6) -> tuple[dict[str, list[Any]], NDArray[Any]]:
    """Stones, and their prices: the logarithm is linear in the carats."""
    generator = np.random.default_rng(seed)
    carat = generator.uniform(0.2, 3.0, rows).astype(np.float32)
    cut = generator.choice(["fair", "good"], rows)
    log = 6.0 + 0.9 * carat + 0.2 * (cut == "good") + generator.normal(0, 0.4, rows)
    return {"carat": carat.tolist(), "cut": cut.tolist()}, np.exp(log).round(2)


def visits(rows: int, seed: int = 4) -> tuple[dict[str, list[Any]], NDArray[Any]]:
    """People, the years that each was observed, and how often each saw a doctor."""
    generator = np.random.default_rng(seed)
    age = generator.uniform(20, 80, rows).astype(np.float32)
    years = generator.uniform(0.25, 4, rows).astype(np.float32)
    insured = generator.choice(["true", "false"], rows)
    rate = np.exp(-1.0 + 0.02 * age + 0.4 * (insured == "true"))
    columns = {"age": age.tolist(), "insured": insured.tolist(), "years": years.tolist()}
    return columns, generator.poisson(rate * years).astype(float)
