"""The functions of arrays that links, losses and bases are written in, by numpy. TensorFlow's `tf.math` has the same names."""

from numpy import abs, exp, expm1, log, log1p, maximum, minimum, sqrt
from scipy.special import erfc

__all__ = ["abs", "erfc", "exp", "expm1", "log", "log1p", "maximum", "minimum", "sqrt"]
