from components import errors


def test_exit_codes_are_the_documented_ones():
    assert (errors.PlumblineError.exit_code, errors.RunError.exit_code) == (1, 1)
    assert errors.ConfigError.exit_code == 2
    assert errors.DataError.exit_code == 3
    assert errors.EXIT_REFUSED == 4


def test_each_error_is_also_the_matching_builtin():
    assert issubclass(errors.ConfigError, ValueError)
    assert issubclass(errors.DataError, ValueError)
    assert issubclass(errors.RunError, RuntimeError)
