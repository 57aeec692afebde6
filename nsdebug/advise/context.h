/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context - what was found, as a pod and as docker and podman are told it.
 *
 * Words of the container stand in there only where they can mean nothing but themselves: a path
 * with other characters than those of plain names is left out, and said in a comment.
 */
#ifndef NSDEBUG_ADVISE_CONTEXT_H
#define NSDEBUG_ADVISE_CONTEXT_H

struct advice;
struct buf;

/* A name for the profiles, of the target's: "nsdebug-web". Room for CONTEXT_NAME. */
#define CONTEXT_NAME 80
void context_name(const char *target, char ret[CONTEXT_NAME]);

/* Of the container in a pod, with the volumes that it takes; goes on behind what is in *b. */
void context_kubernetes(struct buf *b, const struct advice *a, const char *name);
/* Options of docker run; of podman run if the container is podman's. */
void context_docker(struct buf *b, const struct advice *a, const char *name);

#endif
