import numpy as np
import pytest

from components.linear_model.elastic_net_choice import chosen, standard_errors
from components.linear_model.ridge import CrossValidation

PATH = np.array([8.0, 4.0, 2.0, 1.0])


def validation(*means, spread=0.5):
    """Two folds of equal weight, `spread` above and below these errors."""
    errors = np.array(means)
    return CrossValidation(PATH[: len(errors)], np.array([errors + spread, errors - spread]), np.ones(2))


def test_standard_errors_of_folds_of_several_weights():
    """glmnet: √(weighted.mean((e − ē)², w)/(K − 1))."""
    errors, weights = np.array([[1.0, 2.0], [4.0, 2.0], [2.5, 8.0]]), np.array([1.0, 2.0, 5.0])
    mean = np.average(errors, axis=0, weights=weights)
    expected = np.sqrt(np.average((errors - mean) ** 2, axis=0, weights=weights) / 2)
    assert standard_errors(CrossValidation(PATH[:2], errors, weights)) == pytest.approx(expected, rel=1e-15)


def test_the_least_error_or_the_greatest_penalty_within_one_standard_error_of_it():
    found = validation(9.0, 5.4, 5.0, 6.0)  # the standard error is 0.5
    assert standard_errors(found) == pytest.approx([0.5] * 4)
    assert chosen(found, "least") == (2, "least mean squared error of 2-fold cross-validation, of 4 penalties")
    place, rule = chosen(found, "one_standard_error")
    assert place == 1
    assert rule == (
        "the greatest within one standard error of the least mean squared error of 2-fold cross-validation, of 4 penalties"
    )
    assert chosen(validation(9.0, 5.6, 5.0, 6.0), "one_standard_error")[0] == 2
    assert chosen(validation(5.0, 5.0, 6.0), "least")[0] == 0  # of equals the greatest


def test_the_least_penalty_of_a_path_is_said_to_be_so():
    assert chosen(validation(9.0, 5.0, 4.0), "least")[1].endswith("of 3 penalties, the smallest of them")
    assert chosen(validation(9.0), "least")[1].endswith("of 1 penalties")
