from hypothesis import given
from hypothesis import strategies as st

from components.table.wire_format import field, varint


def decoded(data):
    """By the definition: groups of seven bits, the lowest first, the last without its highest bit."""
    assert all(byte & 128 for byte in data[:-1]) and data[-1] < 128
    return sum((byte & 127) << 7 * index for index, byte in enumerate(data))


@given(st.integers(-(2**63), 2**64 - 1))
def test_a_varint_is_its_value_in_64_bits(value):
    assert decoded(varint(value)) == value % 2**64


@given(st.integers(1, 15), st.binary(max_size=300))
def test_a_field_is_key_length_and_data(number, data):
    encoded = field(number, data)
    assert encoded[0] == number << 3 | 2
    assert encoded.endswith(data)
    assert decoded(encoded[1 : len(encoded) - len(data)]) == len(data)
