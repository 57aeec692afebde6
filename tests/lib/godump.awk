# SPDX-License-Identifier: Apache-2.0
# What a Go program writes when SIGQUIT ends it (GOTRACEBACK=system), a line a goroutine:
#   ID STATE: FUNCTION+OFFSET ... by FUNCTION+OFFSET
# Of inlined code, "(...)", there is no frame. Goroutine 0 is a thread that has none.
function done() {
	if (id > 0)
		print id " " state ":" line by
	id = 0
}
/^goroutine [0-9]+ / {
	done()
	id = $2
	line = by = what = ""
	state = $0
	sub(/^[^[]*\[/, "", state)
	sub(/\]:$/, "", state)
	sub(/, [0-9]+ minutes/, "", state)
	next
}
/^$/ { done() }
/^created by / {
	what = "by"
	name = $0
	sub(/^created by /, "", name)
	sub(/ in goroutine [0-9]+$/, "", name)
	next
}
/^[^\t].*\)$/ && id > 0 {
	what = ""
	if ($0 ~ /\(\.\.\.\)$/)
		next
	what = "frame"
	name = $0
	sub(/\([^()]*\)$/, "", name)
	next
}
/^\t/ && what {
	offset = match($0, / \+0x[0-9a-f]+/) ? substr($0, RSTART + 1, RLENGTH - 1) : "+0x0"
	if (what == "by")
		by = " by " name offset
	else
		line = line " " name offset
	what = ""
}
