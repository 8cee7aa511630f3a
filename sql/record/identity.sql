/*
 * Which record an answer is about: the record of the claim, another one whose
 * creation the answer shows, a stub that a webhook made, or no record of ours.
 */

/* The answer to a creation is recorded a moment after the webhook of the creation. */
CREATE OR REPLACE FUNCTION github_sync.@record@_wait_for_creation() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '5 seconds';
COMMENT ON FUNCTION github_sync.@record@_wait_for_creation() IS
'private: after which time a resource that may be our creation is fetched again';

/* The last ones for installations that wait themselves. */
CREATE OR REPLACE FUNCTION github_sync.@record@_waits_for_twin() RETURNS interval[]
LANGUAGE sql IMMUTABLE
RETURN '{2 s,5 s,15 s,30 s,60 s}'::interval[];
COMMENT ON FUNCTION github_sync.@record@_waits_for_twin() IS
'private: after which times a creation that seems to have been made twice is fetched again, while GitHub is asked for '
'the other one';

CREATE OR REPLACE FUNCTION github_sync.@record@_others_of_resource(
	cached github_sync.@resources@, shown github_sync.resource)
RETURNS SETOF github_sync.@resources@
LANGUAGE plpgsql STABLE AS $$
BEGIN
	/* One index after the other: the worker makes no bitmaps, and would read the whole table for an OR. */
	RETURN QUERY SELECT r.* FROM github_sync.@resources@ AS r
	WHERE r.id <> cached.id AND r.id = ANY (ARRAY(
		SELECT o.id FROM github_sync.@resources@ AS o WHERE o.github_id = shown.github_id
--@task		UNION ALL SELECT o.id FROM github_sync.github_issues AS o
--@task		WHERE o.github_repo_id = cached.github_repo_id AND o.number = shown.number
		))
	ORDER BY r.id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_others_of_resource(github_sync.@resources@, github_sync.resource) IS
'private: other records of what an answer shows, by GitHub''s id or by its number: stubs that a webhook made, mostly';

CREATE OR REPLACE FUNCTION github_sync.@record@_described(cached github_sync.@resources@) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN format('record %s (@record@ %s, GitHub''s id %s'
--@task		|| coalesce(', number ' || cached.number, '')
		|| ')', cached.id, coalesce(cached.@record@_id::text, 'none'), coalesce(cached.github_id::text, 'none'));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_described(github_sync.@resources@) IS
'private: a record in an error''s words: its id in @resources@, and the two sides that it links';

CREATE OR REPLACE FUNCTION github_sync.@record@_take_over_creation(
	creator_id bigint, cached github_sync.@resources@, shown github_sync.resource)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	target github_sync.github_repos;
	creator github_sync.@resources@;
BEGIN
	SELECT r.* INTO creator FROM github_sync.@record@_lock_records_nowait(ARRAY[creator_id, cached.id]) AS r
	WHERE r.id = creator_id;
	/* Whoever takes it over has looked: another worker met it elsewhere since, and it is there. */
	IF creator.id IS NULL OR creator.github_id IS NOT NULL THEN
		RAISE lock_not_available USING MESSAGE = 'another transaction has just met the creation';
	END IF;
	SELECT * INTO target FROM github_sync.github_repos AS r
	WHERE r.id = cached.github_repo_id AND r.id <> creator.github_repo_id;
--@comment	PERFORM github_sync.comment_follow_alone(creator, target, shown) WHERE target.id IS NOT NULL;
--@task	UPDATE github_sync.github_issues AS i SET github_repo_id = target.id
--@task	WHERE i.id = creator_id AND target.id IS NOT NULL;
	/* The queue of the record that created it goes on. */
	creator := github_sync.@record@_join_records(creator_id, cached.id);
--@task	PERFORM github_sync.task_take_along(creator, target) WHERE target.id IS NOT NULL;
	PERFORM github_sync.@record@_note_outcome_known(creator_id);
	/* Its row was deleted, and when that was to be told, the lists did not show it. */
	PERFORM github_sync.@record@_propagate_deletion(creator) WHERE creator.local_deleted_at IS NOT NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_take_over_creation(
	bigint, github_sync.@resources@, github_sync.resource) IS
'private: the stub of what turns out to be the creation of another record becomes part of that, which goes to where '
'the resource is: it may have been transferred since. Where the row is gone, the resource is deleted there. 55P03: '
'somebody holds one of them, try again shortly';

