/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/base/secret.h"

#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"

#define NAME_MAX_ 256		/* of a longer name its end counts */
#define USER_MIN 12		/* of a URL without a password: a token from here on */
#define WORD_MIN 24
#define HEX_MIN 32

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_alnum(char c)
{
	return is_digit(c) || is_upper(c) || is_lower(c);
}

static char upper(char c)
{
	return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

/* ---- names ---- */

static bool is_one_of(const char *word, size_t len, const char *const *list)
{
	for (; *list; list++)
		if (strlen(*list) == len && !memcmp(*list, word, len))
			return true;
	return false;
}

static bool ends_in(const char *word, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && !memcmp(word + len - n, end, n);
}

/* The words of a name, in capitals, each behind a blank; without any parting in `whole`. */
struct words {
	char text[2 * NAME_MAX_ + 2], whole[NAME_MAX_ + 1];
	size_t len, count;
	const char *last;
	size_t last_len;
};

static void part(struct words *w, struct bytes name)
{
	size_t n = 0;
	char before = 0;

	*w = (struct words){ .count = 0 };
	if (name.len > NAME_MAX_)
		name = (struct bytes){ name.p + name.len - NAME_MAX_, NAME_MAX_ };
	for (size_t i = 0; i < name.len; before = name.p[i++]) {
		char c = name.p[i];

		if (!is_alnum(c))
			continue;
		if (!is_alnum(before) || (is_lower(before) && is_upper(c))) {
			w->text[w->len++] = ' ';
			w->last = w->text + w->len;
			w->count++;
		}
		w->text[w->len++] = upper(c);
		w->whole[n++] = upper(c);
	}
	w->last_len = w->last ? (size_t)(w->text + w->len - w->last) : 0;
}

static bool has_word(const struct words *w, const char *const *list)
{
	for (const char *p = w->text; *p; p += strcspn(p, " "))
		if (p++, is_one_of(p, strcspn(p, " "), list))
			return true;
	return false;
}

bool secret_name(struct bytes name)
{
	static const char *const anywhere[] = {
		"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL",
		"CONNECTIONSTRING", "CONNSTR",
	};
	static const char *const words[] = {
		"PASS", "PWD", "PW", "KEY", "KEYS", "CRED", "CREDS", "COOKIE", "SALT", NULL
	};
	static const char *const last[] = { "AUTH", "AUTHORIZATION", NULL };
	static const char *const plain[] = { "BYPASS", "COMPASS", "PWD", "OLDPWD", NULL };
	struct words w;

	part(&w, name);
	for (size_t i = 0; i < ARRAY_SIZE(anywhere); i++)
		if (strstr(w.whole, anywhere[i]))
			return true;
	if (!w.count || (w.count == 1 && is_one_of(w.last, w.last_len, plain)))
		return false;
	if (has_word(&w, words) || is_one_of(w.last, w.last_len, last))
		return true;
	return !is_one_of(w.last, w.last_len, plain) &&
		(ends_in(w.last, w.last_len, "PASS") || ends_in(w.last, w.last_len, "KEY"));
}

/* What nobody would call a secret, whatever its name. */
static bool is_harmless(struct bytes name, struct bytes value)
{
	static const char *const words[] = { "YES", "NO", "TRUE", "FALSE", "ON", "OFF", NULL };
	static const char *const places[] = { "FILE", "PATH", "DIR", NULL };
	static const char *const measures[] = {
		"LENGTH", "LIMIT", "SIZE", "COUNT", "TTL", "TIMEOUT", "TOKENS", NULL
	};
	char text[8];
	size_t digits = 0;
	struct words w;

	for (size_t i = 0; i < value.len && i < sizeof(text); i++)
		text[i] = upper(value.p[i]);
	if (!value.len || (value.len < sizeof(text) && is_one_of(text, value.len, words)))
		return true;
	while (digits < value.len && is_digit(value.p[digits]))
		digits++;
	part(&w, name);
	return w.count && ((value.p[0] == '/' && is_one_of(w.last, w.last_len, places)) ||
			   (digits == value.len && is_one_of(w.last, w.last_len, measures)));
}

/*
 * ---- shapes: each marks what it finds ----
 *
 * A value may be large and made to be slow to look at: nothing is looked at twice, so that a find
 * begins where the one before it cannot have reached.
 */

struct look {
	const char *p;
	size_t len;
	char *hide;		/* a byte for each of the value: 1 to be masked */
	const char *why;	/* of the first find */
	/* where the last value of a parameter ended, of each kind */
	struct { size_t from, end; } last[6];
};

static void mark(struct look *k, size_t from, size_t to, const char *why)
{
	if (from >= to)
		return;
	memset(k->hide + from, 1, to - from);
	if (!k->why)
		k->why = why;
}

static bool at(const struct look *k, size_t i, const char *word)
{
	size_t n = strlen(word);

	return k->len - i >= n && !memcmp(k->p + i, word, n);
}

static bool is_end(char c)
{
	return c == '\0' || strchr(" \t\r\n\"'<>`", c);
}

static bool is_token_char(char c)
{
	return is_alnum(c) || (c && strchr("+/=_-", c));
}

static size_t token_end(const struct look *k, size_t i)
{
	while (i < k->len && is_token_char(k->p[i]))
		i++;
	return i;
}

/* "scheme://user:password@host": i is behind the slashes. */
static void look_at_url(struct look *k, size_t i)
{
	size_t end = i, colon = 0, host = 0, port;

	while (end < k->len && !is_end(k->p[end]) && !(end > i + 2 && at(k, end - 2, "://")))
		end++;
	for (port = i; port < end && k->p[port] != '/' && k->p[port] != '?'; port++)
		if (k->p[port] == ':' && !colon)
			colon = port;
		else if (k->p[port] == '@')
			host = port;
	/* a password with a slash in it is none by the book, but a port is all digits */
	for (size_t n = colon + 1; !host && colon && n < port; n++)
		if (!is_digit(k->p[n])) {
			for (n = port; n < end; n++)
				if (k->p[n] == '@')
					host = n;
			break;
		}
	if (host && colon && colon < host)
		mark(k, colon + 1, host, "url");
	else if (host && host - i >= USER_MIN)
		mark(k, i, host, "url");
}

static bool is_base64_char(char c)
{
	return is_alnum(c) || c == '_' || c == '-';
}

static size_t base64_end(const struct look *k, size_t i)
{
	while (i < k->len && is_base64_char(k->p[i]))
		i++;
	return i;
}

static void look_for_jwt(struct look *k, size_t i)
{
	size_t one = base64_end(k, i), two;

	if (one - i < 10 || one >= k->len || k->p[one] != '.')
		return;
	two = base64_end(k, one + 1);
	if (two - one < 5)
		return;
	if (two < k->len && k->p[two] == '.')
		two = base64_end(k, two + 1);
	mark(k, i, two, "jwt");
}

static void look_for_aws(struct look *k, size_t i)
{
	size_t n = i + 4;

	while (n < k->len && n < i + 20 && (is_upper(k->p[n]) || is_digit(k->p[n])))
		n++;
	if (n == i + 20 && (n == k->len || !is_alnum(k->p[n])))
		mark(k, i, n, "aws-key-id");
}

static void look_for_issuers(struct look *k, size_t i)
{
	static const char *const begin[] = {
		"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxb-", "xoxp-",
		"xoxa-", "xoxr-", "xoxs-", "xapp-", "sk_live_", "sk_test_", "rk_live_", "sk-",
		"AIza", "ya29.", "npm_", "pypi-", "dop_v1_", "hvs.", "SG.", "dckr_pat_", "shpat_",
	};

	for (size_t n = 0; n < ARRAY_SIZE(begin); n++) {
		size_t from = i + strlen(begin[n]), end = from;

		if (!at(k, i, begin[n]))
			continue;
		while (end < k->len && (is_base64_char(k->p[end]) || k->p[end] == '.'))
			end++;
		if (end - from >= 12)
			mark(k, i, end, "token");
	}
}

static bool at_any_case(const struct look *k, size_t i, const char *word)
{
	for (; *word; word++, i++)
		if (i >= k->len || upper(k->p[i]) != *word)
			return false;
	return true;
}

static void look_for_scheme(struct look *k, size_t i)
{
	size_t from = at_any_case(k, i, "BEARER ") ? i + 7 :
		at_any_case(k, i, "BASIC ") ? i + 6 : 0;

	if (from && token_end(k, from) - from >= 8)
		mark(k, from, token_end(k, from), "token");
}

static void look_for_pem(struct look *k, size_t i)
{
	static const char *const open[] = { "CERTIFICATE", "PUBLIC KEY" };
	const char *line = k->p + i + 11, *close = memmem(line, k->len - i - 11, "-----", 5), *end;
	size_t label = close ? (size_t)(close - line) : 0;

	if (k->hide[i])
		return;
	for (size_t n = 0; n < ARRAY_SIZE(open); n++)
		if (close && memmem(line, label, open[n], strlen(open[n])))
			return;
	end = memmem(line, k->len - i - 11, "-----END ", 9);
	end = end ? memmem(end + 9, k->len - (size_t)(end + 9 - k->p), "-----", 5) : NULL;
	mark(k, i, end ? (size_t)(end + 5 - k->p) : k->len, "pem");
}

static bool is_name_char(char c)
{
	return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/* ",b=c" begins another parameter; what else is behind a comma may be of the same. */
static bool is_next(const struct look *k, size_t i)
{
	size_t from;

	while (++i < k->len && k->p[i] == ' ')
		;
	for (from = i; i < k->len && is_name_char(k->p[i]);)
		i++;
	return i > from && i < k->len && k->p[i] == '=';
}

/* How a value begins, which tells how it ends. */
enum value_kind {
	PLAIN,
	LINE,		/* behind a colon that stands alone */
	QUOTED,		/* in "", and the next in '': what a backslash is before ends nothing */
	ESCAPED = 4,	/* in \"\", of JSON within JSON */
	VALUE_KINDS = 6
};

static bool ends_value(const struct look *k, size_t i, unsigned int kind)
{
	char c = k->p[i];

	if (kind >= ESCAPED)
		return c == '\\' && i + 1 < k->len && k->p[i + 1] == "\"'"[kind & 1];
	if (kind >= QUOTED)
		return c == "\"'"[kind & 1];
	if (kind == LINE)
		return strchr("\r\n\"'`", c);
	return is_end(c) || ((c == '&' || c == ';' || c == ',') && is_next(k, i));
}

/* Values may lie within each other: they end at the same place, which is looked for once. */
static size_t value_end(struct look *k, size_t from, unsigned int kind)
{
	size_t i = from;

	if (from >= k->last[kind].from && from < k->last[kind].end)
		return k->last[kind].end;
	for (; i < k->len && !ends_value(k, i, kind); i++)
		if (kind >= QUOTED && k->p[i] == '\\')
			i += kind >= ESCAPED ? 3 : 1;
	k->last[kind].from = from;
	k->last[kind].end = i < k->len ? i : k->len;
	return k->last[kind].end;
}

static void skip(const struct look *k, size_t *i, const char *chars)
{
	while (*i < k->len && k->p[*i] && strchr(chars, k->p[*i]))
		++*i;
}

/* What parts a name from its value: =, in JSON and YAML a colon, a blank behind --name. Moves *i
 * behind it; false if it is something else. */
static bool skip_parting(const struct look *k, size_t from, size_t *i, unsigned int *kind)
{
	size_t quotes = *i, blanks;

	skip(k, i, "\\\"'");
	blanks = *i;
	skip(k, i, " ");
	*kind = PLAIN;
	if (*i < k->len && (k->p[*i] == '=' || (k->p[*i] == ':' && blanks > quotes)))
		return ++*i;
	if (*i + 1 < k->len && k->p[*i] == ':' && k->p[*i + 1] == ' ') {
		*kind = LINE;
		return ++*i;
	}
	return *i > blanks && at(k, from, "--");
}

/* Moves *i behind what opens the value. */
static unsigned int value_kind(const struct look *k, size_t *i, unsigned int kind)
{
	size_t from;

	skip(k, i, " ");
	from = *i;
	skip(k, i, "\\");
	if (*i < k->len && (k->p[*i] == '"' || k->p[*i] == '\'')) {
		kind = (*i > from ? ESCAPED : QUOTED) + (k->p[*i] == '\'');
		++*i;
	} else {
		*i = from;
	}
	return kind;
}

/* As a variable it is a directory. */
static bool is_pwd(struct bytes name)
{
	return name.len == 3 && upper(name.p[0]) == 'P' && upper(name.p[1]) == 'W' &&
		upper(name.p[2]) == 'D';
}

/* i is the end of a name that begins at from: password=x, --password x, "password": "x". */
static void look_at_parameter(struct look *k, size_t from, size_t i)
{
	struct bytes name = { k->p + from, i - from }, value;
	unsigned int kind;
	size_t v = i;

	if (!skip_parting(k, from, &v, &kind))
		return;
	kind = value_kind(k, &v, kind);
	if (v >= k->len || k->hide[v] || !(secret_name(name) || is_pwd(name)))
		return;
	/* the words before a token tell nothing */
	v += at_any_case(k, v, "BEARER ") ? 7 : at_any_case(k, v, "BASIC ") ? 6 : 0;
	value = (struct bytes){ k->p + v, value_end(k, v, kind) - v };
	if (!is_harmless(name, value) && !(is_pwd(name) && value.p[0] == '/'))
		mark(k, v, v + value.len, "parameter");
}

/* "user:password@tcp(host:3306)/db", of Go's driver for MySQL: i is at the @. *word is where its
 * word begins, and then behind it. */
static void look_at_dsn(struct look *k, size_t *word, size_t i)
{
	const char *colon;

	if (!at(k, i, "@tcp(") && !at(k, i, "@unix("))
		return;
	colon = memchr(k->p + *word, ':', i - *word);
	if (colon)
		mark(k, (size_t)(colon + 1 - k->p), i, "url");
	*word = i + 1;
}

static bool is_uuid(const char *p, size_t len)
{
	if (len != 36)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((p[i] == '-') != (i == 8 || i == 13 || i == 18 || i == 23))
			return false;
	return true;
}

/* A word of token characters: does it look drawn by lot? */
static bool is_random(const char *p, size_t len)
{
	size_t digits = 0, uppers = 0, lowers = 0, hex = 0, turns = 0;

	if (len < WORD_MIN || p[0] == '/' || is_uuid(p, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		digits += is_digit(p[i]);
		uppers += is_upper(p[i]);
		lowers += is_lower(p[i]);
		hex += is_digit(p[i]) || (upper(p[i]) >= 'A' && upper(p[i]) <= 'F');
		/* a capital after a small letter, a digit beside a letter: rare in language */
		turns += i && is_alnum(p[i]) && is_alnum(p[i - 1]) &&
			((is_lower(p[i - 1]) && is_upper(p[i])) ||
			 is_digit(p[i - 1]) != is_digit(p[i]));
	}
	if (hex == len)
		return len >= HEX_MIN && digits && digits < len;
	return digits && uppers && lowers && turns >= len / 6;
}

static void look_at_words(struct look *k)
{
	for (size_t i = 0; i < k->len;) {
		size_t end = token_end(k, i);

		if (is_random(k->p + i, end - i))
			mark(k, i, end, "random");
		i = end + 1;
	}
}

static void look_at_shapes(struct look *k)
{
	size_t name = 0, word = 0;	/* where those before i began */
	char before;

	for (size_t i = 0; i < k->len; i++) {
		if (at(k, i, "://"))
			look_at_url(k, i + 3);
		if (at(k, i, "-----BEGIN "))
			look_for_pem(k, i);
		before = i ? k->p[i - 1] : ' ';
		if (!is_base64_char(before) && at(k, i, "eyJ"))
			look_for_jwt(k, i);
		if (!is_base64_char(before) && before != '.')
			look_for_issuers(k, i);
		if (!is_alnum(before) && (at(k, i, "AKIA") || at(k, i, "ASIA")))
			look_for_aws(k, i);
		if (!is_alnum(before))
			look_for_scheme(k, i);
		if (k->p[i] == '@')
			look_at_dsn(k, &word, i);
		if (is_end(k->p[i]))
			word = i + 1;
		if (!is_name_char(k->p[i])) {
			if (i > name && i - name <= NAME_MAX_)
				look_at_parameter(k, name, i);
			name = i + 1;
		}
	}
	look_at_words(k);
}

const char *secret_mask(struct buf *b, struct bytes name, struct bytes value)
{
	auto_free char *hide = mem_alloc(value.len + 1);
	struct look k = { .p = value.p, .len = value.len, .hide = hide };

	if (secret_name(name) && !is_harmless(name, value))
		mark(&k, 0, value.len, "name");
	else
		look_at_shapes(&k);
	for (size_t i = 0, from; i < value.len;) {
		for (from = i; i < value.len && hide[i] == hide[from]; i++)
			;
		if (hide[from])
			buf_addf(b, "<%zu bytes masked>", i - from);
		else
			buf_add(b, value.p + from, i - from);
	}
	return k.why;
}
