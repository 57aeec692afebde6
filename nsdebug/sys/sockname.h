/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockname - sockets in words: families, protocols, states, addresses. No name is looked up
 * anywhere: ports and addresses are numbers.
 */
#ifndef NSDEBUG_SYS_SOCKNAME_H
#define NSDEBUG_SYS_SOCKNAME_H

#include <stdint.h>

struct buf;
struct sock;
struct sock_end;

/* "inet", "unix" ...; NULL if it is not known. */
const char *sock_family(uint8_t family);
/* "tcp", "udp", "route" of netlink; NULL if there is none or it is not known. */
const char *sock_protocol(const struct sock *s);
/* "stream", "dgram" ... of SOCK_*; NULL. */
const char *sock_type(uint8_t type);
/* "LISTEN", "ESTABLISHED" ...; "UNCONNECTED" of what needs no connection; NULL if it has none. */
const char *sock_state(const struct sock *s);
/* "192.0.2.1:80", "[2001:db8::1]:80", "*:80" */
void sock_put_end(struct buf *b, uint8_t family, const struct sock_end *e);
/* The local end, or (remote) the other one, of any family; nothing if it has none. The name of a
 * UNIX socket is the target's word: a path, or @ and the abstract name. */
void sock_put_local(struct buf *b, const struct sock *s);
void sock_put_remote(struct buf *b, const struct sock *s);

#endif
