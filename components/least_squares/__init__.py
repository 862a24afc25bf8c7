"""Exact least squares, from the triangular factor of all rows. The core needs numpy and scipy alone."""

from components.least_squares.arrays import fit
from components.least_squares.inference import LeastSquaresFit

__all__ = ["LeastSquaresFit", "fit"]
