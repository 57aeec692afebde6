/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dnsmsg - a DNS message (RFC 1035) in words.
 *
 * Its bytes are those of a container or of whoever sent it something: each length is checked, a
 * compressed name only leads towards the beginning of the message, and what is shown is text
 * without any byte that is not: others are \DDD, as in master files.
 */
#ifndef NSDEBUG_TRACE_DNSMSG_H
#define NSDEBUG_TRACE_DNSMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/str.h"

#define DNS_NAME_MAX 1024	/* 255 bytes, each of them as \DDD at worst, and a NUL */
#define DNS_TEXT_MAX 1088	/* a name, and what stands before it */
#define DNS_ANSWERS_MAX 16

struct dnsmsg {
	uint16_t id;
	bool response, truncated;
	uint8_t opcode, rcode;
	char name[DNS_NAME_MAX];	/* the question: the first, for there is never another */
	uint16_t type;
	unsigned int answers;		/* records of the answer section */
	unsigned int count;		/* of them in text[] */
	bool cut;			/* there are more, or they could not be read */
	char text[DNS_ANSWERS_MAX][DNS_TEXT_MAX];
};

/* False if it is no query, nor an answer to one, with a question. */
bool dnsmsg_parse(struct bytes bytes, struct dnsmsg *m);

/* "AAAA", "TYPE65280"; "NXDOMAIN", "RCODE15". */
const char *dns_type(uint16_t type, char room[16]);
const char *dns_rcode(uint8_t rcode, char room[16]);

/* As the DNS compares them: ASCII letters are the same in both cases. */
bool dns_same_name(const char *a, const char *b);
/* Where the label that begins here ends: at a dot that is not one of the label's own. */
size_t dns_label_len(const char *s);
/* How many labels two names have in common at their beginning. */
unsigned int dns_common_labels(const char *a, const char *b);

#endif
