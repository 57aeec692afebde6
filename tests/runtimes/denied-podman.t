#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 900
# trace denied under podman: each refusal of the catalogue, its reason, its cure, and that it helps.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
. "$SRC/tests/lib/denied.sh"
. "$SRC/tests/runtimes/denied.sh"
need jq podman
can_trace

engine_() { CONTAINERS_CONF=/run/nsd-engines/containers.conf podman "$@"; }
engine_up podman
engine_run podman static
catalogue podman
