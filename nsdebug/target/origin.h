/* SPDX-License-Identifier: Apache-2.0 */
/*
 * origin - where a mount of a container comes from: a layer, a volume, a ConfigMap, a host path.
 *
 * It follows from what the kernel says (device, root within the file system, type, whose parent)
 * and from our own mount table, by which device and root become a path on the host; then from where
 * engines and the kubelet keep their things below root's directories. The source string of a mount
 * is never asked: whoever made the mount chose it. The layers of an overlay are strings of that
 * kind too, and are marked as claimed where they are shown.
 *
 * Paths: kubelet (pkg/kubelet/kubelet_getters.go, pkg/volume/util), moby (volume/local,
 * container/container_unix.go), containers/storage and libpod, containerd's CRI plugin.
 */
#ifndef NSDEBUG_TARGET_ORIGIN_H
#define NSDEBUG_TARGET_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/str.h"
#include "nsdebug/sys/cover.h"

struct arena;
struct mount;
struct mounts;

enum origin_kind {
	ORIGIN_OTHER, ORIGIN_IMAGE, ORIGIN_VOLUME, ORIGIN_CONFIGMAP, ORIGIN_SECRET,
	ORIGIN_PROJECTED, ORIGIN_TOKEN, ORIGIN_EMPTYDIR, ORIGIN_DOWNWARD, ORIGIN_PV,
	ORIGIN_SUBPATH, ORIGIN_INJECTED, ORIGIN_BIND, ORIGIN_REMOUNT, ORIGIN_TMPFS,
	ORIGIN_OVERLAY, ORIGIN_DEVICE, ORIGIN_MASKED, ORIGIN_READONLY, ORIGIN_PROC, ORIGIN_SYSFS,
	ORIGIN_CGROUP, ORIGIN_MQUEUE, ORIGIN_DEVPTS, ORIGIN_NAMESPACE, ORIGIN_KERNEL,
	ORIGIN_KINDS
};

struct origin {
	enum origin_kind kind;
	struct bytes name;	/* of the volume, the ConfigMap ..., of an injected file */
	struct bytes pod;	/* uid of the pod */
	struct bytes driver;	/* of a volume of the kubelet: "csi", "nfs" */
	const char *inside;	/* what of the volume is mounted: "/sub", or "" */
	const char *host;	/* path on the host, or NULL */
	uint32_t part_of;	/* mount of the container with the same files; NO_MOUNT: none */
	bool plumbing;		/* what every container has, and few ask for */
};

/* What is looked up once for all mounts of a container. */
struct origins {
	const struct mounts *own, *host;
	struct cover own_cover, host_cover;
	uint32_t *host_by_device;	/* its reachable mounts, those of a device together */
	uint32_t *own_parts;		/* of each of its own: which one shows more of it */
	struct bytes pod;
	struct arena *a;	/* of all results */
};

void origins_init(struct origins *s, const struct mounts *own, const struct mounts *host,
		  struct arena *a);
void origin_of(const struct origins *s, uint32_t mount, struct origin *ret);
const char *origin_word(enum origin_kind k);

/* What engines and the kubelet keep at a path of the host; false if nothing. */
bool origin_by_path(const char *path, struct origin *ret);

/* The layers of an overlay: of its own words, in the order in which they are looked through. */
struct layers {
	struct bytes *lower;	/* free() */
	size_t count;
	struct bytes upper, work;
};

void origin_layers(const struct mount *m, struct layers *ret, struct arena *a);

#endif
