/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dnssearch - is a name that does not exist a step through a search list towards another one?
 *
 * The list is that of the container's /etc/resolv.conf, as it is when the trace begins: a reader
 * (ROLE_READER) beside the tracer sends the file, which is parsed by the sealed parser. A process
 * may have a list of its own (LOCALDOMAIN, another mount namespace), and of a container that is
 * not there yet there is no file: then only what two names themselves say is left, and is a
 * perhaps.
 */
#ifndef NSDEBUG_TRACE_DNSSEARCH_H
#define NSDEBUG_TRACE_DNSSEARCH_H

#include <stdbool.h>
#include <stddef.h>

struct inside;

#define DNS_SEARCH_BYTES 4096		/* of the file */
#define DNS_SEARCH_MAX 32		/* suffixes */

struct dns_search {
	bool known;			/* there is such a file */
	size_t count;
	const char *suffixes[DNS_SEARCH_MAX];
	char text[DNS_SEARCH_BYTES];
};

enum dns_step { DNS_STEP_NONE, DNS_STEP_PERHAPS, DNS_STEP };

/* The reader, all of it: sends the file by in->peer. */
void dns_search_serve(struct inside *in, void *arg);
/* Its other end: takes what it sends, and looks at none of it. */
void dns_search_take(struct dns_search *s, int peer);
void dns_search_parse(struct dns_search *s);

/* Names as struct dnsmsg has them. */
enum dns_step dns_search_step(const struct dns_search *s, const char *earlier, const char *later);

#endif
