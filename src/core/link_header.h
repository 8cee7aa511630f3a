/*
 * link_header.h
 *		The next page of a list, and how many there are, out of the Link header of
 *		an answer.
 *
 * Pure: no clock, no I/O.  Source: RFC 8288 section 3; GitHub's "Using
 * pagination in the REST API".
 */
#ifndef LINK_HEADER_H
#define LINK_HEADER_H

/*
 * The target of rel="next", as it stands there: a stranger's, so that it goes
 * through url_within() before it is called.  malloc'd; NULL: header is NULL,
 * has no such target or cannot be read.
 */
extern char *link_header_next(const char *header);

/*
 * The number of the last page, as rel="last" names it; 0: it does not, as lists
 * that go on at a cursor have no numbers.  A stranger's: for people to read.
 */
#define LINK_HEADER_LAST_PAGE_MAX 10000000 /* of a hundred items: more than GitHub has */
extern int link_header_last_page(const char *header);

#endif
