#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout 900
# trace denied under docker: each refusal of the catalogue, its reason, its cure, and that it helps.
. tests/lib.sh
. "$SRC/tests/lib/trace.sh"
. "$SRC/tests/lib/denied.sh"
. "$SRC/tests/runtimes/denied.sh"
need jq docker setcap
can_trace

engine_() { docker -H unix:///run/docker.sock "$@"; }
engine_up docker
engine_run docker static
catalogue docker
