/* SPDX-License-Identifier: Apache-2.0 */
/* base/secret: what is hidden, what is not, and that a value made to be slow is not. */
#include "nsdebug/base/secret.h"

#include <stdlib.h>

#include "tests/unit/check.h"

static struct bytes text(const char *s)
{
	return (struct bytes){ s, strlen(s) };
}

static void names(void)
{
	static const char *const secret[] = {
		"PASSWORD", "DB_PASSWORD", "dbPassword", "postgres-passwd", "MYSQL_PWD",
		"REDISPASS", "SECRET", "client_secret_v2", "GITHUB_TOKEN", "tokenValue",
		"AWS_SECRET_ACCESS_KEY", "API_KEY", "apikey", "SSHKEY", "KEYS", "CREDENTIALS",
		"AZURE_CRED", "REDISCLI_AUTH", "HTTP_AUTHORIZATION", "ConnectionStrings__Default",
		"SESSION_COOKIE", "PW",
	};
	static const char *const plain[] = {
		"PWD", "OLDPWD", "PATH", "HOME", "KEYBOARD", "MONKEYS", "BYPASS", "COMPASS", "",
		"=", "AUTHOR", "SSH_AUTH_SOCK", "PASSENGER_COUNT", "LANG", "HOSTNAME", "_",
	};
	char longest[400];

	for (size_t i = 0; i < sizeof(secret) / sizeof(*secret); i++)
		ok(secret_name(text(secret[i])), secret[i]);
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		ok(!secret_name(text(plain[i])), plain[i]);
	memset(longest, 'x', sizeof(longest));
	memcpy(longest + sizeof(longest) - 6, "_TOKEN", 6);
	ok(secret_name((struct bytes){ longest, sizeof(longest) }), "the end of a long name");
}

static void masked(const char *name, const char *value, const char *want, const char *why)
{
	struct buf b = { 0 };
	const char *got = secret_mask(&b, text(name), text(value));

	is(&b, want, strchr(value, '\n') ? "several lines" : value);
	if (why ? !got || strcmp(got, why) : got != NULL)
		ok(false, why ? why : "nothing to be masked");
	buf_free(&b);
}

static void same(const char *name, const char *value)
{
	masked(name, value, value, NULL);
}

static void by_name(void)
{
	masked("DB_PASSWORD", "hunter2", "<7 bytes masked>", "name");
	same("DB_PASSWORD", "");
	same("MYSQL_ALLOW_EMPTY_PASSWORD", "yes");
	same("TOKENIZERS_PARALLELISM", "False");
	same("POSTGRES_PASSWORD_FILE", "/run/secrets/db");
	masked("POSTGRES_PASSWORD_FILE", "hunter2", "<7 bytes masked>", "name");
	same("OPENAI_MAX_TOKENS", "4096");
	same("PASSWORD_MIN_LENGTH", "8");
	masked("MAX_TOKENS", "4096x", "<5 bytes masked>", "name");
	masked("DB_PASSWORD", "4096", "<4 bytes masked>", "name");
}

static void by_url(void)
{
	masked("A", "postgres://user:pass@db:54/x", "postgres://user:<4 bytes masked>@db:54/x",
	       "url");
	masked("A", "amqp://a:b@h1,amqp://c:dd@h2",
	       "amqp://a:<1 bytes masked>@h1,amqp://c:<2 bytes masked>@h2", "url");
	masked("A", "redis://:pw@h", "redis://:<2 bytes masked>@h", "url");
	masked("A", "x://u:p@ss@h/", "x://u:<4 bytes masked>@h/", "url");
	masked("A", "x://u:p/ss@h/", "x://u:<4 bytes masked>@h/", "url");
	masked("A", "https://0123456789abcdef@h/1", "https://<16 bytes masked>@h/1", "url");
	same("A", "https://user@h/1");
	same("A", "http://h:8080/users/@me");
	same("A", "http://h/x:y@z");
	same("A", "git@github.com:a/b://");
	same("A", "://");
}

