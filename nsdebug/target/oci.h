/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oci - what the OCI runtimes below every engine leave on disk: runc's state.json, crun's status,
 * and the spec, config.json.
 *
 * libcontainer's State (runc 1.1, libcontainer/container_linux.go and container.go): "id",
 * "init_process_pid", "init_process_start" and "created" come first, the large "config" after
 * them, so a lookup reads the first block of the file only. config.labels is an array of
 * "key=value"; the bundle is the label "bundle".
 *
 * libcrun_container_status_s (crun 1.8, src/libcrun/status.c): "pid", "process-start-time",
 * "created", "bundle" and more, flat. The id is the directory's name.
 *
 * The spec (opencontainers/runtime-spec 1.0, specs-go/config.go) has "annotations" before the
 * large "linux", where reading ends.
 */
#ifndef NSDEBUG_TARGET_OCI_H
#define NSDEBUG_TARGET_OCI_H

#include "nsdebug/target/runtime.h"

/* Fills pid, start, created and state_dir from DIR/ID. ST_TARGET: no state there. */
int oci_runc(struct container *c, struct arena *a, const char *dir, struct err *e);
int oci_crun(struct container *c, struct arena *a, const char *dir, struct err *e);
/*
 * For an engine that knows the pid: adds the start time from whichever of the two is in one of
 * dirs[] (ends with NULL). ST_REFUSED if the pids differ: one of the two is of another time. With
 * no such state at all c->start stays 0.
 */
int oci_confirm(struct container *c, struct arena *a, const char *const *dirs, struct err *e);

/* config.labels of DIR/ID/state.json; the bundle among them. */
int oci_runc_labels(struct container *c, struct arena *a, const char *dir, struct buf *labels,
		    struct err *e);
/* Calls fn for each annotation of a spec, key without "annotations.". */
int oci_annotations(int fd, bool (*fn)(void *ctx, const char *key, struct jvalue v), void *ctx,
		    struct err *e);

#endif
