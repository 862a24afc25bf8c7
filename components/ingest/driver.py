"""ExampleGen's driver: TFX's own, with a fingerprint of the files that sees more of a change."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

from tfx.components.example_gen.driver import FileBasedDriver
from tfx.components.example_gen.input_processor import FileBasedInputProcessor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2, range_config_pb2

from components.errors import DataError
from components.ingest import storage
from components.internals.tfx import inputs_of


class Driver(FileBasedDriver):
    """Resolves span and version as TFX does. Its fingerprint decides whether the cache has the table already."""

    def get_input_processor(
        self,
        splits: Iterable[example_gen_pb2.Input.Split],
        range_config: range_config_pb2.RangeConfig | None = None,
        input_base_uri: str | None = None,
    ) -> FileBasedInputProcessor:
        """TFX's processor, but for the fingerprint."""
        return _Processor(input_base_uri, splits, range_config)


class _Processor(FileBasedInputProcessor):
    def get_input_fingerprint(self, span: int, version: int | None) -> str:
        """TFX's fingerprint (number of files, bytes, seconds of change), and beside it a digest of names and stamps.

        Args:
          span, version: as resolved.

        Raises:
          DataError: a file can't be reached.
        """
        lines = [super().get_input_fingerprint(span, version)]
        base, splits = inputs_of(self)
        for split in splits:
            pattern = self.get_pattern_for_span_version(split.pattern, span, version)
            named = os.path.join(base, pattern)  # a name that is there is meant as it is, as ingest takes it
            paths = [named] if fileio.exists(named) else sorted(map(str, fileio.glob(named)))
            try:
                stamped = [(path, storage.take_stamp(path)) for path in paths]
            except OSError as error:
                raise DataError(f"data.path: a file that it matches can't be reached: {error}.") from error
            digest = hashlib.sha256(repr(stamped).encode()).hexdigest()
            lines.append(f"split:{split.name},stamps:{digest}")
        return "\n".join(lines)
