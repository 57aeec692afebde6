/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source - what a cure has to name and only the target tells: where a volume comes from, for which
 * curing leaves the word SOURCE, and of a pod the container's name, for which it leaves CONTAINER.
 */
#ifndef NSDEBUG_WHY_SOURCE_H
#define NSDEBUG_WHY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct cure;
struct ending;
struct reason;
struct target;

/*
 * Puts the name of the volume on the mount of the reason, or its directory on the host, into the
 * options, as one word of a shell. They stay as they are where the host has no such path
 * (target/origin.h), or where an engine would not take it: with a colon, a comma, or what cannot be
 * printed. The target's mount table and our own are read; of one that has ended, what is recorded.
 * Words for the host are told what they are about there. Of what an engine writes itself for the
 * container (/etc/hosts) the cure is another one: to tell it. Of a tmpfs that runs the options that
 * it has are kept, in what mounts another one.
 */
void source_put(struct cure *c, const struct target *t, const struct reason *r);
void source_put_ended(struct cure *c, const struct ending *x, const struct reason *r);
/* part: the container's name in its pod, or NULL. */
void source_put_part(struct cure *c, const char *part);
/* HINT_CONTROL of a socket that has another name in the container; HINT_HOST_NET, _HOST_PATH,
 * _HOST_UTS, _TMPFS, _TMP_ON_ROOT. */
void source_hint(struct reason *r, const struct target *t);
/* Of what is at a path of the host: the name of the engine's volume there, or the path. */
bool source_at(char *ret, size_t room, const char *path);
/* Such a word; false if there is none, or it is too long. */
bool source_quote(char *ret, size_t room, const char *path);

#endif
