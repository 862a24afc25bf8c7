"""Predict bodies as clients send them: scalars in rows or in columns, parsed straight into the types of a signature's inputs."""

from __future__ import annotations

import dataclasses
import functools
import re
from array import array
from collections.abc import Mapping, Sequence
from itertools import chain
from types import GenericAlias
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np

from pipeline.serving.dtypes import (
    BASE64_KEY,
    BOOL,
    DEFAULT_SIGNATURE,
    DOUBLE,
    FLOAT,
    NUMPY,
    RANGES,
    STRING,
    Array,
    to_array,
)
from pipeline.serving.errors import RequestError, invalid
from pipeline.serving.json.duplicates import count_colons, refuse_doubles

if TYPE_CHECKING:
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

Columns: TypeAlias = Sequence[Sequence[Any]]

# JSON's types of an input's values. None is NaN; an int of any size is told from a float.
_TYPES: dict[int, Any] = {
    FLOAT: float | None,
    DOUBLE: float | None,
    STRING: str,
    BOOL: bool,
    **dict.fromkeys(RANGES, int | float),
}
_CODES = {FLOAT: "f", DOUBLE: "d"}  # of Python's arrays
_NAME = re.compile(rb'"signature_name"\s*:\s*"([^"\\]*)"')
_NEAR = 512  # bytes from either end of a body, where a signature's name is looked for
_ROW = re.compile(r"at `\$\.instances\[([0-9]+)\]")


@dataclasses.dataclass(frozen=True)
class PredictCall:
    """A Predict request.

    Attributes:
      signature: its name.
      row_format: `instances` (rows) were sent, not `inputs` (columns); the answer has the same format.
      inputs: tensors by name; strings are bytes in object arrays.
    """

    signature: str
    row_format: bool
    inputs: dict[str, Array]


class NotTyped(Exception):
    """The body is not of that kind.

    Attributes:
      row: the first of `instances` that is not, where that is known.
      lists: was a list found where a scalar was expected?
    """

    def __init__(self, row: int | None = None, lists: bool = False) -> None:
        super().__init__()
        self.row = row
        self.lists = lists


def input_types(signatures: Mapping[str, SignatureDef], name: str) -> dict[str, int]:
    """DataTypes of a signature's inputs, sorted by their names.

    Raises:
      RequestError: there is no such signature, or it has no input.
    """
    try:
        signature = signatures[name or DEFAULT_SIGNATURE]
    except KeyError:
        raise invalid(f'Serving signature name: "{name or DEFAULT_SIGNATURE}" not found in signature def') from None
    if not signature.inputs:
        raise invalid(f"Failed to get input map for signature: {name or 'DEFAULT'}")
    inputs = signature.inputs  # whose `items` are slow
    return {key: inputs[key].dtype for key in sorted(inputs)}


def read_typed(body: bytes, signatures: Mapping[str, SignatureDef]) -> PredictCall:
    """Reads a body.

    Raises:
      NotTyped: it is of another kind, or wrong.
      RequestError: a key stands twice.
    """
    found = _NAME.search(body, 0, _NEAR) or _NAME.search(body, max(0, len(body) - _NEAR))
    name = found[1].decode(errors="replace") if found else ""
    name = name or DEFAULT_SIGNATURE
    for _ in range(2):
        try:
            types = tuple(input_types(signatures, name).items())
        except RequestError:
            raise NotTyped from None  # it is said once the body is known to be JSON
        reader, lists_reader = _reader(types, False), _reader(types, True)
        if reader is None or lists_reader is None:
            break
        try:
            read = reader.read(body)
        except NotTyped as error:
            if not error.lists or error.row:
                raise
            read = lists_reader.read(body)
        if read.signature == name:
            return read
        name = read.signature  # it stands elsewhere
    raise NotTyped


@functools.lru_cache(maxsize=256)
def _reader(types: tuple[tuple[str, int], ...], lists: bool) -> _Reader | None:
    """What reads bodies for inputs of these types, each value in a list of its own or not; None if nothing here does."""
    dtypes = dict(types)
    if BASE64_KEY in dtypes or not set(dtypes.values()) <= set(_TYPES):
        return None
    try:
        return _Reader(dtypes, lists)
    except ValueError:
        return None  # a name that msgspec can't look for, as it would be written with an escape


