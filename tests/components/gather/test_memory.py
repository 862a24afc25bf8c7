import pytest

from components.errors import ConfigError
from components.gather import memory
from components.gather.memory import check_memory
from components.linear_model.design_matrix import DesignMatrix, Term, text_levels


def design(levels):
    return DesignMatrix(
        (
            Term("x", "x", (), 0.0, 1.0),
            Term("item", "item", text_levels([f"l{index}" for index in range(levels)])),
        )
    )


def test_a_design_matrix_that_fits_is_no_error():
    check_memory(design(100), 5, available=8 * 14 * 105**2)
    check_memory(design(1000), 5)  # this machine has that


def test_one_that_does_not_fit_names_the_feature_and_the_way_out():
    with pytest.raises(ConfigError) as caught:
        check_memory(design(20_000), 5, available=4 << 30)
    assert str(caught.value).startswith(
        "features.item: the design matrix has 20,003 columns, 20,002 of them of this feature; its factors need about 41.7 GiB, and "
        "4.0 GiB are free. Lower its vocabulary"
    )


def test_a_containers_limit_counts(tmp_path, monkeypatch):
    (tmp_path / "max").write_text("1000000\n")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path / "max")
    with pytest.raises(ConfigError, match="GiB are free"):
        check_memory(design(1000), 5)
    (tmp_path / "max").write_text("max\n")
    check_memory(design(1000), 5)
