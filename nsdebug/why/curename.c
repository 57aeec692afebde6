/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curename - names in cures: those that they give, and those of others in YAML.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "nsdebug/base/own.h"
#include "nsdebug/why/curing.h"

static const char *after_digits(const char *s)
{
	return s + strspn(s, "0123456789_");
}

/* "12", "1_000", "1.5", ".5", "1e3" */
static bool is_decimal(const char *s)
{
	if (!isdigit((unsigned char)s[*s == '.']))
		return false;
	s = after_digits(s);
	if (*s == '.')
		s = after_digits(s + 1);
	if (*s == 'e' || *s == 'E') {
		s += s[1] == '-' || s[1] == '+' ? 2 : 1;
		if (!isdigit((unsigned char)*s))
			return false;
		s = after_digits(s);
	}
	return !*s;
}

/* "0x1f", "0o17", "0b11" */
static bool is_of_base(const char *s)
{
	static const struct { char letter; const char *digits; } all[] = {
		{ 'x', "0123456789abcdefABCDEF_" }, { 'o', "01234567_" }, { 'b', "01_" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (*s == '0' && s[1] == all[i].letter)
			return s[2] && !s[2 + strspn(s + 2, all[i].digits)];
	return false;
}

/* "2024-01-01" */
static bool is_date(const char *s)
{
	int end = 0;

	sscanf(s, "%*4[0-9]-%*2[0-9]-%*2[0-9]%n", &end);
	return end && !s[end];
}

bool curing_is_string(const char *s)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no", "on", "off",
		"y", "n", ".inf", ".nan" };
	const char *number = s + (*s == '-' || *s == '+');

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(*words[i] == '.' ? number : s, words[i]))
			return false;
	return *s && !is_decimal(number) && !is_of_base(number) && !is_date(s);
}

/* "var-cache" of "/var/cache". Docker takes no name of one letter. */
void curing_volume_name(char ret[CURING_NAME], const char *dir)
{
	char name[51];
	size_t n = 0;

	for (dir += *dir == '/'; *dir && n < sizeof(name) - 1; dir++) {
		if (isalnum((unsigned char)*dir))
			name[n++] = (char)tolower((unsigned char)*dir);
		else if (n && name[n - 1] != '-')
			name[n++] = '-';
	}
	while (n && name[n - 1] == '-')
		n--;
	name[n] = '\0';
	snprintf(ret, CURING_NAME, "%s%s", !n ? "volume" : n > 1 && curing_is_string(name) ? "" :
		 "volume-", name);
}
