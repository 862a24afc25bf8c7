import pytest
from pydantic import ValidationError

from components.fit.settings import Exact, Sgd


@pytest.mark.parametrize(
    "wrong", [{"learning_rate": 0}, {"steps": 0}, {"batch_size": 0}, {"momentum": 0.9}, {"steps": 1.5}]
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        Sgd(**wrong)


def test_a_prior_leaves_no_folds_to_choose_a_threshold_by():
    with pytest.raises(ValidationError, match="threshold: with a prior no fold is held out"):
        Exact(family="binomial", prior="log_f", threshold={"metric": "f1"})
    assert Exact(family="binomial", prior="log_f", threshold=0.3).threshold == 0.3
