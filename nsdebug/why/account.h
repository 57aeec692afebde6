/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account - what is recorded of a container's last run besides the verdict on it: rows below that.
 * Pure.
 */
#ifndef NSDEBUG_WHY_ACCOUNT_H
#define NSDEBUG_WHY_ACCOUNT_H

struct ending;
struct findings;
struct output;
struct target;

/* Its state, since when, and with what it ended. */
void account_state(struct findings *f, const struct ending *x);
/* How often it was started before, if that is known or it has a policy of that. */
void account_restarts(struct findings *f, const struct target *t);
/* Its last lines, and what they belong to if that is above them. */
void account_output(struct findings *f, const struct ending *x, const struct output *o);

#endif
