"""The `label:` of the configuration: the column to predict, and the scale that it is fitted on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from components.linear_model.families import Family
from components.linear_model.families.label import LabelTransform, Name, transform_of
from components.preprocessing.kinds.of_column import Unit
from components.section import Section


class LabelSection(Section):
    """The column to predict, and how it is transformed before least squares fits it. The column alone is `label: price`.

    Answers, the ends of intervals, metrics and limits are in the label's own units again; coefficients, contributions and standard
    errors are on the fitted scale.
    """

    column: str = Field(
        description="Its name: a column of numbers, or with `positive` of texts or truth values.", examples=["price"]
    )
    unit: Unit | None = Field(
        default=None,
        description="What the label is counted in, for eyes: in the what-if form and on the report.",
        examples=["dollars"],
    )
    transform: Name | None = Field(
        default=None,
        description="What is fitted instead of the label y: `log` y, of numbers above 0; `log1p`, log(1 + y), of numbers above -1; "
        "`sqrt`, of at least 0; `boxcox`, (y^λ - 1)/λ, above 0. A row with another label is a bad row (`data.max_rejected`).",
        examples=["log"],
    )
    power: float | None = Field(
        default=None, alias="lambda", allow_inf_nan=False, description="λ of `boxcox`, not 0.", examples=[0.5]
    )
    mean: Literal["median", "smearing"] = Field(
        default="median",
        description="What is answered: the median, the inverse of what is fitted; or the mean by Duan's smearing over the "
        "residuals of the training rows, for `log`, `log1p` and `sqrt` by the exact solver.",
        examples=["smearing"],
    )

    @model_validator(mode="after")
    def _suits(self) -> LabelSection:
        if self.transform is None:
            for key, value in (("lambda", self.power), ("mean", None if self.mean == "median" else self.mean)):
                if value is not None:
                    raise ValueError(f"{key}: is for a label that is transformed. Add transform, or leave it out")
        else:
            self.label_transform()
        return self

    def label_transform(self) -> LabelTransform | None:
        """The transform.

        Raises:
          ValueError: there is none of this name, or λ does not suit it.
        """
        return None if self.transform is None else transform_of(self.transform, self.power)

    def of(self, family: Family) -> Family:
        """A family whose labels are transformed so.

        Raises:
          ValueError: it is not least squares, or there is no formula of the mean.
        """
        transform = self.label_transform()
        return family if transform is None else transform.of(family, self.mean == "smearing")


def _named(value: Any) -> Any:
    return value if isinstance(value, (dict, LabelSection)) else {"column": value}


Label = Annotated[LabelSection, BeforeValidator(_named, json_schema_input_type=LabelSection | str)]
