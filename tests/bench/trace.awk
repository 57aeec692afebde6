# SPDX-License-Identifier: Apache-2.0
# Lines "ROUND TRACER WORK NS CPU" and, in the file `lost`, "TRACER LOST" -> a table.
function median(a, n,	i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && a[j] < a[j - 1]; j--) {
			t = a[j]; a[j] = a[j - 1]; a[j - 1] = t
		}
	return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
}

# What it adds to the untraced turns of the same round.
function added(from, t, w,	r, n, a) {
	for (r = 1; r <= rounds; r++)
		a[++n] = from[r, t, w] - from[r, t ~ /other$/ ? "beside" : "none", w]
	return median(a, n)
}

function times(t, than, w,	r, n, a) {
	for (r = 1; r <= rounds; r++)
		a[++n] = ns[r, t, w] / ns[r, than, w]
	return median(a, n)
}

function share(t, ours, theirs, most) {
	if (t ~ /^none$|^beside$|other$/ || ours <= 0 || theirs <= 0)
		return ""
	return sprintf("1/%.0f%s", theirs / ours, !most ||
		t !~ /^-|^plain|^denied|^advise/ ? "" : ours <= theirs / most ? ", met" : ", not met")
}

function ratio(t, w,	x) {
	if (t !~ /other$/)
		return times(t, "none", w) > 1.02 ? sprintf("%.2f", times(t, "none", w)) : ""
	x = times(t, "beside", w)
	return sprintf("%.3f%s", x, w != "files" ? "" : x <= 1.05 ? ", met" : ", not met")
}

BEGIN {
	calls["getppid"] = 1; calls["bytes"] = 2; calls["files"] = 3
	label["idle"] = "programs that do nothing"
	label["idle-other"] = "programs that do nothing, on the host"
	label["plain"] = "trace syscalls"; label["beside"] = "none, on the host"
	label["other"] = "trace syscalls of another"; label["denied"] = "trace denied"
	label["denied-other"] = "trace denied of another"; label["strace"] = "strace -f -o FILE"
	label["advise-other"] = "advise of another"; label["perf-s"] = "perf trace -s"
	label["strace-c"] = "strace -f -c"; label["perf"] = "perf trace"
	label["printf"] = "bpftrace, printf at exit"; label["count"] = "bpftrace, count"
	while ((getline line < lost) > 0) {
		split(line, f, " ")
		missing[f[1]] += f[2]
	}
	print "| work | traced by | ns a call added | of that processor time | times as long |" \
		" of strace -f's (goal 1/80) | of strace -f -c's | of bpftrace's (goal 1/40) | lost of all works |"
	print "|---|---|--:|--:|--:|---|---|---|--:|"
}

{
	ns[$1, $2, $3] = $4
	cpu[$1, $2, $3] = $5
	rounds = $1 > rounds ? $1 : rounds
	if (!seen[$3]++)
		works[++nworks] = $3
	if (!seen[$2]++)
		tracers[++ntracers] = $2
}

END {
	for (i = 1; i <= nworks; i++)
		for (j = 1; j <= ntracers; j++) {
			w = works[i]; t = tracers[j]; a = added(ns, t, w)
			printf "| %s | %s | %.0f | %.0f | %s | %s | %s | %s | %s |\n", w,
				t in label ? label[t] : t ~ /^-/ ? "trace syscalls " t : t,
				a / calls[w], added(cpu, t, w) / calls[w], ratio(t, w),
				share(t, a, added(ns, "strace", w), 80),
				share(t, a, added(ns, "strace-c", w), 0),
				share(t, a, added(ns, "printf", w), 40), missing[t]
		}
}
