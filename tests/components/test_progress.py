from components import progress


def test_who_listens_is_told_as_long_as_it_listens(caplog):
    heard = []
    with caplog.at_level("INFO"):
        progress.tell("before")
        with progress.listening(heard.append):
            progress.tell("pass 1")
        progress.tell("after")
    assert heard == ["pass 1"]
    assert caplog.messages == ["before", "pass 1", "after"]
