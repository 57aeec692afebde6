/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health - what an engine has written down of a container's health checks: docker in State.Health
 * of config.v2.json (moby 20.10, api/types/types.go, Health), podman in RUN/ID/healthcheck.log
 * (4.3, libpod/healthcheck.go, HealthCheckResults), by the same keys.
 */
#ifndef NSDEBUG_TARGET_HEALTH_H
#define NSDEBUG_TARGET_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/out/jread.h"

struct arena;
struct container;

struct health {
	const char *status;	/* "starting", "healthy", "unhealthy"; NULL: there are no checks */
	uint64_t failing;	/* so many failed, one after another, until now */
	/* of the last one: */
	int64_t code;		/* -1: it could not be started, or did not end in time */
	const char *ended, *output;	/* RFC 3339; its own word, cut */
	const char *source;	/* the file that tells it */
	const char *word;	/* how the check is given: "CMD-SHELL", "CMD"; NULL: not known */
};

/* key: of the document's part that is about health. */
void health_take(struct health *h, struct arena *a, const char *key, struct jvalue v);
void health_podman(struct health *h, const struct container *c, struct arena *a);

#endif
