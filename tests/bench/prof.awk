# SPDX-License-Identifier: Apache-2.0
# Lines "TOOL HZ NS CPU TAKEN SAMPLES", a turn each -> a table of medians.
function median(t, what,	n, i, j, a, x) {
	n = count[t]
	for (i = 1; i <= n; i++)
		a[i] = all[t, what, i]
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && a[j] < a[j - 1]; j--) {
			x = a[j]; a[j] = a[j - 1]; a[j - 1] = x
		}
	return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
}

{
	t = $1 " " $2
	if (!count[t]++)
		order[++tools] = t
	all[t, "cpu", count[t]] = $4
	all[t, "taken", count[t]] = $5 / 1e6
	all[t, "samples", count[t]] = $6
}

END {
	label["nsdebug"] = "prof"; label["perf"] = "perf record --call-graph dwarf, perf script"
	label["bpftrace"] = "bpftrace profile:hz"; label["none"] = "nothing"
	print "| sampled by | times a second | samples | processor time that it took, s |" \
		" of that of the work | the work's own, times none | prof's, of this one |"
	print "|---|--:|--:|--:|--:|--:|--:|"
	work = median("none 0", "cpu") * turns / 1e9
	for (i = 1; i <= tools; i++) {
		split(order[i], f, " ")
		taken = median(order[i], "taken")
		printf "| %s | %s | %d | %.2f | %.1f %% | %.3f | %s |\n", label[f[1]], f[2],
			median(order[i], "samples"), taken, 100 * taken / work,
			median(order[i], "cpu") / median("none 0", "cpu"),
			f[1] == "perf" || f[1] == "bpftrace" ? sprintf("%.2f",
				median("nsdebug " f[2], "taken") / taken) : ""
	}
}
