#!/bin/sh
# Builds the image with docker, podman or buildah, whichever is there. From the top of the clone: deploy/build.sh IMAGE
# TARGET is another stage of the Dockerfile than the last one: serving or tasks.
# BUILD_ARGS are further arguments of the builder, such as "--build-arg BASE=registry/python:3.11".
set -eu
image=${1-}
tag=${image##*/}
tag=${tag#"${tag%%:*}"}
case $image in
    *@* | *[[:space:]]* | *: | *:latest) tag= ;;
esac
if [ -z "$tag" ]; then
    echo "make image: expected IMAGE=registry/repository:tag, and not the tag 'latest', so that a run can be repeated. Received '$image'." >&2
    exit 2
fi

if docker info >/dev/null 2>&1; then
    builder=docker options=
elif command -v podman >/dev/null; then
    builder=podman options=
elif command -v buildah >/dev/null; then
    builder=buildah options=--layers # or it builds all stages anew each time
else
    echo "make image: there is no docker (with its daemon running), no podman and no buildah here. Install one of them." >&2
    exit 1
fi

version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' pipeline/__init__.py)
revision=$(git describe --always --abbrev=40 --dirty --exclude '*' 2>/dev/null || echo unknown)
# shellcheck disable=SC2086 # these are lists of words
"$builder" build $options ${TARGET:+--target "$TARGET"} ${BUILD_ARGS-} --file deploy/Dockerfile --tag "$image" \
    --label "org.opencontainers.image.title=plumbline" \
    --label "org.opencontainers.image.version=$version" \
    --label "org.opencontainers.image.revision=$revision" .
echo "built $image: $("$builder" images --format '{{.Size}}' "$image"), by $builder"
