/*
 * github_url.c
 *		Where GitHub sends us next: the URLs in its Location and Link headers.
 *
 * Pure.  Source: GitHub's "Best practices for using the REST API" (redirects).
 */
#include "core/github_url.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/url.h"

/* A path, or the //host/path of an unnamed scheme, is read against the base. */
static bool
split_reference(const char *reference, const UrlParts *base, UrlParts *parts)
{
	const char *rest = reference;

	if (*rest != '/')
		return url_split(reference, parts);
	*parts = *base;
	if (rest[1] != '/')
	{
		parts->path = url_span_of(rest);
		return true;
	}
	return url_split_authority(rest + 2, parts);
}

/* Visible ASCII without what programs are known to read in different ways. */
static bool
is_unambiguous(const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (*text <= ' ' || *text > '~' || strchr("\\\"<>^`{|}", *text) != NULL)
			return false;
	}
	return true;
}

/* The length of a dot as it may be spelled, plain or encoded; 0: text starts with none. */
static size_t
dot_length(const char *text)
{
	if (text[0] == '.')
		return 1;
	return text[0] == '%' && text[1] == '2' && url_lower_case(text[2]) == 'e' ? 3 : 0;
}

/* A segment that is nothing but dots, however spelled: it may climb out. */
static bool
has_dot_segment(const UrlSpan *path)
{
	const char *end = path->start + strcspn(path->start, "?#");

	for (const char *slash = path->start; slash < end; slash++)
	{
		const char *text = slash + 1;
		size_t length;

		if (*slash != '/' || dot_length(text) == 0)
			continue;
		while ((length = dot_length(text)) > 0)
			text += length;
		if (text >= end || *text == '/')
			return true;
	}
	return false;
}

static bool
lies_below(const UrlSpan *path, const UrlSpan *base_path)
{
	return path->length > base_path->length &&
		memcmp(path->start, base_path->start, base_path->length) == 0 &&
		path->start[base_path->length] == '/';
}

/* The base's origin and path's path and query. */
static char *
join(const char *api_url, const UrlParts *base, const UrlSpan *path)
{
	size_t origin_length = (size_t) (base->path.start - api_url);
	size_t path_length = strcspn(path->start, "#");
	char *url = malloc(origin_length + path_length + 1);

	if (url == NULL)
		return NULL;
	memcpy(url, api_url, origin_length);
	memcpy(url + origin_length, path->start, path_length);
	url[origin_length + path_length] = '\0';
	return url;
}

char *
github_url_within(const char *api_url, const char *reference)
{
	UrlParts base;
	UrlParts parts;

	if (reference == NULL || strlen(reference) > GITHUB_MAX_REFERENCE_LENGTH ||
		!is_unambiguous(reference))
		return NULL;
	if (!url_split(api_url, &base) || !split_reference(reference, &base, &parts))
		return NULL;
	if (!url_is_same_origin(&parts, &base) || !lies_below(&parts.path, &base.path) ||
		has_dot_segment(&parts.path))
		return NULL;
	return join(api_url, &base, &parts.path);
}

int64_t
github_url_repository_id(const char *api_url, const char *url)
{
	static const char below[] = "/repositories/";
	size_t length = strlen(api_url);
	int64_t id = 0;

	if (strncmp(url, api_url, length) != 0 || strncmp(url + length, below, strlen(below)) != 0)
		return 0;
	url += length + strlen(below);
	for (; *url >= '0' && *url <= '9'; url++)
	{
		if (id > (INT64_MAX - 9) / 10)
			return 0;
		id = id * 10 + (*url - '0');
	}
	return *url == '\0' || *url == '/' || *url == '?' ? id : 0;
}
