/* SPDX-License-Identifier: Apache-2.0 */
/*
 * k8s - what kubelets write about a container: names in annotations, in the names they give, and
 * numbered log files.
 */
#ifndef NSDEBUG_TARGET_K8S_H
#define NSDEBUG_TARGET_K8S_H

#include "nsdebug/target/runtime.h"

/*
 * "k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT" (Kubernetes 1.20, pkg/kubelet/dockershim/naming.go;
 * CRI-O names its containers so too). CONTAINER is "POD" for the sandbox. No part of it can hold
 * an underscore. False if it is no such name.
 */
bool k8s_name(struct container *c, struct arena *a, const char *name);
/*
 * An annotation of containerd's CRI plugin (1.6, pkg/cri/annotations/annotations.go) or of CRI-O
 * (pkg/annotations); true if it was one that tells of c.
 */
bool k8s_annotation(struct container *c, struct arena *a, const char *key, struct jvalue v);
/* After the last annotation: a pod without a name or a namespace is none. Gives c its name. */
void k8s_settle(struct container *c);
/* /var/log/pods/NAMESPACE_POD_UID/CONTAINER (pkg/kubelet/kuberuntime/helpers.go). */
void k8s_logs(struct container *c, struct arena *a, const char *uid);
/* The highest N of N.log there: the attempts before this one. UINT64_MAX: not told. */
uint64_t k8s_restarts(const struct container *c);

#endif
