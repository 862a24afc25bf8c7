import pytest

from pipeline.serving.errors import RequestError
from pipeline.serving.limits import check_context, check_rows


def test_as_many_rows_as_may_be() -> None:
    check_rows(10, 10)
    with pytest.raises(RequestError) as caught:
        check_rows(11, 10)
    assert caught.value.code == "INVALID_ARGUMENT"
    assert caught.value.message == (
        "A request may stand for 10 rows; this one stands for 11. "
        "Send fewer, or start the server with a higher --max-rows."
    )


def test_as_many_bytes_as_may_be() -> None:
    check_context(5, 20, 100)
    with pytest.raises(RequestError) as caught:
        check_context(5, 21, 100)
    assert caught.value.message == (
        "The context of 5 bytes stands in each of 21 examples, which is more than 100 bytes together. "
        "Send fewer examples at once, or less in the context."
    )
