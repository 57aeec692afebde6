/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile DNS messages, alone and as a stream in pieces: all that is shown is short, plain text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/trace/dnsmsg.h"
#include "nsdebug/trace/dnsstream.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_text(const char *s, size_t room)
{
	size_t n = strnlen(s, room);

	if (n == room)
		abort();
	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			abort();
}

static void look(void *ctx, struct bytes b)
{
	static struct dnsmsg m;
	char room[16];

	(void)ctx;
	if (!dnsmsg_parse(b, &m))
		return;
	check_text(m.name, sizeof(m.name));
	if (m.count > DNS_ANSWERS_MAX || m.count > m.answers)
		abort();
	for (unsigned int i = 0; i < m.count; i++)
		check_text(m.text[i], sizeof(m.text[i]));
	check_text(dns_type(m.type, room), 16);
	check_text(dns_rcode(m.rcode, room), 16);
	if (dns_common_labels(m.name, m.count ? m.text[0] : m.name) > 128 ||
	    !dns_same_name(m.name, m.name))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct dns_streams s = { 0 };
	const char *p = (const char *)bytes;

	look(NULL, (struct bytes){ p, len });
	/* each piece: which stream, how many bytes, how many more that were not seen */
	while (len >= 3) {
		size_t n = (uint8_t)p[1] < len - 3 ? (uint8_t)p[1] : len - 3;

		dns_streams_feed(&s, 1 + (uint8_t)p[0], (struct bytes){ p + 3, n },
				 (uint32_t)(uint8_t)p[2] * 300, look, NULL);
		p += 3 + n;
		len -= 3 + n;
	}
	dns_streams_free(&s);
	return 0;
}
