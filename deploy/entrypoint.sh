#!/bin/sh
# Beam starts its workers with flags and no command (--id=… --provision_endpoint=…): those are for its boot program, which then runs
# the worker. All else is a command. Kubeflow and Vertex AI name theirs, and don't come by here.
case "${1-}" in
    -*) exec /opt/apache/beam/boot "$@" ;;
    *) exec "$@" ;;
esac
