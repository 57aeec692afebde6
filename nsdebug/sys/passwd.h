/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passwd - names of users and groups out of a target's own /etc/passwd and /etc/group. passwd(5).
 *
 * They are the target's claim, never the host's users, and never read through libc: NSS would load
 * libraries of the container.
 */
#ifndef NSDEBUG_SYS_PASSWD_H
#define NSDEBUG_SYS_PASSWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/str.h"

#define PASSWD_BYTES_MAX (1u << 20)
#define PASSWD_NAMES_MAX 16384

/* A line "name:password:id:rest"; rest is the first group of a user, and the members of a group. */
struct passwd_entry {
	struct bytes name, rest;
	uint32_t id;
};

/* The next of them, behind which *text goes on; other lines are passed over. False: no more. */
bool passwd_next(struct bytes *text, struct passwd_entry *ret);
/* Digits, and nothing else. */
bool passwd_id(struct bytes text, uint32_t *ret);
/* Calls found for every "name:...:id:..." line; the first line of an id counts, as in libc. */
void passwd_parse(const char *text, size_t len,
		  void (*found)(void *ctx, uint32_t id, const char *name, size_t name_len),
		  void *ctx);

#endif
