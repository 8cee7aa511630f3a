/*
 * github_link.h
 *		The Link header, by which GitHub's lists name their next page.
 *
 * Pure.  Sources: RFC 8288 section 3; GitHub's "Using pagination".
 */
#ifndef GITHUB_LINK_H
#define GITHUB_LINK_H

/*
 * The target of rel="next" in a Link header, as it stands there.  malloc'd;
 * NULL: there is none, link cannot be read, or memory is out.
 */
extern char *github_link_next(const char *link);

#endif
