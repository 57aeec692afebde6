/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusing - files in an empty directory that user 65532 is refused, for refused.c.
 *
 *	refusing make DIR	as root of the host
 *	refusing unmake DIR	so that they can be removed
 *	refusing cure DIR PROGRAM	what is to be done to the files themselves: flags, modes,
 *			what is in them; PROGRAM is a static one. Owners are left as they are
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *dir;

static const char *in(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void make(const char *name, mode_t mode, const char *text)
{
	int fd = open(in(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    fchmod(fd, mode) < 0)
		err(1, "%s", name);
	close(fd);
}

static void make_dir(const char *name, mode_t mode)
{
	if (mkdir(in(name), 0700) < 0 || chmod(in(name), mode) < 0)
		err(1, "%s", name);
}

/* linux/posix_acl_xattr.h: user::rw-, user:65532:---, group::r--, mask::rw-, other::r-- */
static void add_acl(const char *name)
{
	struct { uint16_t tag, perm; uint32_t id; } e[] = {
		{ 1, 6, ~0u }, { 2, 0, 65532 }, { 4, 4, ~0u }, { 16, 6, ~0u }, { 32, 4, ~0u },
	};
	char value[4 + sizeof(e)] = { 2 };

	memcpy(value + 4, e, sizeof(e));
	if (setxattr(in(name), "system.posix_acl_access", value, sizeof(value), 0) < 0)
		warn("no ACL");
}

static void add_flag(const char *name, int flag)
{
	int fd = open(in(name), O_RDONLY);

	if (ioctl(fd, _IOW('f', 2, long), &flag) < 0)	/* FS_IOC_SETFLAGS */
		warn("%s", name);
	close(fd);
}

static void prepare(void)
{
	static const char interp[] = "\177ELF\2\1\1";
	unsigned char elf[64 + 56 + 16] = { 0 };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	FILE *f;

	make("secret", 0600, "secret");
	make("theirs", 0644, "theirs");
	make("acl", 0644, "acl");
	add_acl("acl");
	make_dir("deep", 0700);
	make("deep/file", 0644, "");
	make_dir("shut", 0755);
	make("shut/file", 0644, "");
	make("shut/moving", 0644, "");
	make_dir("shut/dir", 0755);
	make_dir("sticky", 01777);
	make("sticky/file", 0666, "");
	make("mine", 0644, "mine");
	if (chown(in("mine"), 65532, 65532) < 0)
		err(1, "mine");
	make("script", 0755, "#!/no/such/shell\n");
	make("program", 0644, "#!/h/refused\n");
	make("text", 0755, "what is this\n");
	make("immutable", 0666, "");
	make("appendonly", 0666, "");
	add_flag("immutable", 0x10);
	add_flag("appendonly", 0x20);
	/* a program with nothing in it but the name of its loader */
	memcpy(elf, interp, sizeof(interp) - 1);
	elf[16] = 2;			/* ET_EXEC */
	elf[18] = 62;			/* EM_X86_64 */
	elf[20] = 1;
	elf[32] = 64;			/* e_phoff */
	elf[52] = 64;
	elf[54] = 56;
	elf[56] = 1;			/* e_phnum */
	elf[64] = 3;			/* PT_INTERP */
	elf[68] = 4;
	elf[72] = 120;			/* p_offset */
	elf[96] = elf[104] = 10;		/* sizes */
	memcpy(elf + 120, "/no/ld.so", 9);
	f = fopen(in("dynamic"), "w");
	if (!f || fwrite(elf, sizeof(elf), 1, f) != 1 || fclose(f) || chmod(in("dynamic"), 0755))
		err(1, "dynamic");
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", in("socket"));
	if (bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un, sizeof(un)) < 0 ||
	    chmod(in("socket"), 0600) < 0)
		err(1, "socket");
}

static void unmake(void)
{
	add_flag("immutable", 0);
	add_flag("appendonly", 0);
}

/* As cures say it of files. */
static void cure(const char *program)
{
	char bytes[65536];
	int from = open(program, O_RDONLY), to = open(in("dynamic"), O_WRONLY | O_TRUNC);
	ssize_t n;

	unmake();
	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)n) != n)
			err(1, "dynamic");
	if (n < 0 || close(to) < 0)
		err(1, "%s", program);
	make("text", 0755, "#!/h/refused\n");
	make("program", 0755, "#!/h/refused\n");
}

int main(int argc, char **argv)
{
	if (argc < 3 || (!strcmp(argv[1], "cure")) != (argc == 4))
		errx(2, "make|unmake DIR, cure DIR PROGRAM");
	dir = argv[2];
	if (!strcmp(argv[1], "make"))
		prepare();
	else if (argc == 4)
		cure(argv[3]);
	else
		unmake();
	return 0;
}
