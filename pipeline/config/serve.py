"""The `serve:` section of the configuration: where models are pushed to."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from components.section import Section


class Serve(Section):
    """Where models are pushed to (`<root>/<path>/<name>/<version>`), how many stay, and what is asked of them before."""

    path: str = Field(
        default="serving",
        description="The folder of all served models, relative to `--root`.",
        examples=["models/live"],
    )
    keep: int = Field(
        default=5,
        ge=1,
        description="How many of the published versions stay; older ones are deleted.",
        examples=[10],
        json_schema_extra={"x-unit": "versions"},
    )
    level: float = Field(
        default=0.95,
        gt=0,
        lt=1,
        description="The level of the prediction intervals that the model gives.",
        examples=[0.9],
        json_schema_extra={"x-unit": "probability"},
    )
    infra_validator: str | None = Field(
        default=None,
        pattern=r"^[\w][\w.-]*$",
        description="A tag of TF Serving's image: TFX's InfraValidator then has the model loaded and queried in that image, by the "
        "Docker daemon of this machine, before anything is pushed. By default the step is left out.",
        examples=["2.19.1"],
    )

    @field_validator("infra_validator")
    @classmethod
    def _exact(cls, value: str | None) -> str | None:
        if value == "latest":
            raise ValueError("must be an exact tag of tensorflow/serving, such as '2.19.1'")
        return value

    @field_validator("path")
    @classmethod
    def _inside_the_root(cls, value: str) -> str:
        if not value or Path(value).is_absolute() or ".." in Path(value).parts:
            raise ValueError("must be a path inside the root folder, relative to it")
        return value
