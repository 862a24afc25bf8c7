import pytest

from components.linear_model import ElasticNet


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"l1_ratio": 0.0}, "l1_ratio must be above 0 and at most 1, or several such numbers; received 0.0"),
        ({"l1_ratio": [0.5, 1.1]}, "l1_ratio must be above 0"),
        ({"l1_ratio": []}, "l1_ratio must be above 0"),
        ({"l1_ratio": float("nan")}, "l1_ratio must be above 0"),
        ({"alpha": 0.0}, "alpha must be 'auto' or a finite number above 0; received 0.0"),
        ({"alpha": float("inf")}, "alpha must be 'auto'"),
        ({"rule": "most"}, "rule must be 'least' or 'one_standard_error'; received 'most'"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        ElasticNet(**wrong)


def test_several_ratios_or_no_alpha_are_for_the_cross_validation():
    assert ElasticNet(l1_ratio=[0.5, 1, 0.5], alpha=0.1).ratios == [0.5, 1.0]
    assert ElasticNet(l1_ratio=(0.5, 1), alpha=0.1).by_validation
    assert ElasticNet().by_validation
    assert not ElasticNet(l1_ratio=1, alpha=0.1).by_validation
