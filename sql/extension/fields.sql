/*
 * The mapped fields of a record and how one of them is merged.  Pure
 * functions: the rules of "Processing" without a row, a lock or a clock.
 *
 * The fields of one side travel as one text array, in the order of the record
 * type: {title, body, state} of a task, {body} of a comment.  Of a task whose
 * application maps any of its marks, these follow: see marks.sql.
 */

CREATE FUNCTION github_sync.task_title_position() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1;
COMMENT ON FUNCTION github_sync.task_title_position() IS
'private: where the title stands among the fields of a task';

CREATE FUNCTION github_sync.task_body_position() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 2;
COMMENT ON FUNCTION github_sync.task_body_position() IS
'private: where the body stands among the fields of a task';

CREATE FUNCTION github_sync.task_state_position() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 3;
COMMENT ON FUNCTION github_sync.task_state_position() IS
'private: where the state stands among the fields of a task; its value is open, closed, or NULL where the '
'application has no column for it';

CREATE FUNCTION github_sync.comment_body_position() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1;
COMMENT ON FUNCTION github_sync.comment_body_position() IS
'private: where the body stands among the fields of a comment';

CREATE FUNCTION github_sync.field_names(record_type text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE record_type WHEN 'task' THEN '{title,body,state,labels,assignees,milestone}'::text[]
	WHEN 'comment' THEN '{body}'::text[] END;
COMMENT ON FUNCTION github_sync.field_names(text) IS
'private: the names of the mapped fields of a record type, in their order';

CREATE FUNCTION github_sync.same_text(a text, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN replace(coalesce(a, ''), E'\r\n', E'\n') = replace(coalesce(b, ''), E'\r\n', E'\n');
COMMENT ON FUNCTION github_sync.same_text(text, text) IS
'private: equal for a reader: NULL is like '''', CRLF like LF';

/* Equal for the same texts, as same_text() has it; sixteen digits tell millions apart. */
CREATE FUNCTION github_sync.digest_of(value text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN left(encode(sha256(convert_to(replace(coalesce(value, ''), E'\r\n', E'\n'), getdatabaseencoding())), 'hex'), 16);
COMMENT ON FUNCTION github_sync.digest_of(text) IS
'private: what stands for a text where it is not to be shown: the beginning of its SHA-256, line ends as LF';

CREATE FUNCTION github_sync.same_texts(a text[], b text[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
	FOR i IN 1 .. cardinality(a) LOOP
		IF a[i] IS DISTINCT FROM b[i] AND NOT github_sync.same_text(a[i], b[i]) THEN
			RETURN false;
		END IF;
	END LOOP;
	RETURN true;
END
$$;
COMMENT ON FUNCTION github_sync.same_texts(text[], text[]) IS
'private: each is equal for a reader to the one at its place';

CREATE FUNCTION github_sync.creation_key_comment(creation_key uuid) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN format('<!-- github_sync:%s -->', creation_key);
COMMENT ON FUNCTION github_sync.creation_key_comment(uuid) IS
'private: the hidden HTML comment by which our own creation is recognised';

CREATE FUNCTION github_sync.creation_keys_of(body text) RETURNS uuid[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN position('<!-- github_sync:' IN body) > 0 THEN ARRAY(SELECT m.found[1]::uuid FROM regexp_matches(body,
	'<!-- github_sync:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}) -->', 'g') AS m (found))
	ELSE '{}' END;
COMMENT ON FUNCTION github_sync.creation_keys_of(text) IS
'private: the creation keys that a body carries, in their order: texts quote each other, so any of them may be its own';

CREATE FUNCTION github_sync.own_creation_key(body text) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN position('<!-- github_sync:' IN body) > 0 THEN (regexp_match(body,
	'<!-- github_sync:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}) -->[[:space:]]*$'))[1]::uuid END;
COMMENT ON FUNCTION github_sync.own_creation_key(text) IS
'private: the creation key that ends a body, as with_creation_key() made it: one in its middle is quoted, or somebody '
'has written on; NULL: none does';

CREATE FUNCTION github_sync.without_creation_key(body text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN position('<!-- github_sync:' IN body) > 0
	THEN regexp_replace(regexp_replace(body, E'(\r?\n){0,2}<!-- github_sync:[0-9a-f-]{36} -->', '', 'g'),
		E'^<!-- github_sync:byline -->[^\r\n]*<!-- /github_sync:byline -->(\r?\n){0,2}', '')
	ELSE body END;
COMMENT ON FUNCTION github_sync.without_creation_key(text) IS
'private: a body as people wrote it, without keys and without the byline that stands before it: neither is ever '
'compared, nor reaches the application, and a key that its text brings along never reaches GitHub, where it would be '
'taken for that of another creation';

CREATE FUNCTION github_sync.with_byline(body text, line text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN line ~ '[^[:space:]]' THEN concat_ws(E'\n\n', format(
		'<!-- github_sync:byline -->%s<!-- /github_sync:byline -->',
		btrim(regexp_replace(line, E'[\r\n]+|<!--|-->', ' ', 'g'))), nullif(body, ''))
	ELSE body END;
COMMENT ON FUNCTION github_sync.with_byline(text, text) IS
'private: a body with a first line about who wrote it, between hidden marks; without_creation_key() takes it off';

/* What is not to be seen between an @ and a name; where the database has no such character, as an entity of HTML. */
CREATE FUNCTION github_sync.mention_guard() RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF getdatabaseencoding() = 'UTF8' THEN
		RETURN chr(8203);
	END IF;
	RETURN '&#8203;';
END
$$;
COMMENT ON FUNCTION github_sync.mention_guard() IS
'private: a zero-width space: @ and a name with it between them notify nobody';

CREATE FUNCTION github_sync.guarded(body text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(body, '(^|[^[:alnum:]_/])@(?=[[:alnum:]])', E'\\1@' || github_sync.mention_guard(), 'g');
COMMENT ON FUNCTION github_sync.guarded(text) IS
'private: a text without code, each mention in it guarded';

CREATE FUNCTION github_sync.escape_mentions(body text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	rest text := body;
	escaped text := '';
	opening text;
	code_from integer;
	code_length integer;
BEGIN
	LOOP
		opening := (regexp_match(rest, '`+|~~~+'))[1];
		EXIT WHEN opening IS NULL;
		code_from := strpos(rest, opening);
		code_length := strpos(substr(rest, code_from + length(opening)), opening);
		/* One that nothing closes is no code. */
		code_length := CASE WHEN code_length = 0 THEN length(opening) ELSE code_length - 1 + 2 * length(opening) END;
		escaped := escaped || github_sync.guarded(left(rest, code_from - 1)) || substr(rest, code_from, code_length);
		rest := substr(rest, code_from + code_length);
	END LOOP;
	RETURN escaped || github_sync.guarded(rest);
END
$$;
COMMENT ON FUNCTION github_sync.escape_mentions(text) IS
'private: a body whose mentions, outside of code, notify nobody; as_written() undoes it';

CREATE FUNCTION github_sync.unguarded(body text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
	RETURN replace(body, '@' || github_sync.mention_guard(), '@');
END
$$;
COMMENT ON FUNCTION github_sync.unguarded(text) IS
'private: a text without the guards of its mentions';

CREATE FUNCTION github_sync.as_written(body text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN position('@' IN body) > 0 THEN github_sync.unguarded(github_sync.without_creation_key(body))
	ELSE github_sync.without_creation_key(body) END;
COMMENT ON FUNCTION github_sync.as_written(text) IS
'private: a body of GitHub''s as people wrote it: without keys, byline and guards of mentions';

CREATE FUNCTION github_sync.with_creation_key(body text, creation_key uuid) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN concat_ws(E'\n\n', nullif(body, ''), github_sync.creation_key_comment(creation_key));
COMMENT ON FUNCTION github_sync.with_creation_key(text, uuid) IS
'private: what is sent as the body of a creation';

CREATE FUNCTION github_sync.merge_fields(
	sides github_sync.field_sides[], never_synced boolean, policy text, first_side text)
RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	verdicts text[] := '{}';
	field github_sync.field_sides;
	local_changed boolean;
	remote_changed boolean;
BEGIN
	FOREACH field IN ARRAY sides LOOP
		/* Without bases whatever is there counts as changed. */
		local_changed := CASE WHEN never_synced THEN coalesce(field.local, '') <> ''
			ELSE NOT github_sync.same_text(field.local, field.local_base) END;
		remote_changed := CASE WHEN never_synced THEN coalesce(field.remote, '') <> ''
			ELSE NOT github_sync.same_text(field.remote, field.remote_base) END;
		verdicts := verdicts || CASE
			WHEN never_synced AND first_side IS NOT NULL AND github_sync.same_text(field.local, field.remote)
				THEN 'agreed'
			WHEN never_synced AND first_side = 'github' AND local_changed THEN 'github won'
			WHEN never_synced AND first_side = 'app' AND remote_changed THEN 'app won'
			WHEN never_synced AND first_side = 'github' THEN 'to local'
			WHEN never_synced AND first_side = 'app' THEN 'to remote'
			WHEN NOT local_changed AND NOT remote_changed THEN 'same'
			WHEN NOT local_changed THEN 'to local'
			WHEN NOT remote_changed THEN 'to remote'
			WHEN github_sync.same_text(field.local, field.remote) THEN 'agreed'
			WHEN policy = 'github_wins' THEN 'github won'
			WHEN policy = 'app_wins' THEN 'app won'
			WHEN date_trunc('second', field.local_changed_at) > date_trunc('second', field.remote_changed_at)
				THEN 'app won'
			ELSE 'github won'
		END;
	END LOOP;
	RETURN verdicts;
END
$$;
COMMENT ON FUNCTION github_sync.merge_fields(github_sync.field_sides[], boolean, text, text) IS
'private: per field ''same'', ''to local'', ''to remote'', ''agreed'', ''github won'' or ''app won''. Each side is '
'compared with its own base. A record that was never synced has none: then whatever a side holds counts as changed, '
'and first_side (github, app, NULL: the policy) decides where the sides differ. last_write_wins compares whole '
'seconds; a local time that is not known is the oldest; GitHub wins a tie';
