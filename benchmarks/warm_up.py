"""Runs a module as `python -m` does, and has all that it loads written as bytecode, whatever the environment says.

    python -m benchmarks.warm_up MODULE ARGUMENTS

Both sides of a comparison are run once by it, so that none compiles sources in a run that is measured. Ends with an error if a
module that was loaded has no bytecode all the same.
"""

from __future__ import annotations

import contextlib
import py_compile
import runpy
import sys
from pathlib import Path


def without_bytecode() -> dict[str, str]:
    """The modules of this process that came from a source of which there is no bytecode: by name the source."""
    specs = (getattr(module, "__spec__", None) for module in list(sys.modules.values()))
    sources = [spec for spec in specs if spec is not None and (spec.origin or "").endswith(".py")]
    return {spec.name: spec.origin for spec in sources if spec.cached and not Path(spec.cached).exists()}


def main() -> None:
    """Runs the module that the first argument names."""
    for source in without_bytecode().values():  # what Python itself loaded, before it could be told to
        with contextlib.suppress(OSError):
            py_compile.compile(source)
    sys.dont_write_bytecode = False
    del sys.argv[0]
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as error:
        if error.code:
            raise
    found = sorted(without_bytecode())
    if found:
        sys.exit(f"no bytecode of {len(found)} modules, such as {', '.join(found[:5])}: can their folders be written?")


if __name__ == "__main__":
    main()
