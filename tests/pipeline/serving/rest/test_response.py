import gzip

import pytest

from pipeline.serving.rest.response import LONG, accepts_gzip, compress


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("", False),
        ("identity", False),
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("x-gzip", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("*", True),
        ("gzip;q=0, *", False),
        ("br, zstd", False),
        ("gzipped", False),
        ("gzip;q=", False),
    ],
)
def test_who_accepts_gzip(value: str, accepted: bool) -> None:
    assert accepts_gzip(value) == accepted


def test_only_what_is_long_is_compressed() -> None:
    short, long = b"a" * LONG, b"a" * (LONG + 1)
    assert compress(short, "gzip") == (short, {})
    assert compress(long, "") == (long, {"Vary": "Accept-Encoding"})
    body, headers = compress(long, "gzip")
    assert gzip.decompress(body) == long
    assert headers == {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
