"""The families of linear models, a module each. A new one is named here, and nowhere else."""

from components.linear_model.families.family import Family
from components.linear_model.families.gaussian import GAUSSIAN

FAMILIES = {family.name: family for family in (GAUSSIAN,)}

__all__ = ["FAMILIES", "Family"]
