"""Exact least squares, from the triangular factor of all rows. The core needs numpy and scipy alone."""

from components.linear_model.arrays import fit
from components.linear_model.inference import LeastSquaresFit

__all__ = ["LeastSquaresFit", "fit"]