class _Reader:
    """Reads bodies for inputs of certain types."""

    def __init__(self, dtypes: dict[str, int], lists: bool) -> None:
        self._lists = lists
        self._dtypes = dtypes
        by_dtype = sorted(dtypes, key=lambda name: dtypes[name])  # so that each dtype's are side by side
        self._order = by_dtype
        self._places = {name: by_dtype.index(name) for name in sorted(dtypes)}
        kinds = [dtypes[name] for name in by_dtype]
        self._groups = [
            (kind, kinds.index(kind), kinds.index(kind) + kinds.count(kind)) for kind in dict.fromkeys(kinds)
        ]
        self._colons = sum(name.count(":") for name in dtypes)
        # A row before one that msgspec refuses is sure to be right only if that is all that is checked of it.
        self._all_checked = len(dtypes) > 1 and not any(dtype in RANGES for dtype in dtypes.values())
        fields = {f"f{index}": name for index, name in enumerate(by_dtype)}
        options: dict[str, Any] = {"forbid_unknown_fields": True, "gc": False}
        types: list[Any] = [GenericAlias(tuple, (_TYPES[kind],)) if lists else _TYPES[kind] for kind in kinds]
        self._row: Any = msgspec.defstruct("Row", list(zip(fields, types, strict=True)), rename=fields, **options)
        each = [GenericAlias(list, (kind,)) for kind in types]
        row: Any = self._row
        columns: Any = msgspec.defstruct("Columns", list(zip(fields, each, strict=True)), rename=fields, **options)
        if len(types) == 1:  # then it may go without its name
            row, columns = row | types[0], columns | each[0]
        document = msgspec.defstruct(
            "Document",
            [
                ("signature_name", str | msgspec.UnsetType, msgspec.UNSET),
                ("instances", GenericAlias(list, (row,)) | msgspec.UnsetType, msgspec.UNSET),
                ("inputs", columns | msgspec.UnsetType, msgspec.UNSET),
            ],
            **options,
        )
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(document)

    def read(self, body: bytes) -> PredictCall:
        """Reads a body. Raises NotTyped, or RequestError if a key stands twice."""
        document, body, nans = self._decode(body)
        unset = msgspec.UNSET
        rows, inputs, name = document.instances, document.inputs, document.signature_name
        if (rows is unset) == (inputs is unset):
            raise NotTyped
        if inputs is unset:
            columns, keys, colons = self._columns(rows)
        elif type(inputs) is list:
            columns, keys, colons = [inputs], 0, 0
        else:
            columns, keys, colons = msgspec.structs.astuple(inputs), len(self._order), self._colons
        if name is unset:
            name = ""
        else:
            keys += 1
            colons += name.count(":")
        if self._lists:
            columns = [list(chain.from_iterable(column)) for column in columns]
        try:
            tensors = self._tensors(columns, nans)
        except NotTyped:
            if nans or inputs is not unset or not self._all_checked:
                raise
            raise NotTyped(min(column.index(None) for column in columns if None in column)) from None
        self._check_keys(body, keys + 1, colons, columns)
        return PredictCall((name or DEFAULT_SIGNATURE), inputs is unset, tensors)

    def _decode(self, body: bytes) -> tuple[Any, bytes, int]:
        """The document, and the body that it was made of: with nulls in place of so many NaN, which msgspec doesn't take."""
        nans = 0
        try:
            try:
                return self._decoder.decode(body), body, 0
            except msgspec.DecodeError as error:
                if type(error) is msgspec.ValidationError or b"NaN" not in body or b"null" in body:
                    raise
                nans = body.count(b"NaN")
                body = body.replace(b"NaN", b"null")
                return self._decoder.decode(body), body, nans
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            said = str(error) if type(error) is msgspec.ValidationError else ""
            found = _ROW.search(said) if self._all_checked and (nans or b"null" not in body) else None
            raise NotTyped(int(found[1]) if found else None, "got `array`" in said) from None

    def _columns(self, rows: list[Any]) -> tuple[Columns, int, int]:
        """The columns, the number of keys, and of colons in keys."""
        if not rows:
            raise NotTyped
        width = len(self._order)
        if width == 1:
            kinds = set(map(type, rows))
            if self._row not in kinds:
                return [rows], 0, 0
            if len(kinds) > 1:
                raise NotTyped
        flat = list(chain.from_iterable(map(msgspec.structs.astuple, rows)))
        return [flat[index::width] for index in range(width)], len(flat), len(rows) * self._colons

    def _tensors(self, columns: Columns, nans: int) -> dict[str, Array]:
        """Tensors by name, of which some floats are NaN."""
        even = len(columns) == 1 or len(set(map(len, columns))) == 1
        arrays: list[Array] = []
        for dtype, first, last in self._groups:
            block = columns[first:last]
            for part in (block,) if even else ([column] for column in block):
                if dtype in _CODES:
                    matrix, found = _floats(part, dtype, nans)
                    nans -= found
                else:
                    matrix = _matrix(part, dtype)
                arrays.extend(matrix)
        if nans:
            raise NotTyped  # a text says NaN
        if self._lists:
            arrays = [column.reshape(-1, 1) for column in arrays]
        return {name: arrays[index] for name, index in self._places.items()}

    def _check_keys(self, body: bytes, keys: int, colons: int, columns: Columns) -> None:
        """Refuses a key that stands twice: then there are more colons than keys, and texts with colons, account for."""
        colons_left = count_colons(body) - keys
        if not colons_left:
            return
        texts = [column for name, column in zip(self._order, columns, strict=True) if self._dtypes[name] == STRING]
        colons += sum("".join(column).count(":") for column in texts)
        if colons_left != colons or b"\\u003" in body:  # \u003a is a colon in a text alone
            refuse_doubles(body, "instances", lambda row: len(self._order))


def _matrix(block: Columns, dtype: int) -> Array:
    """Columns of one length, one a row."""
    if dtype == STRING:
        size = len(block) * len(block[0])
        return np.fromiter(map(str.encode, chain.from_iterable(block)), np.object_, size).reshape(len(block), -1)
    if dtype in RANGES:
        least, most = RANGES[dtype]
        for column in block:
            if not set(map(type, column)) <= {int} or (column and not (least <= min(column) and max(column) <= most)):
                raise NotTyped
        return to_array(list(chain.from_iterable(block)), (len(block), len(block[0])), dtype)
    return np.array(block, NUMPY[dtype])


def _floats(block: Columns, dtype: int, nans: int) -> tuple[Array, int]:
    """Columns of floats, one a row, and how many of them are None, which becomes NaN; there may be as many as `nans`."""
    if not nans:
        try:  # array casts silently what is too large for a float
            values = array(_CODES[dtype], block[0] if len(block) == 1 else list(chain.from_iterable(block)))
        except TypeError:
            raise NotTyped from None
        return np.frombuffer(values, NUMPY[dtype]).reshape(len(block), -1), 0
    with np.errstate(over="ignore"):
        matrix: Array = np.array(block, NUMPY[dtype])
    return matrix, int(np.count_nonzero(np.isnan(matrix)))
