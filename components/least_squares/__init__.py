"""LeastSquares: the exact fit."""
