import pytest

from pipeline.serving.errors import RequestError
from pipeline.serving.rest.path import Route, is_api, parse_path


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("POST", "/v1/models/m:predict", Route("predict", "m", None, None)),
        ("POST", "/v1/models/m/versions/12:regress", Route("regress", "m", 12, None)),
        ("POST", "/v1/models/m/versions/0012:regress", Route("regress", "m", 12, None)),
        ("POST", "/v1/models/m/labels/stable:classify", Route("classify", "m", None, "stable")),
        ("POST", "/V1/Models/m%20n:predict", Route("predict", "m n", None, None)),
        ("GET", "/v1/models/m", Route("status", "m", None, None)),
        ("GET", "/v1/models/m/versions/3", Route("status", "m", 3, None)),
        ("GET", "/v1/models/m/versions/3/metadata", Route("metadata", "m", 3, None)),
        ("GET", "/v1/models/m/labels/a%2Fb/metadata", Route("metadata", "m", None, "a/b")),
        ("GET", "/v1/models/m/METADATA", Route("status", "m", None, None)),
        ("GET", "/v1/models/m?x", Route("status", "m?x", None, None)),
    ],
)
def test_known_paths(method: str, path: str, route: Route) -> None:
    assert parse_path(method, path) == route


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/models/m"),
        ("POST", "/v1/models/m:explain"),
        ("POST", "/v1/models/m:PREDICT"),
        ("POST", "/v1/models/m:predict?x=1"),
        ("POST", "/v1/models/m/versions/x:predict"),
        ("POST", "/v1/models/m/versions/1/labels/a:predict"),
        ("POST", "/v1/models/:predict"),
        ("POST", "/v1/models/m/versions/\u0663:predict"),
        ("GET", "/v1/models/m:predict"),
        ("GET", "/v1/models/m/versions/1/"),
        ("GET", "/v1/foo"),
        ("PUT", "/v1/models/m"),
        ("HEAD", "/v1/models/m"),
    ],
)
def test_malformed_paths(method: str, path: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_path(method, path)
    assert (caught.value.code, caught.value.message) == ("INVALID_ARGUMENT", f"Malformed request: {method} {path}")


def test_a_version_fits_64_bits() -> None:
    assert parse_path("GET", f"/v1/models/m/versions/{2**63 - 1}").version == 2**63 - 1
    for digits in (str(2**63), "9" * 6000):
        with pytest.raises(RequestError, match=f"^Failed to convert version: {digits} to numeric.$"):
            parse_path("GET", f"/v1/models/m/versions/{digits}")


def test_a_model_is_named() -> None:
    with pytest.raises(RequestError, match=r"^Missing model name in request.$"):
        parse_path("GET", "/v1/models")


def test_other_paths_are_not_of_the_api() -> None:
    assert is_api("/V1/x")
    assert not any(map(is_api, ("/", "/v1", "/v2/models/m", "/healthz")))
