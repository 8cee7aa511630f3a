/*
 * function_body.h
 *		Another body for a function that attach made.
 */
#ifndef DB_FUNCTION_BODY_H
#define DB_FUNCTION_BODY_H

#include "postgres.h"

/*
 * For who has the rights of the function's owner.  CREATE OR REPLACE would ask
 * for CREATE on our schema as well, which an owner must not have: it would let
 * him make functions that a superuser might call for one of ours.
 */
extern void function_body_replace(Oid function, const char *body);

#endif
