import requests
from urllib3.exceptions import MaxRetryError

from pipeline.remote.submit.no_answer import reason


def test_the_innermost_error_says_why():
    inner = ConnectionRefusedError(111, "Connection refused")
    assert reason(inner) == "[Errno 111] Connection refused."
    assert reason(requests.ConnectionError(MaxRetryError(None, "/path", inner))) == "[Errno 111] Connection refused."


def test_an_error_without_words_has_a_name():
    assert reason(TimeoutError()) == "TimeoutError."
    assert reason(TimeoutError("two\nlines.")) == "two lines."
