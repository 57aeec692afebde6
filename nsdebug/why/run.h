/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run - would the kernel run a program: the right to, its format, and the same of its interpreter.
 */
#ifndef NSDEBUG_WHY_RUN_H
#define NSDEBUG_WHY_RUN_H

struct walk;

/* execve(2) of w->ask->path. 0, or -1 with *w->why. */
int run_judge(struct walk *w);

#endif
