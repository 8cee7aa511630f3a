/*
 * routes.h
 *		From a request to its answer: GitHub's endpoints, and our own control.
 */
#ifndef ROUTES_H
#define ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "answer.h"

/* A request that has arrived as a whole; nothing of it ends with NUL. */
typedef struct Request
{
	char method; /* the first letter: G, P (POST), A (PATCH), D */
	const char *path;
	int path_length;
	const char *etag; /* If-None-Match */
	int etag_length;
	int64_t installation; /* of the token; 0: none */
	const char *body;
	int body_length;
} Request;

/* Appends the answer; returns for how many milliseconds it is to be held back. */
extern int64_t routes_answer(const Request *request, Output *output);

#endif
