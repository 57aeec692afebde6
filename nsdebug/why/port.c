/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/port.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/sockdiag.h"
#include "nsdebug/why/capable.h"

#define FIRST_PORT 1024		/* before Linux 4.11 it is always this */
#define TCP_LISTEN 10

struct search {
	uint16_t port;
	bool udp, taken;
	uint32_t uid;
};

static void look(void *ctx, const struct sock *s)
{
	struct search *x = ctx;

	if (s->local.port != x->port || (!x->udp && s->state != TCP_LISTEN))
		return;
	x->taken = true;
	x->uid = s->uid;
}

static bool is_taken(int diag, uint16_t port, bool udp, uint32_t *uid)
{
	struct search x = { .port = port, .udp = udp };
	const struct sockdiag_want want[] = {
		{ AF_INET, udp ? IPPROTO_UDP : IPPROTO_TCP, udp ? 0 : 1u << TCP_LISTEN },
		{ AF_INET6, udp ? IPPROTO_UDP : IPPROTO_TCP, udp ? 0 : 1u << TCP_LISTEN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		sockdiag_each(diag, &want[i], look, &x);
	*uid = x.uid;
	return x.taken;
}

void port_judge(const struct inside *in, int dir, const struct creds *c, uint16_t port, bool udp,
		struct reason *ret)
{
	struct capable over;
	uint32_t uid;

	capable_read(dir, c, &over);
	*ret = (struct reason){ .kind = WHY_GRANTED, .number = port };
	if (!in->nnets) {
		ret->kind = WHY_UNKNOWN;
		snprintf(ret->word, sizeof(ret->word), "its network namespace cannot be joined: %s",
			 errno_name(in->nets_err));
		return;
	}
	if (ns_id(dir, "net") != in->nets[0].id) {
		ret->kind = WHY_UNKNOWN;
		snprintf(ret->word, sizeof(ret->word), "the process is in another network "
			 "namespace than the container: ask of it by its own number");
		return;
	}
	ret->limit = in->nets[0].first_port < 0 ? FIRST_PORT : (uint64_t)in->nets[0].first_port;
	if (port && port < ret->limit &&
	    !(over.caps[OVER_NET] & CREDS_CAP(NET_BIND_SERVICE))) {
		ret->kind = WHY_PORT;
		ret->err = EACCES;
		ret->caps = CREDS_CAP(NET_BIND_SERVICE);
	} else if (port && is_taken(in->nets[0].diag, port, udp, &uid)) {
		ret->kind = WHY_IN_USE;
		ret->err = EADDRINUSE;
		ret->uid = uid;
	}
}
