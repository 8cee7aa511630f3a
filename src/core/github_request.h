/*
 * github_request.h
 *		From a typed operation to one HTTP request of GitHub's REST API.
 *
 * Pure: no clock, no I/O, no PostgreSQL.  Every part that comes from data is
 * percent-encoded, so that no owner, name or cursor can change the path.
 *
 * Words: an operation is one endpoint of GitHub's API as the project uses it;
 * a request is its method, URL and JSON body, without credentials.
 */
#ifndef GITHUB_REQUEST_H
#define GITHUB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum GithubOperation
{
	GITHUB_GET_ISSUE,
	GITHUB_CREATE_ISSUE,
	GITHUB_UPDATE_ISSUE,
	GITHUB_LIST_ISSUES,
	GITHUB_GET_COMMENT,
	GITHUB_CREATE_COMMENT,
	GITHUB_UPDATE_COMMENT,
	GITHUB_DELETE_COMMENT,
	GITHUB_LIST_ISSUE_COMMENTS,
	GITHUB_SWEEP_ISSUES,   /* by their last change, oldest first */
	GITHUB_SWEEP_COMMENTS, /* those of all issues, the same */
	GITHUB_SWEEP_ISSUE_COMMENTS,
	GITHUB_CENSUS_ISSUES, /* by their creation, oldest first: a key that does not move */
	GITHUB_GET_LABEL,     /* these four: whether a repository has it */
	GITHUB_CHECK_ASSIGNEE,
	GITHUB_GET_MILESTONE, /* by its number */
	GITHUB_LIST_MILESTONES,
	GITHUB_GET_REPOSITORY,
	GITHUB_GET_REPOSITORY_BY_ID,        /* the same, whatever its name is */
	GITHUB_GET_REPOSITORY_INSTALLATION, /* JWT: which one of the App's has it */
	GITHUB_GET_APP,                     /* JWT: who we are, in App mode */
	GITHUB_GET_INSTALLATION,            /* JWT: what it may do */
	GITHUB_LIST_DELIVERIES,             /* JWT: of the App's webhook, newest first */
	GITHUB_GET_DELIVERY,                /* JWT: one of them, with its payload */
	GITHUB_GET_USER,                    /* token mode: who we are */
	GITHUB_GET_ACCOUNT,                 /* App mode: the account of our bot */
	GITHUB_CREATE_INSTALLATION_TOKEN    /* JWT */
} GithubOperation;

/* A JSON member: left out, null, or a string. */
typedef struct GithubField
{
	bool present;
	const char *value; /* NULL: JSON null; UTF-8 */
} GithubField;

/*
 * Marks are a JSON object with any of labels and assignees (arrays of strings,
 * which replace what there is) and milestone (a number, or null for none).
 * A member of another name or type is refused as bad input.
 */

/* What an operation needs; members that it does not use are ignored. */
typedef struct GithubRequestInput
{
	GithubOperation operation;
	const char *api_url; /* without trailing slash */
	const char *owner;
	const char *repository;
	int64_t repository_id; /* GitHub's */
	int64_t installation_id;
	int32_t issue_number;
	int64_t comment_id;  /* GitHub's id */
	int64_t delivery_id; /* GitHub's id of a try to deliver */
	GithubField title;
	GithubField body;
	GithubField state;        /* open, closed */
	GithubField state_reason; /* of an update with a state */
	const char *marks;        /* of an issue: JSON, see below; NULL: none */
	int page;                 /* lists: from 1 */
	int per_page;             /* lists: 1 to 100 */
	const char *since;        /* lists: ISO 8601 or NULL */
	const char *login;        /* of an account, or of who may be assigned */
	const char *label;
	int32_t milestone; /* its number */
} GithubRequestInput;

typedef struct GithubRequest
{
	const char *method; /* static text */
	char *url;          /* malloc */
	char *body;         /* malloc; NULL: none */
} GithubRequest;

/* GitHub refuses more; both in Unicode code points. */
#define GITHUB_MAX_TITLE_LENGTH 256
#define GITHUB_MAX_BODY_LENGTH 65536

/* Of an ETag, in bytes: what is longer is not kept. */
#define GITHUB_MAX_ETAG_LENGTH 512

typedef enum GithubRequestError
{
	GITHUB_REQUEST_OK,
	GITHUB_REQUEST_TOO_LARGE, /* title or body over GitHub's limit */
	GITHUB_REQUEST_NO_TITLE,  /* a creation needs a title */
	GITHUB_REQUEST_NO_BODY,   /* a comment needs a body */
	GITHUB_REQUEST_BAD_INPUT, /* no owner, number, id, nothing to update, ... */
	GITHUB_REQUEST_OUT_OF_MEMORY
} GithubRequestError;

/*
 * Builds the request.  On success the caller frees it with
 * github_request_free(); on any error *request is empty.
 * Creation leaves out a null body (GitHub's description wants a string).
 * A path segment that is "." or ".." is refused, everything else encoded.
 */
extern GithubRequestError
github_request_build(const GithubRequestInput *input, GithubRequest *request);
extern void github_request_free(GithubRequest *request);

/*
 * An ETag is stored, and becomes a header again: printable ASCII of a sane
 * length may, anything else not.
 */
extern bool github_request_takes_etag(const char *etag);

/*
 * Whether a redirect to url, which url_within() returned, may be followed with
 * the operation's method and body: a read may go anywhere, a write only to
 * where it does the same, or it could do something else.
 */
extern bool
github_request_may_go_on_at(GithubOperation operation, const char *api_url, const char *url);

/* The operation changes something at GitHub (so it counts as a write). */
extern bool github_operation_writes(GithubOperation operation);

/* The operation makes a new issue or comment: it has no idempotency key. */
extern bool github_operation_creates(GithubOperation operation);

/*
 * Bytes of the largest answer that GitHub could give to the operation.  A text
 * of GITHUB_MAX_BODY_LENGTH characters has twelve bytes for each where all are
 * escaped, four where none is, as GitHub writes them.
 */
#define GITHUB_MAX_RESOURCE_ANSWER ((size_t) 1024 * 1024)
#define GITHUB_MAX_LIST_ANSWER_PER_ITEM ((size_t) 320 * 1024)
/* A delivery's payload may have 25 MB, and the answer what was sent with it. */
#define GITHUB_MAX_DELIVERY_ANSWER ((size_t) 26 * 1024 * 1024)
extern size_t github_operation_max_answer(GithubOperation operation, int per_page);

/* The operation is authorised by the App's JWT, not by a token. */
extern bool github_operation_uses_jwt(GithubOperation operation);

#endif
