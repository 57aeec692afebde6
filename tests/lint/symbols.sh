#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# symbols.sh O - what an object asks the linker for says what it can do. A rule kept here needs
# no reviewer: a tool that prints by itself, opens a path by itself or ends the process does not
# pass. Exact names, on our own objects (libc.a always carries some of these).
set -u
O=$1

find "$O/obj/nsdebug" "$O/obj/tools" -name '*.o' 2>/dev/null | sort | xargs -r nm -uA |
	sed "s,^$O/obj/,," | awk '
function set(rule, words,	i, n, w) {
	n = split(words, w, /[ \t\n]+/)
	for (i = 1; i <= n; i++)
		if (w[i] != "")
			has[rule, w[i]] = 1
}

BEGIN {
	# No bounds, not reentrant, another program, or the host libraries of NSS and iconv.
	set("never", "strcpy strcat stpcpy sprintf vsprintf gets strtok atoi atol atoll atof \
		system popen mktemp tmpnam tempnam wordexp \
		localtime gmtime ctime asctime \
		getpwnam getpwuid getpwent getpwnam_r getpwuid_r getpwent_r setpwent \
		getgrnam getgrgid getgrent getgrnam_r getgrgid_r getgrent_r setgrent \
		getgrouplist initgroups getlogin getlogin_r cuserid getspnam \
		getaddrinfo getnameinfo gethostbyname gethostbyname2 gethostbyaddr \
		gethostbyname_r gethostbyaddr_r getservbyname getservbyport getprotobyname \
		iconv iconv_open iconv_close \
		dlopen dlmopen dlsym dlvsym \
		execl execle execlp execv execve execveat execvp execvpe fexecve \
		posix_spawn posix_spawnp")

	# Rows go through out/, files through what the role holds, failures through err.
	set("tool", "printf fprintf vprintf vfprintf dprintf vdprintf puts fputs putchar putc \
		fputc fwrite fflush perror psignal write writev pwrite pwrite64 \
		stdin stdout stderr scanf \
		exit _exit _Exit quick_exit abort __assert_fail \
		fork vfork clone clone3 daemon syscall \
		setns unshare chroot pivot_root mount umount umount2 \
		open open64 openat openat64 creat creat64 fopen fopen64 freopen freopen64 \
		opendir chdir fchdir ptrace kill tgkill pidfd_send_signal process_vm_readv")

	set("print", "stdout stderr printf vprintf puts putchar dprintf vdprintf perror psignal")
	set("end", "exit _exit _Exit quick_exit abort")
	set("door", "setns unshare chroot pivot_root fork vfork clone clone3 daemon")

	cure["never"] = "forbidden everywhere; use base/str.h, base/buf.h, sys/passwd.h or do without"
	cure["tool"] = "forbidden in a tool; rows go through out/, paths through the role, " \
		"errors through struct err"
	cure["print"] = "only nsdebug/out, nsdebug/cli and base/err, mem, fd print; " \
		"return the text, or emit a row"
	cure["end"] = "only main.c, enter/ and base/mem end a process; return an error"
	cure["door"] = "only enter/ makes processes and joins namespaces; add a role there"
}

function wanted(o, s,	k) {
	if (has["never", s])
		return "never"
	if (o ~ /^tools\//)
		return has["tool", s] ? "tool" : ""
	if (has["print", s] &&
	    o !~ /^nsdebug\/(out\/|cli\/|session\/|tui\/|main\.o|base\/(err|mem|fd)\.o)/)
		return "print"
	if (has["end", s] && o !~ /^nsdebug\/(enter\/|session\/|main\.o|base\/(err|mem)\.o)/)
		return "end"
	if (has["door", s] && o !~ /^nsdebug\/(enter\/|session\/)/)
		return "door"
	return ""
}

{
	o = $1
	sub(/:.*/, "", o)
	s = $NF
	# _FORTIFY_SOURCE: __printf_chk is printf, __open64_2 is open64.
	if (sub(/_chk$/, "", s) || s ~ /^__open.*_2$/ && sub(/_2$/, "", s))
		sub(/^__/, "", s)
	sub(/^__isoc[0-9]*_/, "", s)
	why = wanted(o, s)
	if (why == "")
		next
	sub(/\.o$/, ".c", o)
	printf "%s: uses %s: %s\n", o, s, cure[why]
	bad = 1
}
END { exit bad }'