CREATE OR REPLACE FUNCTION github_sync.@record@_ask_for_twin(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, twin github_sync.@resources@,
	answered_at timestamptz)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.@resources@ AS r SET seen_at = answered_at WHERE r.id = cached.id AND cached.seen_at IS NULL;
	/* Nothing else settles it, so that it is asked for at once. */
	UPDATE github_sync.@resources@ AS r SET seen_at = NULL, settle_at = clock_timestamp(),
		lock_version = r.lock_version + 1
	WHERE r.id = twin.id AND t.lagging_answers = 0;
	t.lagging_answers := t.lagging_answers + 1;
	RETURN github_sync.@record@_give_back_held(t, cached, format('%s was created with the same key: whether that is '
		'still at its place is being asked', github_sync.@record@_described(twin)),
		clock_timestamp() + (github_sync.@record@_waits_for_twin())[t.lagging_answers]);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_ask_for_twin(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.@resources@, timestamptz) IS
'private: what carries the key of a linked record may be that record''s resource itself, transferred: GitHub is asked '
'for it at its place, from which it would send us on';

CREATE OR REPLACE FUNCTION github_sync.@record@_meet_twin(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, answer github_sync.answer,
	twin_id bigint)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	shown github_sync.resource := answer.resource;
	twin github_sync.@resources@ := github_sync.@record@_lock_record_nowait(twin_id);
	is_seen boolean := coalesce(twin.seen_at >= cached.seen_at, false);
BEGIN
--@task	/* Where its place cannot be asked any more, it is that one, transferred: nothing else is to be seen of it. */
--@task	IF EXISTS (SELECT FROM github_sync.github_repos AS r
--@task		WHERE r.id = twin.github_repo_id AND r.id <> cached.github_repo_id AND r.access_lost) THEN
--@task		PERFORM github_sync.task_transfer(twin, r, shown) FROM github_sync.github_repos AS r
--@task		WHERE r.id = cached.github_repo_id;
--@task		RETURN (SELECT q.state FROM github_sync.task_sync_transactions AS q WHERE q.id = t.id);
--@task	END IF;
	IF NOT is_seen AND t.lagging_answers < cardinality(github_sync.@record@_waits_for_twin()) THEN
		RETURN github_sync.@record@_ask_for_twin(t, cached, twin, answer.answered_at);
	END IF;
	RETURN github_sync.@record@_fail_held(t, 'created_twice', format('GitHub has it twice: its id %s is a creation of '
		'ours, and so is that of %s, as the answer to the first was lost%s. Delete it at GitHub; or SELECT '
		'github_sync.%s(%L), after which a retry makes a @record@ of its own of it',
		shown.github_id, github_sync.@record@_described(twin),
		CASE WHEN NOT is_seen THEN ', or they are one in two places, and GitHub could not be asked' ELSE '' END,
		'unlink_@record@', twin.@record@_id));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_meet_twin(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.answer, bigint) IS
'private: a creation of ours whose record is linked to another one: errored created_twice, and no second @record@ is '
'made here, once GitHub was seen to have both. Returns the state that the transaction has now';

CREATE OR REPLACE FUNCTION github_sync.@record@_meet_own_creation(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, answer github_sync.answer)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	creator_id bigint := github_sync.@record@_record_of_creation(cached, answer);
	twin_id bigint := github_sync.@record@_twin_of_creation(cached, answer);
	result text;
BEGIN
	IF creator_id IS NOT NULL THEN
		PERFORM github_sync.@record@_take_over_creation(creator_id, cached, answer.resource);
		SELECT q.state INTO result FROM github_sync.@record@_sync_transactions AS q WHERE q.id = t.id;
	ELSIF twin_id IS NOT NULL AND t.direction = 'inbound' AND t.action = 'upsert' THEN
		result := github_sync.@record@_meet_twin(t, cached, answer, twin_id);
	ELSIF github_sync.@record@_may_be_own_creation(t, cached, answer) THEN
		result := github_sync.@record@_give_back_held(t, cached,
			'this may be a creation of ours whose answer is on its way',
			clock_timestamp() + github_sync.@record@_wait_for_creation());
	END IF;
	RETURN result;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_meet_own_creation(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.answer) IS
'private: an unlinked resource that is a creation of ours, met before the answer to the creation was recorded, or '
'that may be one, or was made once more. Returns the state that the transaction has now; NULL: it is none';

