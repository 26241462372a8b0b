#!/bin/bash
# Starts a server, as entrypoints do: with "exec" as the first word as they should.
set -eu
if [ "$1" = exec ]; then
    shift
    exec "$@"
fi
"$@"
echo "the server has ended"
