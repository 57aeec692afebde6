/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dnsstream - DNS messages out of what TCP sockets send and receive, in pieces of any size.
 *
 * Each has its length in front (RFC 1035 4.2.2). Of a long one the beginning is kept; bytes that
 * were not seen are passed over. Sockets are followed one direction each, as many as there is room
 * for: the one that was quiet for longest is forgotten first.
 */
#ifndef NSDEBUG_TRACE_DNSSTREAM_H
#define NSDEBUG_TRACE_DNSSTREAM_H

#include <stdint.h>

#include "nsdebug/base/str.h"

#define DNS_STREAMS_MAX 64
#define DNS_KEPT_MAX 4096

struct dns_stream {
	uint64_t key, used;		/* 0: free; when it was last fed */
	uint32_t head, length;		/* bytes of the length that are there; the message's */
	uint32_t got;			/* of the message, seen or not */
	uint32_t kept;			/* in bytes[], all from its beginning */
	uint8_t bytes[DNS_KEPT_MAX];
};

struct dns_streams {
	uint64_t clock;
	struct dns_stream *all;		/* DNS_STREAMS_MAX, or NULL: none yet; owned */
};

typedef void dns_message_fn(void *ctx, struct bytes message);

/* What came next of this stream: the bytes, and how many that were not seen are behind them. */
void dns_streams_feed(struct dns_streams *s, uint64_t key, struct bytes bytes, uint32_t unseen,
		      dns_message_fn *fn, void *ctx);
void dns_streams_free(struct dns_streams *s);

#endif