/*
 * Numbers are not given twice in a repository, nor ids anywhere.  So where two
 * records would have to become one and both are linked, or the one was seen at
 * GitHub under another id, somebody else has the name of the repository, or
 * somebody linked the resource by hand.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_refuse_to_join(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, shown github_sync.resource)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	other github_sync.@resources@;
BEGIN
	SELECT * INTO other FROM github_sync.@record@_others_of_resource(cached, shown) AS o
	WHERE o.@record@_id IS NOT NULL OR o.github_id <> shown.github_id AND o.github_updated_at IS NOT NULL
	ORDER BY o.@record@_id IS NULL LIMIT 1;
	IF other.@record@_id IS NOT NULL THEN
		RETURN github_sync.@record@_fail_held(t, 'already_linked', format('GitHub answered with id %s, for which %s '
			'and %s would have to become one: both stay. SELECT github_sync.%s(%L) if it is the first one''s',
			shown.github_id, github_sync.@record@_described(cached), github_sync.@record@_described(other),
			'unlink_@record@', other.@record@_id));
	ELSIF other.id IS NOT NULL THEN
		RETURN github_sync.@record@_fail_held(t, 'moved', format('another repository answers to the name: GitHub''s id '
			'there is %s, and was that of %s', shown.github_id, github_sync.@record@_described(other)));
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_refuse_to_join(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.resource) IS
'private: ends a transaction as errored whose record cannot become one with another record of what GitHub shows: '
'already_linked, where that one has a local row of its own; moved, where it is another resource. NULL: it can';

CREATE OR REPLACE FUNCTION github_sync.@record@_take_identity(
	INOUT cached github_sync.@resources@, shown github_sync.resource, OUT was_told boolean)
LANGUAGE plpgsql AS $$
DECLARE
	stub_id bigint;
BEGIN
	was_told := false;
	FOR stub_id IN SELECT o.id FROM github_sync.@record@_others_of_resource(cached, shown) AS o LOOP
		was_told := true;
		cached := github_sync.@record@_join_records(cached.id, stub_id);
	END LOOP;
	cached.github_id := shown.github_id;
--@task	cached.number := shown.number;
	BEGIN
		UPDATE github_sync.@resources@ SET github_id = shown.github_id
--@task			, number = shown.number
		WHERE id = cached.id;
	EXCEPTION WHEN unique_violation THEN
		/* Its stub was committed while we waited for it: the next try sees it. */
		RAISE lock_not_available USING MESSAGE = 'another transaction has just met the same resource';
	END;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_take_identity(github_sync.@resources@, github_sync.resource) IS
'private: from now on the record is the one of this resource, joined with the stub that a webhook made of it '
'(was_told); 55P03: a webhook makes such a stub just now, try again shortly';

--@task CREATE OR REPLACE FUNCTION github_sync.task_was_only_told_of(
--@task	cached github_sync.github_issues, answer github_sync.answer)
--@task RETURNS boolean
--@task LANGUAGE plpgsql STABLE AS $$
--@task BEGIN
--@task	RETURN answer.kind = 'fetched' AND cached.task_id IS NULL AND cached.seen_at IS NULL
--@task		AND cached.github_updated_at IS NULL AND EXISTS (SELECT FROM github_sync.github_repos AS r
--@task			WHERE r.id = cached.github_repo_id AND github_sync.task_is_place_of(
--@task				r, cached, github_sync.repository_of_resource(answer.json::jsonb), answer.resource));
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_was_only_told_of(github_sync.github_issues, github_sync.answer) IS
--@task 'private: a stub that was never seen, at the place where it was said to be: the id that was told with it is a '
--@task 'hint, and GitHub''s answer decides';

