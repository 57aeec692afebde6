#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every image under docker: roots of several layers, in an overlay, and Docker's own seccomp profile.
# timeout 900
. tests/lib.sh
. "$SRC/tests/runtimes/look.sh"
need jq docker

engine_up docker
for image in static base cc python3 go-static nginx java nodejs; do
	engine_run docker $image
	of_image $image "$CT" "$CTPID"
	listed $image "docker://$CT" docker "$CTPID"
done
