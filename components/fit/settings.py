"""What `model:` of the configuration may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Discriminator, Field, Tag, TypeAdapter, field_validator, model_validator

from components.fit.constraints import Constraint
from components.fit.elastic_net import ElasticNetSection
from components.linear_model.families import FAMILIES, Family, family_of
from components.section import Section
from components.values.texts import canonical_text


class Cost(Section):
    """What a wrong answer costs, in any unit. For probabilities p that are right, a row is positive from p = fp/(fp + fn) on."""

    false_positive: float = Field(
        gt=0, allow_inf_nan=False, description="Of a negative row that is called positive.", examples=[1]
    )
    false_negative: float = Field(
        gt=0, allow_inf_nan=False, description="Of a positive row that is called negative.", examples=[5]
    )


class ByCost(Section):
    """The threshold at which the expected cost is least."""

    cost: Cost = Field(description="What a wrong answer costs.", examples=[{"false_positive": 1, "false_negative": 5}])


class ByMetric(Section):
    """The threshold at which a metric is greatest on held-out folds of the training rows."""

    metric: Literal["f1", "accuracy"] = Field(description="The metric.", examples=["f1"])


class Clustered(Section):
    """Standard errors that hold where the rows of one value in a column, a customer's or a school's, are not independent.

    Liang and Zeger 1986, with the correction G/(G − 1) for G values, of least squares also (n − 1)/(n − p).
    """

    cluster: str = Field(
        min_length=1,
        description="The column whose values are the clusters. Every row needs a value there. It need not be a feature.",
        examples=["customer"],
    )


_NAMED = Literal["classical", "hc0", "hc1", "hc2", "hc3"]
Errors = Annotated[
    Annotated[_NAMED, Tag("named")] | Annotated[Clustered, Tag("clustered")],
    Discriminator(
        lambda value: (
            "clustered" if isinstance(value, (dict, Clustered)) else "named" if isinstance(value, str) else None
        ),
        custom_error_type="errors",
        custom_error_message=f"must be one of {', '.join(map(repr, get_args(_NAMED)))}, or a mapping with 'cluster', a column",
    ),
]


class OfFamily(Section):
    """What all solvers have in common."""

    family: str = Field(
        default="gaussian",
        description="The family of linear models: "
        + "; ".join(f"`{family.name}` ({family.title}, labels: {family.labels})" for family in FAMILIES.values())
        + ".",
        examples=["binomial"],
        json_schema_extra={"enum": list(FAMILIES)},
    )
    link: str | None = Field(
        default=None,
        description="What of the label's mean is linear in the columns. By default the first of the family's: "
        + "; ".join(
            f"{', '.join(f'`{link.name}`' for link in family.links)} (`{family.name}`)" for family in FAMILIES.values()
        )
        + ".",
        examples=["probit"],
    )
    power: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Of `tweedie`: the variance of a label is its mean to this power, above 1 and below 2; 1.5 by default.",
        examples=[1.6],
    )
    class_weight: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] | Literal["balanced"] | None = Field(
        default=None,
        description="Of `binomial`: what the rows of each class weigh in the fit, by class, or `balanced`: both classes weigh the "
        "same in sum. Off by default, for a weighted fit tells probabilities of a table in which the classes are as frequent as "
        "they weigh: see `calibrate`. To catch more positives, a `threshold` is the better means.",
        examples=["balanced", {"no": 1, "yes": 5}],
    )
    calibrate: bool = Field(
        default=True,
        description="Whether class weights are taken out of the served intercept again, so that probabilities are those of the "
        "table; for the link `logit`.",
        examples=[False],
    )
    threshold: Annotated[float, Field(gt=0, lt=1)] | ByCost | ByMetric = Field(
        default=0.5,
        description="Of `binomial`: the probability from which on a row is of the positive class: a number, by what wrong "
        "answers cost, or by a metric, on held-out folds of the training rows and never on the rows that judge the model.",
        examples=[{"cost": {"false_positive": 1, "false_negative": 5}}, {"metric": "f1"}],
        json_schema_extra={"x-unit": "probability"},
    )

    @field_validator("class_weight", mode="before", json_schema_input_type=dict[str | int | bool, float] | str | None)
    @classmethod
    def _as_texts(cls, value: Any) -> Any:
        """YAML reads `true`, `0` and `1` as such; classes are texts."""
        if isinstance(value, dict):
            return {canonical_text(key): weight for key, weight in value.items()}
        return value

    @field_validator("family")
    @classmethod
    def _known(cls, value: str) -> str:
        return family_of(value).name

    @model_validator(mode="after")
    def _of_the_family(self) -> Self:
        family = self.of_family  # raises for a link or a power that it has not
        if not family.classes:
            for name in ("class_weight", "threshold"):
                if getattr(self, name) != type(self).model_fields[name].default:
                    raise ValueError(f"{name}: is for families of classes; {family.name} has none. Leave it out")
        if isinstance(self.class_weight, dict) and len(self.class_weight) != 2:
            raise ValueError(f"class_weight: needs the weights of both classes; received {self.class_weight!r}")
        if self.class_weight is not None and self.calibrate and family.link.name != "logit":
            raise ValueError(
                f"calibrate: with class weights, probabilities under the link {family.link.name} can't be corrected by the "
                "intercept. Set calibrate: false, or leave class_weight or link out"
            )
        return self

    @property
    def of_family(self) -> Family:
        """The family itself, with its link and power."""
        return family_of(self.family, self.link, self.power)


class Exact(OfFamily):
    """Solved exactly: least squares or the family's maximum likelihood (`l2: 0`), or with a ridge penalty.

    One level of each feature with levels, the most frequent, is left out first, so that a penalty shrinks the others towards it.
    """

    solver: Literal["exact"] = Field(default="exact", description="How the coefficients are found.", examples=["exact"])
    l2: Annotated[float, Field(ge=0)] | Literal["auto"] = Field(
        default=0.0,
        description="The penalty λ of λ·‖β‖² on the transformed columns, the intercept not among them. `auto` takes the λ with the "
        "least cross-validated error (mean deviance) if that is lower than without a penalty by more than one standard error of "
        "the difference, otherwise 0.",
        examples=["auto"],
        json_schema_extra={"x-unit": "rows, of z-scores"},
    )
    elastic_net: ElasticNetSection | None = Field(
        default=None,
        description="Of least squares, instead of `l2`: an elastic net or a lasso, which leaves columns out.",
        examples=[{"l1_ratio": 1}],
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
    prior: Literal["log_f"] | None = Field(
        default=None,
        description="`log_f`: a log-F(1,1) prior on each coefficient but the intercept, which keeps the estimates finite where "
        "classes are separated (Greenland and Mansournia 2015); for `binomial` with the link `logit`, instead of `l2`.",
        examples=["log_f"],
    )
    constraints: dict[str, Constraint] = Field(
        default={},
        description="By feature, what its coefficient may be, as `show` prints it: `positive`, `negative` or `{min, max}` of a "
        "feature of one column (`numeric`, `integer`, `log`, `log1p`, `sqrt`, `power`, `product`; `boolean`: of true against "
        "false); `increasing` or `decreasing` of `buckets` and of `ordered` with `contrasts: steps`: its levels' coefficients in "
        "their order, the missing level apart. What is on a bound has no standard error, and the others' are conditional on that.",
        examples=[{"miles": "positive", "age": "increasing", "discount": {"min": -1.0, "max": 0.0}}],
    )
    refine: bool | None = Field(
        default=None,
        description="Of least squares: whether further passes over the rows refine the coefficients; `null` lets the condition "
        "number decide, and the size of the table.",
        examples=[True],
    )
    errors: Errors = Field(
        default="classical",
        description="What the standard errors, p and intervals rest on, served ones too: `classical`, the family's variance of a "
        "label; `hc0` to `hc3`, the residuals themselves, whatever their spread (White 1980; MacKinnon and White 1985; as R's "
        "sandwich defines them); or a `cluster`, where rows of one value in a column are not independent. All but `classical` "
        "take one more pass over the training rows.",
        examples=["hc3", {"cluster": "customer"}],
    )
    diagnostics: bool = Field(
        default=True,
        description="Whether one more pass over the training rows tells what of the fit to doubt: robust errors beside the "
        "classical ones, rows that make the model, the pattern of the residuals.",
        examples=[False],
    )

    @property
    def cluster(self) -> str | None:
        """The column whose values are the clusters of the standard errors; None where rows are independent."""
        return self.errors.cluster if isinstance(self.errors, Clustered) else None

    @property
    def diagnosed(self) -> bool:
        """Whether there is one more pass over the training rows, for diagnostics or for errors that need it."""
        return self.diagnostics or self.errors != "classical"

    @model_validator(mode="after")
    def _one_prior(self) -> Exact:
        if self.prior is not None and (self.of_family.link.name != "logit" or self.l2 != 0.0):
            raise ValueError(
                "prior: log_f is for family binomial with the link logit, and instead of l2. Leave one out"
            )
        if self.prior is not None and isinstance(self.threshold, ByMetric):
            raise ValueError(
                "threshold: with a prior no fold is held out to choose by a metric. Give a number, or costs"
            )
        return self

    @model_validator(mode="after")
    def _alone(self) -> Exact:
        if self.elastic_net is None:
            return self
        if self.of_family.solver != "factors":
            raise ValueError(
                f"elastic_net: is of least squares (family gaussian), whose fold factors give its whole path; of {self.family} the "
                "penalty is ridge, every fold solved. Set l2: auto instead"
            )
        others = {"l2": self.l2 != 0.0, "prior": self.prior is not None, "constraints": bool(self.constraints)}
        others |= {"refine: true, which is of fits without penalty": bool(self.refine)}
        others |= {"errors, for it claims no standard errors": self.errors != "classical"}
        for other, given in others.items():
            if given:
                raise ValueError(f"elastic_net: is instead of {other}. Leave one out")
        return self

    @property
    def penalised(self) -> bool:
        """Whether the fit may have a penalty or a prior."""
        return self.l2 != 0 or self.prior is not None or self.elastic_net is not None

    @model_validator(mode="after")
    def _what_bounds_are_kept_with(self) -> Exact:
        if self.constraints and self.prior is not None:
            raise ValueError(
                "constraints: can't be kept with prior: log_f. Leave one out, or set l2 instead of the prior"
            )
        if self.constraints and self.refine:
            raise ValueError("constraints: no pass of refinement keeps them. Leave refine out")
        return self

    @field_validator("l2", mode="before")
    @classmethod
    def _penalty(cls, value: Any) -> Any:
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf")
        if not number and value != "auto":
            raise ValueError("must be 'auto' or a finite number of at least 0")
        return value


class Sgd(OfFamily):
    """Gradient descent on the mean of the family's loss (for least squares the squared error, not half of it), from zero."""

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


def exact_of(model: Exact | Sgd) -> Exact:
    """The settings of the exact fit: of gradient descent's, what all solvers have in common."""
    if isinstance(model, Exact):
        return model
    return Exact(**{name: getattr(model, name) for name in OfFamily.model_fields})


def model_from_json(value: dict[str, Any]) -> Exact | Sgd:
    """The settings, from the plain JSON that travels to the steps."""
    return _SOLVER.validate_python(value)
