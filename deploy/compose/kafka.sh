#!/bin/bash
# Runs the image's own start. A Java machine answers SIGTERM with 143: a broker that was told to stop has ended well.
set -uo pipefail
start=/etc/kafka/docker/run
[[ -x $start ]] || start=/entrypoint.sh
"$start" &
broker=$!
trap 'kill -TERM "$broker"' TERM INT
# A signal ends the waiting, not the broker.
while wait "$broker"; kill -0 "$broker" 2>/dev/null; do :; done
wait "$broker"
status=$?
((status == 143)) && status=0
exit "$status"
