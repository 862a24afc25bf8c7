"""Fetches the pinned uv from the package index, with nothing but Python's standard library.

A Debian Python 3.11 alone has neither pip nor venv. Usage: get_uv.py DIRECTORY. Writes DIRECTORY/uv.
The index is PIP_INDEX_URL where that is set, else PyPI.
"""

import hashlib
import io
import json
import os
import sys
import urllib.parse
import urllib.request
import zipfile

FILE = "uv-0.13.9-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
SHA256 = "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19"


def main(directory: str) -> None:
    """Downloads, checks the hash, unpacks."""
    target = os.path.join(directory, "uv")
    stamp = target + ".sha256"
    if os.path.exists(target) and os.path.exists(stamp) and open(stamp).read() == SHA256:
        return
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/uv/"
    request = urllib.request.Request(index, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=180) as answer:
        files = json.load(answer)["files"]
    [url] = [urllib.parse.urljoin(index, file["url"]) for file in files if file["filename"] == FILE]
    with urllib.request.urlopen(url, timeout=180) as answer:
        wheel = answer.read()
    found = hashlib.sha256(wheel).hexdigest()
    if found != SHA256:
        sys.exit(f"{url}: expected SHA-256 {SHA256}; received {found}. Not installed.")
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        [member] = [name for name in archive.namelist() if name.endswith(".data/scripts/uv")]
        binary = archive.read(member)
    os.makedirs(directory, exist_ok=True)
    with open(target, "wb") as file:
        file.write(binary)
    os.chmod(target, 0o755)
    with open(stamp, "w") as note:
        note.write(SHA256)


if __name__ == "__main__":
    main(sys.argv[1])
