"""The functions of arrays that links, losses and bases are written in, by numpy. TensorFlow's `tf.math` has the same names."""

from numpy import abs, cos, exp, expm1, log, log1p, maximum, minimum, sin, sqrt
from scipy.special import erfc

__all__ = ["abs", "cos", "erfc", "exp", "expm1", "log", "log1p", "maximum", "minimum", "sin", "sqrt"]
