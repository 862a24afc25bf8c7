#!/bin/sh
# Makes lock.txt, build.txt and serving.txt again. Needs .tools/uv (`make lock` sees to it) and the package index.
set -eu
export UV_CACHE_DIR="${UV_CACHE_DIR:-$PWD/.tools/cache}" UV_NO_CONFIG=1
compile() {
    .tools/uv pip compile --quiet --upgrade --generate-hashes --python-version 3.11 \
        --python-platform x86_64-manylinux_2_36 --custom-compile-command "make lock" "$@"
}
compile setup.py --extra dev --override requirements/overrides.txt --output-file requirements/lock.txt
echo "setuptools" | compile - --output-file requirements/build.txt
compile requirements/serving.in --constraint requirements/lock.txt --override requirements/overrides.txt \
    --excludes requirements/serving_without.txt --output-file requirements/serving.txt
