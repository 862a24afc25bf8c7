"""The families of linear models, a module each. A new one is named here, and nowhere else."""

from __future__ import annotations

import re

from components.linear_model.families import (  # noqa: F401 (each makes its family known)
    binomial,
    gamma,
    gaussian,
    poisson,
    tweedie,
)
from components.linear_model.families.family import FAMILIES, Family
from components.linear_model.families.label import transform_of

__all__ = ["FAMILIES", "Family", "family_of", "named"]


def family_of(name: str, link: str | None = None, power: float | None = None) -> Family:
    """A family with its link and its power, the usual ones where none are given.

    Raises:
      ValueError: there is no such family, or it has no such link or power; the text says which there are.
    """
    if name not in FAMILIES:
        raise ValueError(f"unknown family {name!r}. Known: {', '.join(FAMILIES)}")
    family = FAMILIES[name]
    if power is not None:
        if family.of_power is None:
            raise ValueError(f"power: the family {name} has none; leave it out")
        family = family.of_power(power)
    if link is not None:
        found = next((known for known in family.links if known.name == link), None)
        if found is None:
            known = ", ".join(known.name for known in family.links)
            raise ValueError(f"link: the family {name} has no link {link!r}. Its own: {known}")
        if found != family.link and family.of_link is not None:
            family = family.of_link(found)
    return family


def named(text: str) -> Family:
    """The family that a `Family.text` names: `poisson`, `binomial(link=probit)`, `tweedie(power=1.5)`, `gaussian(label=log)`."""
    found = re.fullmatch(r"(\w+)(?:\((.*)\))?", text)
    if found is None:
        raise ValueError(f"expected the text of a family; received {text!r}")
    options = dict(option.split("=", 1) for option in (found[2] or "").split(", ") if option)
    powers = {key: float(options[key]) for key in ("power", "lambda") if key in options}
    family = family_of(found[1], options.get("link"), powers.get("power"))
    if "label" not in options:
        return family
    return transform_of(options["label"], powers.get("lambda")).of(family, options.get("mean") == "smearing")
