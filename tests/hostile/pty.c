/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pty - runs a command on a terminal of its own and says what reaches it.
 *
 *	pty raw COMMAND...	the bytes, as they came; exit status of the command
 *	pty check COMMAND...	99, and what it was, if a byte came that text has no use for: a
 *				control character but newline (and the terminal's own return
 *				before it), a C1 control, invalid UTF-8, an invisible or
 *				direction-changing character
 *	pty text COMMAND...	the same, but a tab may come
 *	pty colour COMMAND...	as check, but ESC [ digits and ; m may come
 *	pty hold		prints the name of a new terminal and keeps it, until killed
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned char *bytes;
static size_t len;

static void gather(int fd)
{
	for (;;) {
		ssize_t n;

		bytes = realloc(bytes, len + 65536);
		if (!bytes)
			err(1, "memory");
		n = read(fd, bytes + len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;		/* EIO: the last one who had it open closed it */
		len += (size_t)n;
	}
}

/* A character at i: its length, 0 if it is not UTF-8. */
static size_t decode(size_t i, unsigned int *ret)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = bytes[i];
	size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;

	if (!n || c > 0xf4 || i + n > len)
		return 0;
	*ret = n == 1 ? c : c & (0x7fu >> n);
	for (size_t k = 1; k < n; k++) {
		if ((bytes[i + k] & 0xc0) != 0x80)
			return 0;
		*ret = *ret << 6 | (bytes[i + k] & 0x3f);
	}
	return *ret < least[n] || *ret > 0x10ffff || (*ret >= 0xd800 && *ret < 0xe000) ? 0 : n;
}

static int is_bad(unsigned int c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
		(c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
		(c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
		(c >= 0xe000 && c <= 0xf8ff) || (c >= 0xe0000 && c <= 0xe007f) || c >= 0xf0000;
}

static size_t colour(size_t i)
{
	size_t n = i + 2;

	if (i + 2 >= len || bytes[i] != 27 || bytes[i + 1] != '[')
		return 0;
	while (n < len && (bytes[n] == ';' || (bytes[n] >= '0' && bytes[n] <= '9')))
		n++;
	return n < len && bytes[n] == 'm' ? n + 1 - i : 0;
}

static int check(int colours, int tabs)
{
	for (size_t i = 0; i < len;) {
		unsigned int c = 0;
		size_t n = colours ? colour(i) : 0;

		if (bytes[i] == '\n' || (tabs && bytes[i] == '\t') ||
		    (bytes[i] == '\r' && i + 1 < len && bytes[i + 1] == '\n'))
			n = 1;
		if (n) {
			i += n;
			continue;
		}
		n = decode(i, &c);
		if (!n || is_bad(c)) {
			fprintf(stderr, "byte %zu: %02x U+%04X in:", i, bytes[i], c);
			for (size_t k = i > 40 ? i - 40 : 0; k < len && k < i + 40; k++)
				fprintf(stderr, bytes[k] > 32 && bytes[k] < 127 ? "%c" : "<%02x>",
					bytes[k]);
			fprintf(stderr, "\n");
			return 99;
		}
		i += n;
	}
	return 0;
}

static int hold(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0)
		err(1, "terminal");
	printf("%s\n", ptsname(fd));
	fflush(stdout);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct winsize w = { .ws_row = 50, .ws_col = 200 };
	int fd, status, bad = 0;
	pid_t pid;

	if (argc == 2 && !strcmp(argv[1], "hold"))
		return hold();
	if (argc < 3)
		errx(2, "usage: pty raw|check|text|colour COMMAND...");
	pid = forkpty(&fd, NULL, NULL, &w);
	if (pid < 0)
		err(1, "terminal");
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	gather(fd);
	waitpid(pid, &status, 0);
	if (strcmp(argv[1], "raw"))
		bad = check(!strcmp(argv[1], "colour"), !strcmp(argv[1], "text"));
	fwrite(bytes, 1, len, stdout);
	return bad ? bad : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
