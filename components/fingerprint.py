"""A fingerprint of our own code, for TFX's cache.

TFX's cache compares a step's inputs and execution properties. It does not see code that is reached by import path, so
each step of ours carries the fingerprint of its sources among its execution properties.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_ROOT = Path(__file__).parent


def code_fingerprint(*steps: str) -> str:
    """Fingerprint of the sources of some steps, and of the modules that all steps share.

    Args:
      *steps: names of folders in `components/`, such as `"trainer"`.

    Returns:
      Hexadecimal SHA-256 over the relative paths and contents of `components/*.py` and `components/<step>/**/*.py`.
    """
    files = [*_ROOT.glob("*.py"), *(file for step in steps for file in (_ROOT / step).rglob("*.py"))]
    digest = hashlib.sha256()
    for file in sorted(set(files)):
        digest.update(str(file.relative_to(_ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
