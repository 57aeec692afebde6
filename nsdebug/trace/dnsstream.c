/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/dnsstream.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"

static struct dns_stream *find(struct dns_streams *s, uint64_t key)
{
	struct dns_stream *oldest;

	if (!s->all)
		s->all = mem_alloc(DNS_STREAMS_MAX * sizeof(*s->all));
	oldest = s->all;
	for (struct dns_stream *d = s->all; d < s->all + DNS_STREAMS_MAX; d++) {
		if (d->key == key)
			return d;
		if (d->used < oldest->used)
			oldest = d;
	}
	oldest->key = key;
	oldest->head = oldest->length = oldest->got = oldest->kept = 0;
	return oldest;
}

/* The length itself: without a byte of it nothing that follows can be told apart. */
static void take_head(struct dns_stream *d, struct bytes *b, uint32_t *unseen)
{
	if (b->len) {
		d->length = d->length << 8 | (unsigned char)*b->p;
		d->head++;
		b->p++;
		b->len--;
		return;
	}
	d->key = 0;
	*unseen = 0;
}

static void take_body(struct dns_stream *d, struct bytes *b, uint32_t *unseen)
{
	uint32_t left = d->length - d->got, n = b->len < left ? (uint32_t)b->len : left, keep;

	if (b->len) {
		keep = n < DNS_KEPT_MAX - d->kept ? n : DNS_KEPT_MAX - d->kept;
		if (d->kept == d->got) {	/* nothing was missing until here */
			memcpy(d->bytes + d->kept, b->p, keep);
			d->kept += keep;
		}
		b->p += n;
		b->len -= n;
	} else {
		n = *unseen < left ? *unseen : left;
		*unseen -= n;
	}
	d->got += n;
}

void dns_streams_feed(struct dns_streams *s, uint64_t key, struct bytes bytes, uint32_t unseen,
		      dns_message_fn *fn, void *ctx)
{
	struct dns_stream *d = find(s, key);

	d->used = ++s->clock;
	while (d->key == key && (bytes.len || unseen)) {
		if (d->head < 2)
			take_head(d, &bytes, &unseen);
		else
			take_body(d, &bytes, &unseen);
		if (d->head < 2 || d->got < d->length)
			continue;
		fn(ctx, (struct bytes){ (const char *)d->bytes, d->kept });
		d->head = d->length = d->got = d->kept = 0;
	}
}

void dns_streams_free(struct dns_streams *s)
{
	free(s->all);
	s->all = NULL;
}
