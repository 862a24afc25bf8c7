import pytest

from components.errors import ConfigError
from components.gather import memory
from components.gather.memory import check_memory
from components.linear_model.families import named

LOGIT, SQUARES = named("binomial"), named("gaussian")


def widths(levels):
    return {"x": 1, "item": levels + 2}


def test_a_design_matrix_that_fits_is_no_error():
    check_memory(widths(100), LOGIT, available=8 * 18 * 105**2)
    check_memory(widths(1000), LOGIT)  # this machine has that
    check_memory({}, LOGIT, available=0)


def test_one_that_does_not_fit_names_the_feature_and_the_way_out():
    with pytest.raises(ConfigError) as caught:
        check_memory(widths(20_000), LOGIT, available=4 << 30)
    assert str(caught.value).startswith(
        "features.item: the design matrix has 20,003 columns, 20,002 of them of this feature; its factors need about 53.7 GiB, and "
        "4.0 GiB are free. Lower its vocabulary"
    )


def test_levels_that_are_eliminated_need_levels_times_columns():
    check_memory(widths(20_000), SQUARES, available=16 << 20)
    with pytest.raises(ConfigError, match=r"need about 0\.0 GiB"):
        check_memory(widths(20_000), SQUARES, available=1 << 20)
    with pytest.raises(ConfigError, match=r"features\.other: .* 20,003 of them of this feature"):  # two of them
        check_memory({**widths(20_000), "other": 20_003}, SQUARES, available=4 << 30)


def test_a_containers_limit_counts(tmp_path, monkeypatch):
    (tmp_path / "max").write_text("1000000\n")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path / "max")
    with pytest.raises(ConfigError, match="GiB are free"):
        check_memory(widths(1000), LOGIT)
    (tmp_path / "max").write_text("max\n")
    check_memory(widths(1000), LOGIT)
