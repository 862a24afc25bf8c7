"""What `model:` of the configuration may say."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.settings import Settings


class Sgd(Settings):
    """`solver: sgd`: gradient descent on the mean squared error, from zero.

    `batch_size: null` is the whole training split in every step. `trace_every` is in steps.
    """

    solver: Literal["sgd"] = "sgd"
    learning_rate: float = Field(default=0.01, gt=0, allow_inf_nan=False)
    steps: int = Field(default=1000, ge=1)
    batch_size: int | None = Field(default=None, ge=1)
    trace_every: int = Field(default=100, ge=1)
    seed: int = 0
