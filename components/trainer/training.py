"""training.json: what the Trainer did, beside TensorBoard's logs in its `ModelRun`."""

from __future__ import annotations

import dataclasses
import json

TRAINING_FILE = "training.json"
FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Training:
    """The weights of the Keras graph, and how they came about.

    Attributes:
      label: its name.
      solver: `exact` or `sgd`.
      rows: by split, how many were fitted.
      intercept: in raw units, against the reference levels.
      coefficients: the same by column.
      loss: in words.
      loss_trace: of gradient descent, `{"step", "loss"}` each; empty for the exact fit.
    """

    label: str
    solver: str
    rows: dict[str, int]
    intercept: float
    coefficients: dict[str, float]
    loss: str
    loss_trace: list[dict[str, float]]

    def to_text(self) -> str:
        """The text of training.json."""
        return json.dumps({"format": FORMAT, **dataclasses.asdict(self)}, indent=1)

    @classmethod
    def from_text(cls, text: str) -> Training:
        """Reads what `to_text` writes.

        Raises:
          ValueError: it is of another format.
        """
        value = json.loads(text)
        if value.pop("format", None) != FORMAT:
            raise ValueError(f"expected a {TRAINING_FILE} of format {FORMAT}. Run the step again.")
        return cls(**value)
