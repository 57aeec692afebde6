/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storage - what containers/storage (1.43, containers.go), which podman and CRI-O keep their
 * containers in, writes down: an array of containers, each beginning with its "id".
 */
#ifndef NSDEBUG_TARGET_STORAGE_H
#define NSDEBUG_TARGET_STORAGE_H

#include <stdbool.h>

#include "nsdebug/out/jread.h"

struct arena;

/* "[].metadata" is JSON in a string; "image-name" is in it. NULL: not told. */
const char *storage_image(struct arena *a, struct jvalue metadata);
/* Of an image that podman made to hold a pod's namespaces (4.3, pause_image.go)? */
bool storage_is_pause(const char *image);

#endif
