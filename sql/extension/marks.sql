/*
 * The marks of an issue: its labels, its assignees and its milestone.  Pure
 * functions, beside those of fields.sql: labels and assignees are sets, and
 * merge as sets, so that neither side's additions are lost.
 *
 * As a field, a set is one text: a JSON array of names, ordered, each of them
 * once, whatever its case, as at GitHub.  So equal texts are equal sets.  A
 * milestone is its title or its number, an empty text where there is none.  A
 * field that is NULL is not mapped, or not known: GitHub's, as no answer has shown
 * it, or the row's, as it is no array.  Then the bases stay, and nothing is changed.
 */

CREATE FUNCTION github_sync.task_labels_position() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 4;
COMMENT ON FUNCTION github_sync.task_labels_position() IS
'private: where the labels stand among the fields of a task, of which there are three where no mark is mapped';

CREATE FUNCTION github_sync.task_assignees_position() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 5;
COMMENT ON FUNCTION github_sync.task_assignees_position() IS
'private: where the assignees stand among the fields of a task';

CREATE FUNCTION github_sync.task_milestone_position() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 6;
COMMENT ON FUNCTION github_sync.task_milestone_position() IS
'private: where the milestone stands among the fields of a task';

/*
 * First ASCII's letters, in the same way everywhere: in Turkish I and i are two
 * letters, for GitHub they are one.  What is left by the database's own rules,
 * which never change in it, so that it is as immutable as lower() itself is.
 */
CREATE FUNCTION github_sync.folded_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(lower(name COLLATE "C") COLLATE "default");
COMMENT ON FUNCTION github_sync.folded_name(text) IS
'private: a name, or a set of them, without case, as GitHub compares labels and logins';

CREATE FUNCTION github_sync.name_set(names text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_agg(n.name ORDER BY n.folded COLLATE "C"), '[]')::text
	FROM (SELECT DISTINCT ON (f.folded COLLATE "C") btrim(u.name) AS name, f.folded
		FROM unnest(names) WITH ORDINALITY AS u (name, place)
		CROSS JOIN LATERAL (SELECT github_sync.folded_name(btrim(u.name)) AS folded) AS f WHERE btrim(u.name) <> ''
		ORDER BY f.folded COLLATE "C", u.place) AS n);
COMMENT ON FUNCTION github_sync.name_set(text[]) IS
'private: names as a set: of those that differ in case alone, the first one; NULL: none';

CREATE FUNCTION github_sync.names_in(name_set text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT jsonb_array_elements_text(name_set::jsonb));
COMMENT ON FUNCTION github_sync.names_in(text) IS
'private: the names of a set, in its order; NULL: none';

