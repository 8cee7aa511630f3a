/*
 * The marks of a task where the application maps any: labels and assignees, as
 * sets that merge without conflict, and the milestone, a value as any other.
 *
 * What the local row is to hold and what GitHub is to hold are two sets, which
 * are the same unless one side cannot be written, or GitHub did not take what was
 * sent.  Both bases together tell what is still to be sent: GitHub's set, with
 * the change from the local base to the local set made to it.  So what GitHub
 * did not take is part of the local base, and is not sent again.
 *
 * None of this is called where no mark is mapped: see {{has_marks}}.
 */

CREATE OR REPLACE FUNCTION github_sync.task_milestone_of(marks jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN CASE WHEN marks IS NOT NULL THEN coalesce(
		marks -> 'milestone' ->> CASE WHEN {{milestone_is_title}} THEN 'title' ELSE 'number' END, '') END;
END
$$;
COMMENT ON FUNCTION github_sync.task_milestone_of(jsonb) IS
'private: the milestone of an issue as a task has it, by its title or its number; an empty text: none; NULL: not known';

CREATE OR REPLACE FUNCTION github_sync.task_with_marks(
	INOUT answer github_sync.answer, cached github_sync.github_issues)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF answer.kind <> 'not modified' THEN
		answer.resource.marks := coalesce(github_sync.marks_of(answer.json::jsonb), cached.marks);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.task_with_marks(github_sync.answer, github_sync.github_issues) IS
'private: an answer with the marks that it shows, or, where it does not show any, those that are known';

CREATE OR REPLACE FUNCTION github_sync.task_items_with_marks(INOUT items github_sync.resource[], jsons text[])
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	item github_sync.resource;
BEGIN
	FOR i IN 1 .. cardinality(items) LOOP
		item := items[i];
		item.marks := github_sync.marks_of(jsons[i]::jsonb);
		items[i] := item;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.task_items_with_marks(github_sync.resource[], text[]) IS
'private: items of a list with the marks that they show';

CREATE OR REPLACE FUNCTION github_sync.task_merged_names(
	repo github_sync.github_repos, sides github_sync.field_sides[], first_side text,
	OUT here text[], OUT there text[], OUT verdicts text[])
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	names record;
BEGIN
	FOR i IN github_sync.task_labels_position() .. github_sync.task_assignees_position() LOOP
		names := github_sync.merge_names(sides[i], first_side, repo.sync_direction <> 'outbound');
		here := here || names.here;
		there := there || names.there;
		verdicts := verdicts || names.verdict;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.task_merged_names(github_sync.github_repos, github_sync.field_sides[], text) IS
'private: labels and assignees: what the local row is to hold, what GitHub is to, and the verdicts. first_side: of a '
'record that was never synced, the side that decides';

CREATE OR REPLACE FUNCTION github_sync.task_merged_marks(
	repo github_sync.github_repos, sides github_sync.field_sides[], first_side text,
	INOUT fields text[], OUT there text[])
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	names CONSTANT record := github_sync.task_merged_names(repo, sides, first_side);
BEGIN
	fields[github_sync.task_labels_position():github_sync.task_assignees_position()] := names.here;
	there := names.there;
END
$$;
COMMENT ON FUNCTION github_sync.task_merged_marks(
	github_sync.github_repos, github_sync.field_sides[], text, text[]) IS
'private: GitHub''s fields, with the sets that the local row is to hold in the place of GitHub''s; and those that '
'GitHub is to hold';

CREATE OR REPLACE FUNCTION github_sync.task_verdicts_of_marks(
	repo github_sync.github_repos, sides github_sync.field_sides[], first_side text, INOUT verdicts text[])
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	milestone CONSTANT integer := github_sync.task_milestone_position();
	names CONSTANT record := github_sync.task_merged_names(repo, sides, first_side);
BEGIN
	verdicts := verdicts[:github_sync.task_state_position()] || names.verdicts || verdicts[milestone];
	/* Not mapped, or the answer does not tell it. */
	verdicts[milestone] := CASE WHEN (sides[milestone]).local IS NULL THEN 'same'
		WHEN (sides[milestone]).remote IS NULL THEN 'unknown' ELSE verdicts[milestone] END;
END
$$;
COMMENT ON FUNCTION github_sync.task_verdicts_of_marks(
	github_sync.github_repos, github_sync.field_sides[], text, text[]) IS
'private: what happens to each mark, in the place of what merge_fields() makes of sets as texts; unknown: the answer '
'does not tell it, or the row''s is no array';

CREATE OR REPLACE FUNCTION github_sync.task_note_not_taken(
	t github_sync.task_sync_transactions, cached github_sync.github_issues, place integer, base text, wanted text,
	remote text)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	field CONSTANT text := (github_sync.field_names('task'))[place];
	answers CONSTANT record := github_sync.task_answers_on_names(cached.github_repo_id, field,
		CASE field WHEN 'milestone' THEN github_sync.name_set(ARRAY[wanted])
			ELSE github_sync.patched_names(wanted, remote, NULL) END);
	repo github_sync.github_repos;
BEGIN
	SELECT * INTO repo FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id;
	INSERT INTO github_sync.sync_conflicts
		(record_type, cached_record_id, transaction_id, field, base, local, remote, winner)
	VALUES ('task', cached.id, t.id, field, base, wanted, remote, 'github');
	PERFORM github_sync.note_thing('task', 'not taken', format('%s of %s', field, cached.id),
		format('%s/%s: %s of issue %s: the task has %s, GitHub %s%s', repo.owner_login, repo.name, field,
			cached.number, coalesce(nullif(wanted, ''), 'none'), coalesce(nullif(remote, ''), 'none'),
			coalesce(nullif(concat('; the repository has no ' || nullif(answers.absent, '[]'),
				'; GitHub did not say whether it has ' || answers.unsaid), ''), ', and took no other')),
		CASE WHEN answers.absent = '[]' AND answers.unsaid IS NULL THEN 'Give the App, or the owner of the token, the '
				'right to write issues of the repository: GitHub leaves labels, assignees and milestones out without '
				'it. '
			WHEN answers.absent = '[]' THEN 'GitHub''s words say why; it may answer by now. '
			WHEN field = 'labels' THEN format('Make the label at GitHub, or UPDATE github_sync.github_repos '
				'SET create_labels = true WHERE id = %s. ', repo.id)
			ELSE 'Name people who may be assigned there, and milestones that are there. ' END
			|| 'Then mend_differences, after a check_repo, sends it again.');
END
$$;
COMMENT ON FUNCTION github_sync.task_note_not_taken(
	github_sync.task_sync_transactions, github_sync.github_issues, integer, text, text, text) IS
'private: GitHub took a write without one of its marks, and said nothing, or it was left out of it, as the repository '
'does not have it: kept in sync_conflicts, and, until one is taken, in sync_problems. It is not sent again';

CREATE OR REPLACE FUNCTION github_sync.task_leave_out_milestone(
	t github_sync.task_sync_transactions, INOUT cached github_sync.github_issues, INOUT merged github_sync.merge_result,
	remote text)
LANGUAGE plpgsql AS $$
DECLARE
	place CONSTANT integer := github_sync.task_milestone_position();
	wanted CONSTANT text := merged.local_fields[place];
	base CONSTANT text := cached.remote_base[place];
	known github_sync.known_names;
BEGIN
	IF wanted = '' OR merged.to_send[place] IS NOT TRUE THEN
		RETURN;
	END IF;
	SELECT * INTO known FROM github_sync.known_names AS k
	WHERE k.github_repo_id = cached.github_repo_id AND k.field = 'milestone' AND k.name = wanted;
	merged.to_send[place] := known.is_there IS TRUE;
	IF known.answered_at IS NOT NULL AND known.is_there IS NOT TRUE THEN
		cached.local_base[place] := wanted;
		cached.remote_base[place] := remote;
		PERFORM github_sync.task_note_not_taken(t, cached, place, base, wanted, remote);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.task_leave_out_milestone(
	github_sync.task_sync_transactions, github_sync.github_issues, github_sync.merge_result, text) IS
'private: a milestone that the repository does not have is not sent';

CREATE OR REPLACE FUNCTION github_sync.task_leave_out_unknown(
	t github_sync.task_sync_transactions, INOUT cached github_sync.github_issues, INOUT merged github_sync.merge_result,
	sides github_sync.field_sides[])
LANGUAGE plpgsql AS $$
DECLARE
	names CONSTANT text[] := github_sync.field_names('task');
	repo_id CONSTANT bigint := cached.github_repo_id;
	added text;
	unknown text;
	unasked text;
	outcome record;
BEGIN
	FOR i IN github_sync.task_labels_position() .. github_sync.task_assignees_position() LOOP
		CONTINUE WHEN merged.to_send[i] IS NOT TRUE;
		added := github_sync.patched_names(github_sync.patched_names(
			cached.remote_base[i], cached.local_base[i], merged.local_fields[i]), cached.remote_base[i], NULL);
		unknown := github_sync.task_names_not_there(repo_id, names[i], added, true);
		/* Edited since the claim: whoever edited has enqueued another transaction. */
		unasked := github_sync.task_names_not_there(repo_id, names[i], added, false);
		CONTINUE WHEN unknown = '[]' AND unasked = '[]';
		cached.local_base[i] := github_sync.patched_names(cached.local_base[i], NULL, unknown);
		merged.local_fields[i] := github_sync.patched_names(merged.local_fields[i], unasked, NULL);
		merged.to_send[i] := NOT github_sync.same_names(cached.remote_base[i], github_sync.patched_names(
			cached.remote_base[i], cached.local_base[i], merged.local_fields[i]));
		PERFORM github_sync.task_note_not_taken(
			t, cached, i, cached.remote_base[i], (sides[i]).local, (sides[i]).remote)
		WHERE unknown <> '[]';
	END LOOP;
	outcome := github_sync.task_leave_out_milestone(
		t, cached, merged, (sides[github_sync.task_milestone_position()]).remote);
	cached := outcome.cached;
	merged := outcome.merged;
END
$$;
COMMENT ON FUNCTION github_sync.task_leave_out_unknown(
	github_sync.task_sync_transactions, github_sync.github_issues, github_sync.merge_result,
	github_sync.field_sides[]) IS
'private: what the repository does not have is not sent, and is part of the local base from here on; what nobody has '
'asked for yet is not sent either, and stays to be';

CREATE OR REPLACE FUNCTION github_sync.task_move_bases_of_marks(
	t github_sync.task_sync_transactions, INOUT cached github_sync.github_issues,
	INOUT merged github_sync.merge_result, sides github_sync.field_sides[], chosen boolean[], there text[])
LANGUAGE plpgsql AS $$
DECLARE
	labels CONSTANT integer := github_sync.task_labels_position();
	outcome record;
BEGIN
	FOR i IN labels .. github_sync.task_assignees_position() LOOP
		CONTINUE WHEN cached.task_id IS NULL OR (sides[i]).local IS NULL OR (sides[i]).remote IS NULL;
		/* What the row holds now: where it was written, that is its base by now, whatever its triggers did. */
		IF chosen[i] THEN
			merged.local_fields[i] := cached.local_base[i];
		END IF;
		cached.local_base[i] := github_sync.patched_names(
			merged.local_fields[i], there[i - labels + 1], (sides[i]).remote);
		cached.remote_base[i] := (sides[i]).remote;
	END LOOP;
	PERFORM github_sync.task_note_merged(cached.id, merged.local_fields)
	WHERE github_sync.task_has_lost_names(cached.id);
	IF true = ANY (merged.to_send) THEN
		outcome := github_sync.task_leave_out_unknown(t, cached, merged, sides);
		cached := outcome.cached;
		merged := outcome.merged;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.task_move_bases_of_marks(
	github_sync.task_sync_transactions, github_sync.github_issues, github_sync.merge_result,
	github_sync.field_sides[], boolean[], text[]) IS
'private: moves the bases of sets, once the local row was written: GitHub''s is what GitHub holds, the local one what '
'the row holds without what is still to be sent; and notes what it has of what people left. there: what GitHub is to '
'hold. What it cannot hold is not sent';

CREATE OR REPLACE FUNCTION github_sync.task_with_lost_to_send(
	t github_sync.task_sync_transactions, repo github_sync.github_repos, INOUT merged github_sync.merge_result,
	to_restore boolean[])
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	FOR i IN 1 .. cardinality(merged.to_send) LOOP
		merged.to_send[i] := merged.to_send[i] OR coalesce(to_restore[i], false)
			AND merged.local_fields[i] IS NOT NULL
			AND t.direction = 'outbound' AND repo.sync_direction <> 'inbound';
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.task_with_lost_to_send(
	github_sync.task_sync_transactions, github_sync.github_repos, github_sync.merge_result, boolean[]) IS
'private: what is still to be sent, with the sets that an update of ours has to restore';

CREATE OR REPLACE FUNCTION github_sync.task_without_unasked(cached github_sync.github_issues, INOUT fields text[])
LANGUAGE plpgsql STABLE AS $$
DECLARE
	names CONSTANT text[] := github_sync.field_names('task');
	milestone CONSTANT integer := github_sync.task_milestone_position();
BEGIN
	FOR i IN github_sync.task_labels_position() .. github_sync.task_assignees_position() LOOP
		CONTINUE WHEN fields[i] IS NULL;
		fields[i] := github_sync.patched_names(fields[i],
			github_sync.task_names_not_there(cached.github_repo_id, names[i], fields[i], false), NULL);
	END LOOP;
	IF fields[milestone] <> '' AND NOT EXISTS (SELECT FROM github_sync.known_names AS k
			WHERE k.github_repo_id = cached.github_repo_id AND k.field = 'milestone' AND k.name = fields[milestone]
				AND k.answered_at IS NOT NULL) THEN
		fields[milestone] := '';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.task_without_unasked(github_sync.github_issues, text[]) IS
'private: the fields of a creation without the marks for which nobody has asked GitHub: they came after its claim';

CREATE OR REPLACE FUNCTION github_sync.task_settle_names(
	t github_sync.task_sync_transactions, before github_sync.github_issues, INOUT cached github_sync.github_issues,
	place integer, remote text, OUT was_taken boolean)
LANGUAGE plpgsql AS $$
DECLARE
	base CONSTANT text := before.remote_base[place];
	sent CONSTANT text := github_sync.patched_names(base, before.local_base[place], before.sent[place]);
	stayed CONSTANT text := github_sync.common_names(github_sync.patched_names(base, sent, NULL), remote);
BEGIN
	cached.local_base[place] := before.sent[place];
	/* What neither was there nor was sent, somebody has added meanwhile. */
	cached.remote_base[place] := github_sync.common_names(remote, github_sync.patched_names(sent, NULL, base));
	was_taken := github_sync.patched_names(sent, remote, NULL) = '[]' AND stayed = '[]';
	PERFORM github_sync.task_forget_restored(cached.id, (github_sync.field_names('task'))[place], base, sent);
	IF NOT was_taken AND t.id IS NOT NULL THEN
		PERFORM github_sync.task_note_not_taken(t, cached, place, coalesce(base, '[]'), sent, remote);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.task_settle_names(
	github_sync.task_sync_transactions, github_sync.github_issues, github_sync.github_issues, integer, text) IS
'private: moves the bases of a set that a write carried, and notes where GitHub did not take it';

/* What was asked for under a title is a number, and another title may be what that has by now. */
CREATE OR REPLACE FUNCTION github_sync.task_milestone_is_renamed(cached github_sync.github_issues, sent text)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN {{milestone_is_title}} AND cached.marks #>> '{milestone,title}' <> sent
		AND EXISTS (SELECT FROM github_sync.known_names AS k
			WHERE k.github_repo_id = cached.github_repo_id AND k.field = 'milestone' AND k.name = sent
				AND k.number::text = cached.marks #>> '{milestone,number}');
END
$$;
COMMENT ON FUNCTION github_sync.task_milestone_is_renamed(github_sync.github_issues, text) IS
'private: an issue has the milestone that was sent, by its number, and that has another title';

CREATE OR REPLACE FUNCTION github_sync.task_note_renamed_milestone(
	t github_sync.task_sync_transactions, cached github_sync.github_issues, base text, sent text, remote text)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.sync_conflicts
		(record_type, cached_record_id, transaction_id, field, base, local, remote, winner)
	VALUES ('task', cached.id, t.id, 'milestone', base, sent, remote, 'github');
	/* Asked for by the next one that needs it; one that somebody holds is asked for by him. */
	UPDATE github_sync.known_names SET answered_at = '-infinity'
	WHERE id = (SELECT k.id FROM github_sync.known_names AS k WHERE k.github_repo_id = cached.github_repo_id
		AND k.field = 'milestone' AND k.name = sent FOR NO KEY UPDATE SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION github_sync.task_note_renamed_milestone(
	github_sync.task_sync_transactions, github_sync.github_issues, text, text, text) IS
'private: keeps the former title of a milestone, which a task gave it, in sync_conflicts, and has GitHub asked anew '
'whether there is one of that title';

CREATE OR REPLACE FUNCTION github_sync.task_settle_milestone(
	t github_sync.task_sync_transactions, before github_sync.github_issues, INOUT cached github_sync.github_issues,
	remote text, OUT was_taken boolean)
LANGUAGE plpgsql AS $$
DECLARE
	milestone CONSTANT integer := github_sync.task_milestone_position();
	sent CONSTANT text := before.sent[milestone];
	is_renamed CONSTANT boolean := github_sync.task_milestone_is_renamed(cached, sent);
BEGIN
	cached.local_base[milestone] := sent;
	/* Its other title is a change of GitHub's. */
	cached.remote_base[milestone] := CASE WHEN is_renamed THEN sent ELSE remote END;
	was_taken := sent = remote OR is_renamed;
	PERFORM github_sync.task_note_renamed_milestone(t, cached, before.remote_base[milestone], sent, remote)
	WHERE is_renamed AND t.id IS NOT NULL;
	PERFORM github_sync.task_note_not_taken(t, cached, milestone, before.remote_base[milestone], sent, remote)
	WHERE NOT was_taken AND t.id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION github_sync.task_settle_milestone(
	github_sync.task_sync_transactions, github_sync.github_issues, github_sync.github_issues, text) IS
'private: the same of the milestone';

CREATE OR REPLACE FUNCTION github_sync.task_things_not_taken(repo_id bigint) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
	SELECT n.about FROM github_sync.noted_problems AS n
	JOIN github_sync.github_repos AS r ON r.id = repo_id
	WHERE n.record_type = 'task' AND n.problem = 'not taken'
		AND starts_with(n.detail, format('%s/%s: ', r.owner_login, r.name))
$$;
COMMENT ON FUNCTION github_sync.task_things_not_taken(bigint) IS
'private: which fields of which issues of a repository GitHub did not take, as task_note_not_taken() noted them';

CREATE OR REPLACE FUNCTION github_sync.task_take_marks_as_sent(
	before github_sync.github_issues, INOUT cached github_sync.github_issues)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	FOR i IN github_sync.task_labels_position() .. github_sync.task_milestone_position() LOOP
		CONTINUE WHEN before.sent_mask[i] IS NOT TRUE;
		cached.local_base[i] := before.sent[i];
		cached.remote_base[i] := CASE WHEN i = github_sync.task_milestone_position() THEN before.sent[i]
			ELSE github_sync.patched_names(before.remote_base[i], before.local_base[i], before.sent[i]) END;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.task_take_marks_as_sent(github_sync.github_issues, github_sync.github_issues) IS
'private: both sides had the marks that a write carried';

/*
 * As of a text: what we sent and GitHub has is what both sides agree on, whoever
 * did it.  Where the application has it otherwise by now, it has changed its mind.
 * Of the rest of the same request nothing follows.
 */
CREATE OR REPLACE FUNCTION github_sync.task_settle_seen_marks(
	before github_sync.github_issues, INOUT cached github_sync.github_issues, remote text[])
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	milestone CONSTANT integer := github_sync.task_milestone_position();
	added_there text;
	gone_there text;
BEGIN
	FOR i IN github_sync.task_labels_position() .. milestone LOOP
		CONTINUE WHEN before.sent_mask[i] IS NOT TRUE OR remote[i] IS NULL;
		IF i < milestone THEN
			added_there := github_sync.common_names(remote[i],
				github_sync.patched_names(before.sent[i], before.local_base[i], NULL));
			gone_there := github_sync.patched_names(
				github_sync.patched_names(before.local_base[i], before.sent[i], NULL), remote[i], NULL);
			cached.local_base[i] := github_sync.patched_names(before.local_base[i], gone_there, added_there);
			cached.remote_base[i] := github_sync.patched_names(before.remote_base[i], gone_there, added_there);
		ELSIF remote[i] = before.sent[i] THEN
			cached.local_base[i] := before.sent[i];
			cached.remote_base[i] := remote[i];
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.task_settle_seen_marks(github_sync.github_issues, github_sync.github_issues, text[]) IS
'private: moves the bases of the marks of a write without an answer to what it was to make of them and GitHub shows';

CREATE OR REPLACE FUNCTION github_sync.task_sets_are_there(cached github_sync.github_issues, remote text[])
RETURNS boolean
LANGUAGE sql STABLE AS $$
	/* Within the second of the webhook, the answer has to show some of it. */
	SELECT EXISTS (SELECT FROM github_sync.sent_sets AS s
		WHERE s.github_issue_id = cached.id AND s.version IS NULL AND (s.shown_in < cached.github_updated_at
			OR s.shown_in = cached.github_updated_at AND github_sync.common_names(s.added,
				remote[array_position(github_sync.field_names('task'), s.field)]) <> '[]'))
$$;
COMMENT ON FUNCTION github_sync.task_sets_are_there(github_sync.github_issues, text[]) IS
'private: what GitHub shows is of a time when the last request, which was not answered, had been carried out, as '
'webhooks tell; somebody has changed since what it has not of that request';

CREATE OR REPLACE FUNCTION github_sync.task_settle_marks(
	t github_sync.task_sync_transactions, before github_sync.github_issues, INOUT cached github_sync.github_issues,
	remote text[], kind text)
LANGUAGE plpgsql AS $$
DECLARE
	is_answered CONSTANT boolean := kind IN ('written', 'created');
	is_creation CONSTANT boolean := before.local_base IS NULL;
	/* What exists was created with all of it. */
	was_carried_out CONSTANT boolean := is_creation
		OR NOT is_answered AND github_sync.task_sets_are_there(cached, remote);
	settled record;
	were_taken boolean;
BEGIN
	PERFORM github_sync.task_date_sent_sets(cached, is_answered);
	/* Another set is a change since, where GitHub leaves none out. */
	IF NOT is_answered AND was_carried_out
		AND NOT EXISTS (SELECT FROM github_sync.task_things_not_taken(cached.github_repo_id)) THEN
		cached := github_sync.task_take_marks_as_sent(before, cached);
		RETURN;
	END IF;
	/* Of the rest of an update without an answer the next merge finds out. */
	IF NOT is_answered AND NOT is_creation THEN
		cached := github_sync.task_settle_seen_marks(before, cached, remote);
		RETURN;
	END IF;
	FOR i IN github_sync.task_labels_position() .. github_sync.task_milestone_position() LOOP
		CONTINUE WHEN before.sent_mask[i] IS NOT TRUE OR remote[i] IS NULL;
		IF i = github_sync.task_milestone_position() THEN
			settled := github_sync.task_settle_milestone(t, before, cached, remote[i]);
		ELSE
			settled := github_sync.task_settle_names(t, before, cached, i, remote[i]);
		END IF;
		cached := settled.cached;
		were_taken := settled.was_taken AND coalesce(were_taken, true);
	END LOOP;
	IF were_taken THEN
		/* One that another worker notes just now is of an issue of its own. */
		DELETE FROM github_sync.noted_problems WHERE (record_type, problem, about) IN (
			SELECT n.record_type, n.problem, n.about FROM github_sync.noted_problems AS n
			WHERE n.record_type = 'task' AND n.problem = 'not taken'
				AND n.about IN (SELECT github_sync.task_things_not_taken(cached.github_repo_id))
				/* What was left out of it before it was sent. */
				AND NOT EXISTS (SELECT FROM github_sync.sync_conflicts AS c WHERE c.record_type = 'task'
					AND c.cached_record_id = cached.id AND c.transaction_id = t.id AND c.winner = 'github')
			FOR UPDATE OF n SKIP LOCKED);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.task_settle_marks(
	github_sync.task_sync_transactions, github_sync.github_issues, github_sync.github_issues, text[], text) IS
'private: moves the bases of the marks that a write carried; before: the record as it was when the answer came';

CREATE OR REPLACE FUNCTION github_sync.task_marks_to_send(
	cached github_sync.github_issues, fields text[], to_send boolean[])
RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	names CONSTANT text[] := github_sync.field_names('task');
	milestone CONSTANT integer := github_sync.task_milestone_position();
	becomes text;
	marks jsonb := '{}';
BEGIN
	FOR i IN github_sync.task_labels_position() .. github_sync.task_assignees_position() LOOP
		CONTINUE WHEN fields[i] IS NULL OR to_send[i] IS NOT TRUE;
		becomes := github_sync.patched_names(cached.remote_base[i], cached.local_base[i], fields[i]);
		becomes := github_sync.patched_names(becomes, github_sync.task_names_not_there(cached.github_repo_id, names[i],
			github_sync.patched_names(becomes, cached.remote_base[i], NULL), true), NULL);
		marks := marks || jsonb_build_object(names[i], becomes::jsonb);
	END LOOP;
	IF to_send[milestone] AND fields[milestone] = '' THEN
		marks := marks || jsonb_build_object(names[milestone], NULL);
	ELSIF to_send[milestone] THEN
		marks := marks || coalesce((SELECT jsonb_build_object(names[milestone], k.number)
			FROM github_sync.known_names AS k WHERE k.github_repo_id = cached.github_repo_id
				AND k.field = 'milestone' AND k.name = fields[milestone] AND k.is_there), '{}');
	END IF;
	RETURN marks::text;
END
$$;
COMMENT ON FUNCTION github_sync.task_marks_to_send(github_sync.github_issues, text[], boolean[]) IS
'private: the marks of a request, as GitHub takes them: whole sets, of names that the repository has, and the number '
'of a milestone';

CREATE OR REPLACE FUNCTION github_sync.task_is_left_out(
	record_id bigint, place integer, side github_sync.field_sides)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
	is_set CONSTANT boolean := place < github_sync.task_milestone_position();
BEGIN
	RETURN place >= github_sync.task_labels_position()
		AND CASE WHEN is_set THEN NOT github_sync.same_names(side.local, side.remote)
			ELSE side.local <> side.remote END
		AND EXISTS (SELECT FROM github_sync.sync_conflicts AS c WHERE c.record_type = 'task'
			AND c.cached_record_id = record_id AND c.field = (github_sync.field_names('task'))[place]
			AND c.winner = 'github');
END
$$;
COMMENT ON FUNCTION github_sync.task_is_left_out(bigint, integer, github_sync.field_sides) IS
'private: the sides of a mark differ because GitHub did not take it, which is no news for a merge';

CREATE OR REPLACE FUNCTION github_sync.task_offer_marks_again(record_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	cached CONSTANT github_sync.github_issues := github_sync.task_lock_record(record_id);
	labels CONSTANT integer := github_sync.task_labels_position();
	milestone CONSTANT integer := github_sync.task_milestone_position();
BEGIN
	UPDATE github_sync.github_issues AS r
	SET local_base[labels:milestone] = cached.remote_base[labels:milestone]
	WHERE r.id = cached.id AND cardinality(cached.local_base) = milestone
		AND cardinality(cached.remote_base) = milestone;
END
$$;
COMMENT ON FUNCTION github_sync.task_offer_marks_again(bigint) IS
'private: whatever GitHub has not of the marks of a task is a change of the application again, which is sent with its '
'next outbound transaction';

CREATE OR REPLACE FUNCTION github_sync.task_have_marks_fetched() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.github_issues AS r SET seen_at = NULL
	WHERE r.marks IS NULL AND r.seen_at IS NOT NULL AND r.task_id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION github_sync.task_have_marks_fetched() IS
'private: issues that were seen before any mark was mapped are not taken for known, whoever tells of them next';

CREATE OR REPLACE FUNCTION github_sync.task_forget_unmapped_marks() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	mapped CONSTANT boolean[] := {{mapped_fields}};
BEGIN
	UPDATE github_sync.github_issues AS r SET
		local_base = ARRAY(SELECT CASE WHEN mapped[b.place] THEN b.value END
			FROM unnest(r.local_base) WITH ORDINALITY AS b (value, place)
			WHERE b.place <= cardinality(mapped) ORDER BY b.place),
		remote_base = ARRAY(SELECT CASE WHEN mapped[b.place] THEN b.value END
			FROM unnest(r.remote_base) WITH ORDINALITY AS b (value, place)
			WHERE b.place <= cardinality(mapped) ORDER BY b.place)
	WHERE cardinality(r.local_base) = github_sync.task_milestone_position() AND EXISTS (
		SELECT FROM unnest(r.local_base) WITH ORDINALITY AS b (value, place)
		WHERE b.place > cardinality(mapped) OR b.value IS NOT NULL AND NOT mapped[b.place]);
END
$$;
COMMENT ON FUNCTION github_sync.task_forget_unmapped_marks() IS
'private: of marks that are not mapped any more nothing is known: a base without a field would be an edit for ever';
