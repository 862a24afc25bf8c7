import importlib.metadata

import pytest

from pipeline.cli import doctor


def test_this_installation_passes_the_quick_checks():
    failed = [check.text for check in doctor.checks(quick=True) if not check.ok]
    assert failed == []


@pytest.mark.e2e
def test_it_passes_all_checks():
    assert [check.text for check in doctor.checks(quick=False) if not check.ok] == []


def test_a_package_of_another_version_or_absent_fails(monkeypatch):
    def version(name):
        if name == "click":
            raise importlib.metadata.PackageNotFoundError(name)
        return "0.0.1"

    monkeypatch.setattr(importlib.metadata, "version", version)
    found = {check.text: check.ok for check in doctor.checks(quick=True)}
    assert found["tfx==1.21.0: 0.0.1 is installed"] is False
    assert found["click>=8.1 is not installed"] is False


def test_a_script_that_fails_is_a_failed_check_with_its_last_line():
    check = doctor._script("raise RuntimeError('why')", "it works")
    assert (check.ok, check.text) == (False, "it works: it does not: RuntimeError: why")


@pytest.mark.e2e
def test_what_the_model_server_needs_is_here():
    texts = [(check.ok, check.text) for check in doctor.serving_checks()]
    assert (True, "the model server loads, and TensorFlow computes") in texts
    assert all(ok for ok, _ in texts)


def test_no_place_for_temporary_files_is_a_failed_check(monkeypatch):
    def nowhere():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(doctor.tempfile, "gettempdir", nowhere)
    monkeypatch.setattr(doctor, "_SERVING", "")
    assert [check.text for check in doctor.serving_checks() if not check.ok] == ["No usable temporary directory found"]