CREATE FUNCTION github_sync.has_name(name_set text, name text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN github_sync.folded_name(name) = ANY (github_sync.names_in(github_sync.folded_name(name_set)));
COMMENT ON FUNCTION github_sync.has_name(text, text) IS
'private: whether a set has a name, whatever its case; of NULL, an empty set: false';

CREATE FUNCTION github_sync.name_set_of_json(names jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE coalesce(jsonb_typeof(names), 'null') WHEN 'array' THEN github_sync.name_set(ARRAY(
		SELECT e.value #>> '{}' FROM jsonb_array_elements(names) AS e (value) WHERE jsonb_typeof(e.value) = 'string'))
	WHEN 'null' THEN '[]' END;
COMMENT ON FUNCTION github_sync.name_set_of_json(jsonb) IS
'private: the strings of a JSON array as a set; what else it may hold is no name; null: an empty set. NULL: it is no '
'array, and not known';

CREATE FUNCTION github_sync.same_names(a text, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN github_sync.folded_name(coalesce(a, '[]')) = github_sync.folded_name(coalesce(b, '[]'));
COMMENT ON FUNCTION github_sync.same_names(text, text) IS
'private: two sets hold the same names, whatever their case';

CREATE FUNCTION github_sync.patched_names(names text, was text, becomes text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN github_sync.name_set(
	ARRAY(SELECT n.name FROM unnest(github_sync.names_in(names)) AS n (name)
		WHERE NOT github_sync.has_name(was, n.name) OR github_sync.has_name(becomes, n.name))
	|| ARRAY(SELECT n.name FROM unnest(github_sync.names_in(becomes)) AS n (name)
		WHERE NOT github_sync.has_name(was, n.name)));
COMMENT ON FUNCTION github_sync.patched_names(text, text, text) IS
'private: a set with the change from one set to another made to it: with what that added, without what that removed; '
'NULL: an empty set';

CREATE FUNCTION github_sync.common_names(a text, b text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN github_sync.name_set(ARRAY(SELECT n.name FROM unnest(github_sync.names_in(a)) AS n (name)
	WHERE github_sync.has_name(b, n.name)));
COMMENT ON FUNCTION github_sync.common_names(text, text) IS
'private: what is in both sets, as the first one spells it';

/*
 * First what the local row is to hold, then from that what GitHub is: a name that
 * one side removed and the other added is there on both in the end.
 */
CREATE FUNCTION github_sync.merge_names(
	side github_sync.field_sides, first_side text, writes_here boolean, OUT here text, OUT there text, OUT verdict text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
	here := side.local;
	there := side.remote;
	IF side.local IS NULL OR side.remote IS NULL THEN
		verdict := CASE WHEN side.local IS NULL AND side.remote IS NULL THEN 'same' ELSE 'unknown' END;
		RETURN;
	END IF;
	IF writes_here AND first_side IS DISTINCT FROM 'app' THEN
		here := CASE first_side WHEN 'github' THEN side.remote
			ELSE github_sync.patched_names(side.local, side.remote_base, side.remote) END;
	END IF;
	IF first_side IS DISTINCT FROM 'github' THEN
		there := CASE first_side WHEN 'app' THEN side.local
			ELSE github_sync.patched_names(side.remote, side.local_base, here) END;
	END IF;
	verdict := CASE
		WHEN first_side IS NOT NULL AND side.local <> '[]' AND side.remote <> '[]'
			AND NOT github_sync.same_names(side.local, side.remote) THEN first_side || ' won'
		WHEN github_sync.same_names(there, side.remote) THEN
			CASE WHEN github_sync.same_names(here, side.local) THEN 'same' ELSE 'to local' END
		WHEN github_sync.same_names(here, side.local) THEN 'to remote'
		ELSE 'to both' END;
END
$$;
COMMENT ON FUNCTION github_sync.merge_names(github_sync.field_sides, text, boolean) IS
'private: a set of names on both sides: what each is to hold, and the verdict ''same'', ''to local'', ''to remote'' or '
'''to both''. What either side added or removed since its own base is added or removed at the other; without a base '
'all of it was added. unknown: one of them is not. first_side: github or app, whose set counts as it is; '
'where the other one is lost by that, the verdict is that it won. There are no other conflicts';

/* GitHub's labels are objects, or, in old versions, texts. */
CREATE FUNCTION github_sync.names_of_objects(objects jsonb, member text) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(objects) = 'array' THEN github_sync.name_set(ARRAY(
		SELECT CASE jsonb_typeof(e.value) WHEN 'object' THEN e.value ->> member ELSE e.value #>> '{}' END
		FROM jsonb_array_elements(objects) AS e (value)))
	ELSE '[]' END::jsonb;
COMMENT ON FUNCTION github_sync.names_of_objects(jsonb, text) IS
'private: the set of what a member of each object of a JSON array holds';

CREATE FUNCTION github_sync.marks_of(issue jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(issue -> 'labels') = 'array' THEN jsonb_build_object(
	'labels', github_sync.names_of_objects(issue -> 'labels', 'name'),
	'assignees', github_sync.names_of_objects(issue -> 'assignees', 'login'),
	'milestone', CASE jsonb_typeof(issue -> 'milestone') WHEN 'object' THEN jsonb_build_object(
		'number', issue -> 'milestone' -> 'number', 'title', issue -> 'milestone' -> 'title') END) END;
COMMENT ON FUNCTION github_sync.marks_of(jsonb) IS
'private: {labels: names, assignees: logins, milestone: {number, title}} of an issue as GitHub sent it; NULL: it does '
'not show them';
