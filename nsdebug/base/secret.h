/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret - which parts of a named value look like a secret, and the value without them.
 *
 * A guess that errs on the side of hiding: by the name, and by the shape of the value. It looks at
 * one value alone; a secret that looks like a plain word under a plain name is not found.
 *
 * By the name, all of the value: a name with PASSWORD, PASSWD, PASSPHRASE, SECRET, TOKEN,
 * CREDENTIAL or CONNECTIONSTRING in it; with the word PASS, PWD (but for PWD and OLDPWD), PW, KEY,
 * KEYS, CRED, CREDS, COOKIE or SALT; whose last word is AUTH or AUTHORIZATION, or ends in PASS or
 * KEY. Case does not count, words are parted by what is no letter or digit, or by aB. Not where the
 * value is yes, no, true, false, on or off; where the name ends in FILE, PATH or DIR and the value
 * is an absolute path; or in LENGTH, LIMIT, SIZE, COUNT, TTL, TIMEOUT or TOKENS and the value is a
 * number.
 *
 * By the shape, that part of the value: the password of a URL, and a long user without one; that of
 * user:x@tcp(host); parameters of such a name, or of PWD (password=x, --password x, password: x,
 * "password":"x", also with its quotes escaped); JSON web tokens; AWS key
 * ids; what begins like a token of a known issuer; what follows Bearer or Basic; PEM but for
 * certificates and public keys; 32 and more hexadecimal digits; words of 24 and more letters and
 * digits that change between small, capital and digit more often than language does.
 */
#ifndef NSDEBUG_BASE_SECRET_H
#define NSDEBUG_BASE_SECRET_H

#include <stdbool.h>

#include "nsdebug/base/str.h"

struct buf;

/* Does the name alone say that its value is a secret? */
bool secret_name(struct bytes name);
/*
 * Appends the value to b, each secret part as "<N bytes masked>". Returns the reason: "name",
 * "url", "parameter", "jwt", "aws-key-id", "token", "pem", "random"; NULL if nothing was masked.
 */
const char *secret_mask(struct buf *b, struct bytes name, struct bytes value);

#endif