--@task CREATE OR REPLACE FUNCTION github_sync.task_left_its_place(
--@task	cached github_sync.github_issues, answer github_sync.answer)
--@task RETURNS boolean
--@task LANGUAGE plpgsql STABLE AS $$
--@task BEGIN
--@task	RETURN answer.kind = 'fetched' AND cached.number IS NOT NULL AND coalesce(NOT (
--@task		SELECT github_sync.task_is_place_of(r, cached,
--@task			github_sync.repository_of_resource(answer.json::jsonb), answer.resource)
--@task		FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id), false);
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_left_its_place(github_sync.github_issues, github_sync.answer) IS
--@task 'private: what answered to the number of a record is elsewhere: it was transferred. Of a stub that is known by '
--@task 'its number alone no id tells that';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_find_told_parent(
--@comment	cached github_sync.github_comments, answer github_sync.answer)
--@comment RETURNS bigint
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	shown_number integer := (answer.resource).number;
--@comment	parent_id bigint;
--@comment BEGIN
--@comment	IF answer.kind <> 'fetched' OR cached.comment_id IS NOT NULL OR shown_number = 0 OR NOT EXISTS (
--@comment		SELECT FROM github_sync.github_issues AS i JOIN github_sync.github_repos AS r ON r.id = i.github_repo_id
--@comment		WHERE i.id = cached.github_issue_id AND i.number <> shown_number AND github_sync.comment_is_place_of(
--@comment			r, cached, github_sync.repository_of_resource(answer.json::jsonb), answer.resource))
--@comment	THEN
--@comment		RETURN NULL;
--@comment	END IF;
--@comment	INSERT INTO github_sync.github_issues (github_repo_id, number) VALUES (cached.github_repo_id, shown_number)
--@comment	ON CONFLICT DO NOTHING;
--@comment	parent_id := github_sync.task_key_share_record_of_number_nowait(cached.github_repo_id, shown_number);
--@comment	IF parent_id IS NULL THEN
--@comment		RAISE lock_not_available USING MESSAGE = 'the issue has just become part of another record';
--@comment	END IF;
--@comment	RETURN parent_id;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_find_told_parent(github_sync.github_comments, github_sync.answer) IS
--@comment 'private: the cached issue that a comment that is no row yet says it belongs to, where that is another one '
--@comment 'than we were told; NULL: it is the same. 55P03: somebody has it, try again shortly';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_move_to_parent(
--@comment	t github_sync.comment_sync_transactions, cached github_sync.github_comments, parent_id bigint)
--@comment RETURNS text
--@comment LANGUAGE plpgsql AS $$
--@comment BEGIN
--@comment	UPDATE github_sync.github_comments AS c SET github_issue_id = parent_id WHERE c.id = cached.id
--@comment	RETURNING * INTO cached;
--@comment	UPDATE github_sync.comment_sync_transactions AS q SET github_issue_id = i.id, github_issue_number = i.number
--@comment	FROM github_sync.github_issues AS i
--@comment	WHERE i.id = parent_id AND q.github_comment_id = cached.id
--@comment		AND q.state IN ('queued', 'processing', 'errored', 'disabled');
--@comment	RETURN github_sync.comment_give_back_held(t, cached,
--@comment		'the comment belongs to another issue than was told', NULL);
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_move_to_parent(
--@comment	github_sync.comment_sync_transactions, github_sync.github_comments, bigint) IS
--@comment 'private: a comment belongs to the issue that its issue_url names; returns the state of its transaction, '
--@comment 'which is claimed again, and may have to wait for that issue';

--@task CREATE OR REPLACE FUNCTION github_sync.task_departed_as(issue_id bigint) RETURNS bigint
--@task LANGUAGE plpgsql STABLE AS $$
--@task BEGIN
--@task	RETURN (SELECT min(i.id) FROM (SELECT i.id FROM github_sync.github_issues AS i
--@task		WHERE i.went_to_id = issue_id AND (i.task_id IS NOT NULL OR i.former_task_key IS NOT NULL
--@task			OR i.local_deleted_at IS NOT NULL) OFFSET 0) AS i);
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_departed_as(bigint) IS
--@task 'private: the record whose issue has this id since it was transferred to where it was not followed; NULL: none';

