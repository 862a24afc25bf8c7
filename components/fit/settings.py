"""What `model:` of the configuration may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, TypeAdapter, field_validator

from components.section import Section


class Exact(Section):
    """`solver: exact`: ordinary least squares (`l2: 0`), or ridge regression.

    `l2` is λ of λ·‖β‖² on the transformed columns, the intercept not among them; one level of each feature, the most frequent, is
    left out first, so that the others shrink towards it. `auto` takes the λ with the least error in `folds`-fold cross-validation
    if it lowers that of ordinary least squares by more than one standard error of the difference, otherwise 0. `collinear` says
    what becomes of a column that others give: without a penalty it is dropped, with one kept; `error` ends the run. `refine: null`
    lets the condition number decide on further passes.
    """

    solver: Literal["exact"] = "exact"
    l2: float | Literal["auto"] = 0.0
    folds: int = Field(default=5, ge=2, le=100)
    collinear: Literal["drop", "error"] = "drop"
    refine: bool | None = None

    @field_validator("l2", mode="before")
    @classmethod
    def _penalty(cls, value: Any) -> Any:
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf")
        if not number and value != "auto":
            raise ValueError("must be 'auto' or a finite number of at least 0")
        return value


class Sgd(Section):
    """`solver: sgd`: gradient descent on the mean squared error, from zero.

    `batch_size: null` is the whole training split in every step. `trace_every` is in steps.
    """

    solver: Literal["sgd"] = "sgd"
    learning_rate: float = Field(default=0.01, gt=0, allow_inf_nan=False)
    steps: int = Field(default=1000, ge=1)
    batch_size: int | None = Field(default=None, ge=1)
    trace_every: int = Field(default=100, ge=1)
    seed: int = 0


def _solver(value: Any) -> Any:
    return value.get("solver") if isinstance(value, dict) else getattr(value, "solver", None)


def _default_solver(value: Any) -> Any:
    return {"solver": "exact", **value} if isinstance(value, dict) else value


Solver = Annotated[
    Annotated[Exact, Tag("exact")] | Annotated[Sgd, Tag("sgd")],
    Discriminator(
        _solver,
        custom_error_type="solver",
        custom_error_message="solver must be 'exact' or 'sgd'",
    ),
    BeforeValidator(_default_solver),
]

_SOLVER: TypeAdapter[Exact | Sgd] = TypeAdapter(Solver)


def model_from_json(value: dict[str, Any]) -> Exact | Sgd:
    """The settings, from the plain JSON that travels to the steps."""
    return _SOLVER.validate_python(value)
