# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# stack -l of Go programs: file, line and inlined functions are those of runtime.CallersFrames.
. tests/lib.sh
. "$SRC/tests/lib/go.sh"
need jq go

chains() { # of JSON: as the program prints them
	jq -r '.items[] | [.frames[].function] as $f | ($f | index("main.block")) as $at |
		select($at) | "\(.tid) \([.frames[$at:][] | "\(.function)@\(.file):\(.line)"] | join(" "))"' |
		sed 's/\.abi0@/@/g' | sort
}
check() { # NAME KIND
	"$TMP/$1" >said 2>/dev/null &
	PID=$!
	at_exit "kill -9 $PID 2>/dev/null || :"
	wait_for '[ "$(readers $PID)" = 12 ]' 20 || fail "$2: all threads wait"
	"$NSDEBUG" --host stack -l "pid://$PID" --host-pid "$PID" -o json >json
	chains <json >got
	sort said >want
	t "$2: 12 chains, line for line as the runtime has them" '' diff want got
	t "$2: from Go's table" '' jq -r '.items[].frames[] | select(.function // "" | test("^main")) |
		select(.source != "pclntab" and .source != "symtab")' json
	t "$2: of which many are inlined" 'true\n' jq '[.items[].frames[] |
		select(.inlined and .source == "pclntab" and .offset == null)] | length > 12' json
	kill -9 "$PID"
}
go_build lib/golines plain 0
check plain 'with symbols'
go_build lib/golines stripped 0 -ldflags '-s -w'
check stripped 'stripped'
go_build lib/golines pie 0 -ldflags '-s -w' -buildmode=pie
check pie 'anywhere in memory'