--@task CREATE OR REPLACE FUNCTION github_sync.task_meet_departed(
--@task	t github_sync.task_sync_transactions, cached github_sync.github_issues, answer github_sync.answer)
--@task RETURNS text
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	departed_id CONSTANT bigint := github_sync.task_departed_as((answer.resource).github_id);
--@task	target github_sync.github_repos;
--@task BEGIN
--@task	IF (departed_id <> cached.id AND answer.kind = 'fetched') IS NOT TRUE THEN
--@task		PERFORM github_sync.task_ask_for_returned(ARRAY[answer.resource])
--@task		WHERE departed_id IS NULL AND answer.kind = 'fetched' AND cached.github_updated_at IS NULL;
--@task		RETURN NULL;
--@task	END IF;
--@task	SELECT * INTO target FROM github_sync.github_repos AS r
--@task	WHERE r.id = cached.github_repo_id
--@task		AND github_sync.task_is_place_of(
--@task			r, cached, github_sync.repository_of_resource(answer.json::jsonb), answer.resource);
--@task	IF target.id IS NOT NULL AND (SELECT m.moved FROM github_sync.task_transfer(
--@task		github_sync.task_lock_record_nowait(departed_id), target, answer.resource) AS m)
--@task	THEN
--@task		/* Given back already, with the stub that is gone. */
--@task		RETURN (SELECT q.state FROM github_sync.task_sync_transactions AS q WHERE q.id = t.id);
--@task	END IF;
--@task	RETURN NULL;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_meet_departed(
--@task	github_sync.task_sync_transactions, github_sync.github_issues, github_sync.answer) IS
--@task 'private: what answers at the place of an unlinked record is the issue of another one, which was transferred '
--@task 'there before its repository was connected: that record moves there, with its task and its comments. Returns '
--@task 'the state that the transaction has now; NULL: it is none. 55P03: somebody holds the other one';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_meet_former(
--@comment	t github_sync.comment_sync_transactions, cached github_sync.github_comments, answer github_sync.answer)
--@comment RETURNS text
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	shown_id CONSTANT bigint := (answer.resource).github_id;
--@comment	former_id CONSTANT bigint := github_sync.comment_former_of(cached.github_issue_id, answer.resource);
--@comment	former github_sync.github_comments;
--@comment BEGIN
--@comment	IF (former_id <> cached.id AND answer.kind = 'fetched' AND cached.github_id = shown_id) IS NOT TRUE THEN
--@comment		RETURN NULL;
--@comment	END IF;
--@comment	former := github_sync.comment_join_records(former_id, cached.id);
--@comment	UPDATE github_sync.github_comments AS c SET github_id = shown_id, deleted_at = NULL WHERE c.id = former_id
--@comment	RETURNING * INTO former;
--@comment	UPDATE github_sync.comment_sync_transactions AS q SET github_comment_external_id = shown_id
--@comment	WHERE q.github_comment_id = former_id AND q.state IN ('queued', 'processing', 'errored', 'disabled');
--@comment	PERFORM github_sync.comment_propagate_deletion(former) WHERE former.local_deleted_at IS NOT NULL;
--@comment	RETURN (SELECT q.state FROM github_sync.comment_sync_transactions AS q WHERE q.id = t.id);
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_meet_former(
--@comment	github_sync.comment_sync_transactions, github_sync.github_comments, github_sync.answer) IS
--@comment 'private: what an unlinked record shows is another one''s comment, which GitHub made anew when its issue '
--@comment 'was transferred: it is that comment from now on. Returns the state that the transaction has now; NULL: it '
--@comment 'is none. 55P03: somebody holds the other one';

CREATE OR REPLACE FUNCTION github_sync.@record@_identify(
	t github_sync.@record@_sync_transactions, INOUT cached github_sync.@resources@, answer github_sync.answer,
	OUT result text, OUT was_told boolean)
LANGUAGE plpgsql AS $$
DECLARE
	shown github_sync.resource := answer.resource;
	taken record;
	takes_identity boolean := false;
--@comment	parent_id bigint;
BEGIN
	was_told := false;
	IF cached.@record@_id IS NULL THEN
--@task		result := coalesce(github_sync.task_meet_departed(t, cached, answer),
--@comment		result := coalesce(github_sync.comment_meet_former(t, cached, answer),
			github_sync.@record@_meet_own_creation(t, cached, answer));
	END IF;
	IF result IS NULL AND cached.github_id <> shown.github_id THEN
--@task		IF github_sync.task_was_only_told_of(cached, answer) THEN
--@task			takes_identity := true;
--@task		ELSE
		result := github_sync.@record@_meet_other_resource(t, cached, answer);
--@task		END IF;
--@task	ELSIF result IS NULL AND cached.github_id IS NULL AND github_sync.task_left_its_place(cached, answer) THEN
--@task		result := github_sync.task_meet_other_resource(t, cached, answer);
	ELSIF result IS NULL THEN
		takes_identity := cached.github_id IS NULL;
	END IF;
	IF takes_identity THEN
		result := github_sync.@record@_refuse_to_join(t, cached, shown);
	END IF;
	IF result IS NOT NULL THEN
		RETURN;
	END IF;
	IF takes_identity THEN
		SELECT * INTO taken FROM github_sync.@record@_take_identity(cached, shown);
		was_told := taken.was_told AND cached.github_id IS NULL;
		cached := taken.cached;
	END IF;
--@comment	parent_id := github_sync.comment_find_told_parent(cached, answer);
--@comment	IF result IS NULL AND parent_id IS NOT NULL THEN
--@comment		result := github_sync.comment_move_to_parent(t, cached, parent_id);
--@comment	END IF;
	/* A webhook's fetch settled the creation: what it saw is newer than this answer, and is fetched again. */
	IF result IS NULL AND answer.kind = 'created' AND NOT github_sync.@record@_has_open_attempt(cached.id) THEN
		result := github_sync.@record@_give_back_held(t, cached, NULL, NULL);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_identify(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.answer) IS
'private: the record that an answer is about, as it is now. result: the transaction ended or was given back for it, '
'and has this state. was_told: a webhook was faster, and its fetch may have seen a later edit than this answer';
