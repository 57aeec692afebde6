/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ended - the kubelet's containers that have ended: containerd's CRI plugin takes their task away
 * and keeps DATA/io.containerd.grpc.v1.cri/containers/ID/status (containerd 1.6,
 * pkg/cri/store/container/status.go) until the kubelet removes the container. Names are told by
 * the kubelet's links only, /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log (Kubernetes 1.20,
 * pkg/kubelet/kuberuntime/legacy.go).
 */
#ifndef NSDEBUG_TARGET_ENDED_H
#define NSDEBUG_TARGET_ENDED_H

#include "nsdebug/target/runtime.h"

/* Calls found, with everything filled in and .loaded set, for each that has ended. */
int ended_each(const struct runtime *r, struct ask *ask, found_fn *found, void *ctx,
	       struct err *e);
/* How it ended: out of its status. */
void ended_ending(const struct container *c, struct ending *x, struct arena *a);

#endif
