"""What `model:` of the configuration may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, TypeAdapter, field_validator

from components.linear_model.families import FAMILIES, Family
from components.section import Section


class _OfFamily(Section):
    """What all solvers have in common."""

    family: str = Field(
        default="gaussian",
        description="The family of linear models: "
        + "; ".join(f"`{family.name}` ({family.title}, labels: {family.labels})" for family in FAMILIES.values())
        + ".",
        examples=["gaussian"],
        json_schema_extra={"enum": list(FAMILIES)},
    )

    @field_validator("family")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in FAMILIES:
            raise ValueError(f"unknown family. Known: {', '.join(FAMILIES)}")
        return value

    @property
    def of_family(self) -> Family:
        """The family itself."""
        return FAMILIES[self.family]


class Exact(_OfFamily):
    """Least squares, solved exactly: ordinary (`l2: 0`), or ridge regression.

    One level of each feature with levels, the most frequent, is left out first, so that a penalty shrinks the others towards it.
    """

    solver: Literal["exact"] = Field(default="exact", description="How the coefficients are found.", examples=["exact"])
    l2: Annotated[float, Field(ge=0)] | Literal["auto"] = Field(
        default=0.0,
        description="The penalty λ of λ·‖β‖² on the transformed columns, the intercept not among them. `auto` takes the λ with the "
        "least cross-validated error if that is lower than that of ordinary least squares by more than one standard error of the "
        "difference, otherwise 0.",
        examples=["auto"],
        json_schema_extra={"x-unit": "rows, of z-scores"},
    )
    folds: int = Field(
        default=5,
        ge=2,
        le=100,
        description="Parts of the training split that the cross-validation holds out in turn.",
        examples=[10],
        json_schema_extra={"x-unit": "folds"},
    )
    collinear: Literal["drop", "error"] = Field(
        default="drop",
        description="What becomes of a column that others give: `drop` leaves it out (with a penalty it is kept), `error` ends "
        "the run.",
        examples=["error"],
    )
    refine: bool | None = Field(
        default=None,
        description="Whether further passes over the rows refine the coefficients; `null` lets the condition number decide.",
        examples=[True],
    )

    @field_validator("l2", mode="before")
    @classmethod
    def _penalty(cls, value: Any) -> Any:
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf")
        if not number and value != "auto":
            raise ValueError("must be 'auto' or a finite number of at least 0")
        return value


class Sgd(_OfFamily):
    """Gradient descent on the family's loss (for least squares the mean squared error, not half of it), from zero."""

    solver: Literal["sgd"] = Field(default="sgd", description="How the coefficients are found.", examples=["sgd"])
    learning_rate: float = Field(
        default=0.01,
        gt=0,
        allow_inf_nan=False,
        description="What the gradient is multiplied by in each step.",
        examples=[0.001],
    )
    steps: int = Field(
        default=1000,
        ge=1,
        description="How many steps of descent are made.",
        examples=[35000],
        json_schema_extra={"x-unit": "steps"},
    )
    batch_size: int | None = Field(
        default=None,
        ge=1,
        description="Rows of a step; `null` is the whole training split in every step.",
        examples=[256],
        json_schema_extra={"x-unit": "rows"},
    )
    trace_every: int = Field(
        default=100,
        ge=1,
        description="After how many steps the loss is kept and printed.",
        examples=[500],
        json_schema_extra={"x-unit": "steps"},
    )
    seed: int = Field(default=0, description="Another one draws other batches.", examples=[7])


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
    BeforeValidator(_default_solver, json_schema_input_type=Exact | Sgd),
]

_SOLVER: TypeAdapter[Exact | Sgd] = TypeAdapter(Solver)


def model_from_json(value: dict[str, Any]) -> Exact | Sgd:
    """The settings, from the plain JSON that travels to the steps."""
    return _SOLVER.validate_python(value)
