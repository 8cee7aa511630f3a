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

CREATE OR REPLACE FUNCTION github_sync.@record@_meet_own_creation(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, answer github_sync.answer)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	shown github_sync.resource := answer.resource;
	creator_id bigint := github_sync.@record@_record_of_creation(cached, answer);
	result text;
BEGIN
	IF creator_id IS NOT NULL THEN
		/* The queue of the record that created it goes on. */
		PERFORM github_sync.@record@_join_records(creator_id, cached.id);
		SELECT q.state INTO result FROM github_sync.@record@_sync_transactions AS q WHERE q.id = t.id;
		PERFORM github_sync.@record@_note_outcome_known(creator_id);
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
'that may be one. Returns the state that the transaction has now; NULL: it is none';

CREATE OR REPLACE FUNCTION github_sync.@record@_stub_of_resource(
	cached github_sync.@resources@, shown github_sync.resource)
RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT r.id FROM github_sync.@resources@ AS r
		WHERE r.id <> cached.id AND (r.github_id = shown.github_id
--@task			OR r.github_repo_id = cached.github_repo_id AND r.number = shown.number
			)
		LIMIT 1);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_stub_of_resource(github_sync.@resources@, github_sync.resource) IS
'private: another record that a webhook made for the resource';

CREATE OR REPLACE FUNCTION github_sync.@record@_take_identity(
	INOUT cached github_sync.@resources@, shown github_sync.resource, OUT was_told boolean)
LANGUAGE plpgsql AS $$
DECLARE
	stub_id bigint := github_sync.@record@_stub_of_resource(cached, shown);
BEGIN
	was_told := stub_id IS NOT NULL;
	IF was_told THEN
		cached := github_sync.@record@_join_records(cached.id, stub_id);
	END IF;
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

CREATE OR REPLACE FUNCTION github_sync.@record@_identify(
	t github_sync.@record@_sync_transactions, INOUT cached github_sync.@resources@, answer github_sync.answer,
	OUT result text, OUT was_told boolean)
LANGUAGE plpgsql AS $$
DECLARE
	shown github_sync.resource := answer.resource;
	taken record;
BEGIN
	was_told := false;
	IF cached.@record@_id IS NULL THEN
		result := github_sync.@record@_meet_own_creation(t, cached, answer);
	END IF;
	IF result IS NOT NULL THEN
		RETURN;
	ELSIF cached.github_id <> shown.github_id THEN
		result := github_sync.@record@_meet_other_resource(t, cached, answer);
	ELSIF cached.github_id IS NULL THEN
		SELECT * INTO taken FROM github_sync.@record@_take_identity(cached, shown);
		cached := taken.cached;
		was_told := taken.was_told;
	END IF;
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
