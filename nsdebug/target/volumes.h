/* SPDX-License-Identifier: Apache-2.0 */
/*
 * volumes - whether a directory of the node is a volume that an engine mounts only while it is
 * used: then what is in the directory is not what a container saw.
 *
 * Of docker's local driver (moby 20.10, volume/local): opts.json beside the volume's data. podman
 * keeps a volume's options in its database (4.3, libpod/volume.go: VolumeConfig), as JSON in one
 * piece of the file, be that bolt's or, since 4.8, sqlite's or its log: nothing but these pieces is
 * read of it, older ones too. A volume that is named there, and nowhere with options, has none.
 */
#ifndef NSDEBUG_TARGET_VOLUMES_H
#define NSDEBUG_TARGET_VOLUMES_H

#include <stdbool.h>

struct arena;

/* True too where it may be one. source: an absolute path without "." and "..". */
bool volumes_on_demand(const char *source, struct arena *a);

#endif
