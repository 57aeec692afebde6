/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/unhealthy.h"

#include <string.h>

#include "nsdebug/base/str.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/finding.h"

#define OUTPUT_SHOWN 400	/* bytes of the end of what the last check said */

bool unhealthy_is(const struct ending *x)
{
	const struct health *h = &x->health;

	return x->runs && !x->previous && h->status && !strcmp(h->status, "unhealthy");
}

/* Its end, for there the reason is, as one line. */
static const char *last_words(struct findings *f, const struct health *h)
{
	size_t len = h->output ? strlen(h->output) : 0, from;

	while (len && strchr(" \t\r\n", h->output[len - 1]))
		len--;
	from = len > OUTPUT_SHOWN ? len - OUTPUT_SHOWN : 0;
	return len ? finding_text(f, "%s%.*s", from ? "..." : "", (int)(len - from),
				  h->output + from) : NULL;
}

static bool lacks_program(const char *said)
{
	return strstr(said, "executable file not found") ||
		strstr(said, "no such file or directory");
}

static const char *cure(const struct health *h)
{
	const char *said = h->output ? h->output : "";
	bool shell = h->word ? !strcmp(h->word, "CMD-SHELL") : strstr(said, "/bin/sh") != NULL;

	if (shell && lacks_program(said))
		return "a check that is given as a text is /bin/sh's, and the image has no shell: "
			"give it as a list, of a program that the image has (HEALTHCHECK CMD "
			"[\"/app/server\", \"-check\"]), or let the program itself answer, and "
			"check it from outside, as Kubernetes does (httpGet)";
	if (lacks_program(said))
		return "its program is not in the image: name one that is, or copy it there";
	if (strstr(said, "exceeded timeout"))
		return "it did not end in time: see what the program waits for ('nsdebug stack "
			"NAME'), or give it more (--health-timeout)";
	return "what the check itself says is the reason; 'nsdebug trace denied --once NAME' shows "
		"what is refused to it, 'nsdebug trace tcp --failed NAME' whom it does not reach, "
		"'nsdebug stack NAME' what the program waits for";
}

struct finding *unhealthy_say(struct findings *f, const struct ending *x)
{
	const struct health *h = &x->health;
	const char *said = last_words(f, h), *status = h->status;
	struct finding *s;

	if (!status || !h->failing)
		return NULL;
	s = finding_add(f, unhealthy_is(x) ? "unhealthy" : "health");
	s->what = finding_text(f, "%s: its health check failed, %llu time%s one after another%s%s",
			       unhealthy_is(x) ? "it runs and is unhealthy" : x->runs ?
			       "it runs" : "when it ended", (unsigned long long)h->failing,
			       h->failing == 1 ? "" : "s", h->ended ? ", last at " : "",
			       h->ended ? h->ended : "");
	s->evidence = h->code < 0 ? finding_text(f, "the last check could not be started, or did "
						 "not end%s%s", said ? "; it said: " : "",
						 said ? said : "") :
		finding_text(f, "the last check: exit code %lld%s%s", (long long)h->code,
			     said ? "; it said: " : " and said nothing", said ? said : "");
	s->cure = cure(h);
	s->source = h->source;
	return s;
}
