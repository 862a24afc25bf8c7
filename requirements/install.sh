#!/bin/sh
# Makes .venv from the lock. Everything it fetches stays inside the clone (.tools, .venv).
# Usage: requirements/install.sh   (from the top of the clone; `make` calls it)
set -eu
tools=$PWD/.tools
export UV_CACHE_DIR="${UV_CACHE_DIR:-$tools/cache}" UV_PYTHON_INSTALL_DIR="$tools/python" UV_NO_CONFIG=1

python=$(command -v python3.11 || true)
any_python=${python:-$(command -v python3 || true)}
if [ -z "$any_python" ]; then
    echo "plumbline needs Python 3.11, and there is no python3 here at all. On Debian: apt-get install python3" >&2
    exit 1
fi
"$any_python" requirements/get_uv.py "$tools"

if [ -n "$python" ]; then
    "$tools/uv" venv --quiet --clear --no-python-downloads --python "$python" .venv
else
    echo "python3.11 is not on the PATH (TFX 1.21 with Kubeflow runs on 3.11 alone): trying uv's build of it." >&2
    "$tools/uv" venv --quiet --clear --managed-python --python 3.11 .venv || {
        echo "uv could not fetch Python 3.11 either. Install it (Debian 12: apt-get install python3) and run make again." >&2
        exit 1
    }
fi
export VIRTUAL_ENV="$PWD/.venv"
"$tools/uv" pip install --quiet --no-deps --require-hashes --build-constraints requirements/build.txt -r requirements/lock.txt
"$tools/uv" pip install --quiet --no-deps --no-build-isolation --editable .
.venv/bin/python requirements/bytecode.py 2> .venv/bytecode.log || { cat .venv/bytecode.log >&2; exit 1; }
touch .venv/installed