static void by_shape(void)
{
	masked("A", "x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln y", "x <41 bytes masked> y",
	       "jwt");
	masked("A", "id AKIAIOSFODNN7EXAMPLE.", "id <20 bytes masked>.", "aws-key-id");
	same("A", "AKIAIOSFODNN7EXAMPLEX");
	masked("A", "ghp_abcdefghijkl", "<16 bytes masked>", "token");
	same("A", "sk-short");
	masked("A", "send Bearer abcdefgh", "send Bearer <8 bytes masked>", "token");
	masked("A", "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----\n.",
	       "<63 bytes masked>\n.", "pem");
	masked("A", "-----BEGIN PRIVATE KEY-----\ncut", "<31 bytes masked>", "pem");
	same("A", "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----");
	masked("JAVA_OPTS", "-Xmx1g -Djavax.net.ssl.keyStorePassword=changeit -ea",
	       "-Xmx1g -Djavax.net.ssl.keyStorePassword=<8 bytes masked> -ea", "parameter");
	masked("A", "host=db password='a b' user=x", "host=db password='<3 bytes masked>' user=x",
	       "parameter");
	masked("A", "{\"user\":\"x\",\"password\": \"y\"}", "{\"user\":\"x\",\"password\": \""
	       "<1 bytes masked>\"}", "parameter");
	masked("A", "redis --requirepass foo", "redis --requirepass <3 bytes masked>", "parameter");
	masked("A", "?a=1&api_key=xyz&b=2", "?a=1&api_key=<3 bytes masked>&b=2", "parameter");
	same("A", "tls=yes token=true");
}

/* Each of these once let a password through, or a part of one. */
static void by_parameter(void)
{
	static const char *const values[][2] = {
		{ "{\"password\":\"a\\\"b\"}", "{\"password\":\"<4 bytes masked>\"}" },
		{ "{'password': 'geheim'}", "{'password': '<6 bytes masked>'}" },
		{ "\"{\\\"password\\\":\\\"geheim\\\",\\\"a\\\":1}\"",
		  "\"{\\\"password\\\":\\\"<6 bytes masked>\\\",\\\"a\\\":1}\"" },
		{ "\\\"key\\\":\\\"a\\\\\\\"b\\\"",
		  "\\\"key\\\":\\\"<6 bytes masked>\\\"" },
		{ "user: x\npassword: ge heim\na: b",
		  "user: x\npassword: <7 bytes masked>\na: b" },
		{ "Authorization: Bearer abc", "Authorization: Bearer <3 bytes masked>" },
		{ "X-Api-Key: geheim", "X-Api-Key: <6 bytes masked>" },
		{ "db.password = geheim", "db.password = <6 bytes masked>" },
		{ "Server=db;Uid=sa;Pwd=geheim;App=x",
		  "Server=db;Uid=sa;Pwd=<6 bytes masked>;App=x" },
		{ "h:6379,password=a,b&c;d, ssl=True",
		  "h:6379,password=<7 bytes masked>, ssl=True" },
		{ "key_file=/a/password=geheim", "key_file=/a/password=<6 bytes masked>" },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		masked("A", values[i][0], values[i][1], "parameter");
	masked("DSN", "root:ge:h@im@tcp(db:3306)/app", "root:<7 bytes masked>@tcp(db:3306)/app",
	       "url");
	same("A", "PWD=/srv time: 12:00 nginx:1.27@sha256:00 key_file=/etc/x");
}

static void by_chance(void)
{
	masked("A", "k 9f86d081884c7d659a2feaa0c55ad015", "k <32 bytes masked>", "random");
	masked("A", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "<40 bytes masked>", "random");
	same("A", "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
	same("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	same("A", "/opt/Some/Long/Path/With1/Capitals2/In3/It4");
	same("A", "OpenJDK-17-Debian-something-Longer1");
	same("A", "the-quick-brown-fox-jumps-over-the-lazy-dog");
	same("A", "00000000000000000000000000000000");
}

/* Shapes that begin everywhere and end nowhere: what looks twice takes longer than a test may. */
static void slow(void)
{
	static const char *const pieces[] = {
		"eyJ-", "eyJ.", "sk-", "sk-.", "sk-=", "://", "://a:", "-----BEGIN ", "key=",
		"Basic ", "\"key\":\"", "--key ", "aB1", "AKIA", "eyJaaaaaaaaaa.aaaaa.",
		"key_file=/", "key_file: /", "key_file=\"/", "key_file=\\\"/", "key=,", "a:@tcp(",
	};
	size_t len = 1 << 20;
	char *value = malloc(len);
	bool good = true;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct buf b = { 0 };
		size_t n = strlen(pieces[i]);

		for (size_t at = 0; at < len; at++)
			value[at] = pieces[i][at % n];
		secret_mask(&b, text("A"), (struct bytes){ value, len });
		good &= b.len > 0 && b.len < 4 * len;
		buf_free(&b);
	}
	free(value);
	ok(good, "values of 1 MiB that are slow to look at");
}

int main(void)
{
	names();
	by_name();
	by_url();
	by_shape();
	by_parameter();
	by_chance();
	slow();
	return done();
}
