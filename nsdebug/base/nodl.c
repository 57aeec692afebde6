/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nodl - a static glibc still has three doors through which a library of whoever owns the root
 * directory would be loaded into us: NSS (getpwuid() reads nsswitch.conf), iconv (gconv modules)
 * and a library's own dlopen() (libdw looks for debuginfod). After a chroot into a container
 * those libraries are the container's, and their constructors would run with our capabilities.
 *
 * The Makefile links every reference to the loader to these functions (-Wl,--wrap), so that
 * nothing can be loaded whoever asks. With all six wrapped the loader's own code is not even
 * linked any more, which `make check-static` looks for. The SAN=1 build is dynamic and has
 * neither the wraps nor this file.
 */
#ifndef NSDEBUG_SAN

#include <stddef.h>

void *__wrap_dlopen(const char *name, int mode);
void *__wrap_dlsym(void *handle, const char *name);
void *__wrap___libc_dlopen_mode(const char *name, int mode);
void *__wrap___libc_dlsym(void *handle, const char *name);
void *__wrap___libc_dlvsym(void *handle, const char *name, const char *version);
int __wrap___libc_dlclose(void *handle);

void *__wrap_dlopen(const char *name, int mode)
{
	(void)name;
	(void)mode;
	return NULL;
}

void *__wrap_dlsym(void *handle, const char *name)
{
	(void)handle;
	(void)name;
	return NULL;
}

void *__wrap___libc_dlopen_mode(const char *name, int mode)
{
	(void)name;
	(void)mode;
	return NULL;
}

void *__wrap___libc_dlsym(void *handle, const char *name)
{
	(void)handle;
	(void)name;
	return NULL;
}

void *__wrap___libc_dlvsym(void *handle, const char *name, const char *version)
{
	(void)handle;
	(void)name;
	(void)version;
	return NULL;
}

int __wrap___libc_dlclose(void *handle)
{
	(void)handle;
	return 0;
}

#else
/* ISO C wants at least one declaration in a file. */
typedef int nodl_is_for_static_builds;
#endif
