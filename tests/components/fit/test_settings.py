import pytest
from pydantic import ValidationError

from components.fit.settings import Sgd


@pytest.mark.parametrize(
    "wrong", [{"learning_rate": 0}, {"steps": 0}, {"batch_size": 0}, {"momentum": 0.9}, {"steps": 1.5}]
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        Sgd(**wrong)
