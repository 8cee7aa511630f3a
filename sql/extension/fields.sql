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

/*
 * Owners and repositories are named in ASCII, whose letters are folded here in the
 * same way everywhere: in a Turkish database lower('I') is no i, for GitHub it is.
 * Both sides alike are the expressions of the indexes of github_repos.
 */
CREATE FUNCTION github_sync.same_name(a text, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(a COLLATE "C") = lower(b COLLATE "C");
COMMENT ON FUNCTION github_sync.same_name(text, text) IS
'private: two names of accounts or repositories are the same for GitHub, which does not look at case; NULL: one of '
'them is not known';

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
		E'(^|\n)<!-- github_sync:byline -->[^\r\n]*<!-- /github_sync:byline -->(\r?\n){0,2}', E'\\1', 'g')
	ELSE body END;
COMMENT ON FUNCTION github_sync.without_creation_key(text) IS
'private: a body as people wrote it, without keys and without bylines, above which people may have written: neither is '
'ever compared, nor reaches the application, and a key that its text brings along never reaches GitHub, where it would '
'be taken for that of another creation';

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

/*
 * Which mentions are in code only GitHub's own parser knows.  Where another
 * reading of the text is possible a mention is guarded: a guard in code is taken
 * off when the text comes back, a mail is not.  So letters are ASCII's, as for
 * GitHub, and _@ann_ is a mention.
 */
CREATE FUNCTION github_sync.guarded(body text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(body, '(^|[^A-Za-z0-9/])@(?=[A-Za-z0-9&])', E'\\1@' || github_sync.mention_guard(), 'g');
COMMENT ON FUNCTION github_sync.guarded(text) IS
'private: a text without code, each mention in it guarded';

/* What begins with a backslash is none outside of code, and one like any other as the end of code. */
CREATE FUNCTION github_sync.backtick_runs(piece text) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT length(m.found[2]) - s.less FROM regexp_matches(piece, E'(\\\\?)(`+)', 'g') AS m (found)
	CROSS JOIN LATERAL generate_series(0, length(m.found[1])) AS s (less));
COMMENT ON FUNCTION github_sync.backtick_runs(text) IS
'private: of how many backticks the runs are that a text has, or may have';

CREATE FUNCTION github_sync.escape_around_code(
	piece text, OUT escaped text, OUT unclosed integer[], OUT is_doubtful boolean)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	tokens CONSTANT text[] := ARRAY(SELECT m.found[1]
		FROM regexp_matches(piece, E'(`+|\\\\|<[A-Za-z/!?]|[^`\\\\<]+|<)', 'g') AS m (found));
	parts text[] := '{}';
	spoken text := '';
	code text;
	at integer := 1;
	backslashes integer := 0;
	width integer;
	closing integer;
BEGIN
	unclosed := '{}';
	is_doubtful := false;
	WHILE at <= cardinality(tokens) LOOP
		/* A tag may hold backticks that are none of the text's. */
		is_doubtful := is_doubtful OR tokens[at] ~ '^<.';
		/* A backslash takes the first backtick for itself, unless another one has taken it. */
		width := CASE WHEN tokens[at] LIKE '`%' THEN length(tokens[at]) - backslashes % 2 ELSE 0 END;
		backslashes := CASE WHEN tokens[at] = E'\\' THEN backslashes + 1 ELSE 0 END;
		closing := NULL;
		IF width > 0 AND NOT is_doubtful AND width <> ALL (unclosed) THEN
			code := tokens[at];
			FOR i IN at + 1 .. cardinality(tokens) LOOP
				code := code || tokens[i];
				closing := CASE WHEN tokens[i] LIKE '`%' AND length(tokens[i]) = width THEN i END;
				EXIT WHEN closing IS NOT NULL;
			END LOOP;
			unclosed := CASE WHEN closing IS NULL THEN unclosed || width ELSE unclosed END;
		END IF;
		IF closing IS NULL THEN
			spoken := spoken || tokens[at];
		ELSE
			parts := parts || ARRAY[github_sync.guarded(spoken), code];
			spoken := '';
		END IF;
		at := coalesce(closing, at) + 1;
	END LOOP;
	escaped := array_to_string(parts, '') || github_sync.guarded(spoken);
END
$$;
COMMENT ON FUNCTION github_sync.escape_around_code(text) IS
'private: a part of a paragraph with its mentions guarded outside of code; the runs of backticks in it that nothing '
'closes; is_doubtful: the rest of the paragraph may be read in several ways';

/*
 * Code does not cross the end of a paragraph.  A line that may begin something
 * else (a heading, an item, a row of a table) need not: where a run of backticks
 * that is left open before it might be closed behind it, nothing there is code.
 */
CREATE FUNCTION github_sync.paragraph_pieces(lines text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	/* There are cells only with the line below their head. */
	has_cells CONSTANT boolean := EXISTS (SELECT FROM unnest(lines) AS l (line)
		WHERE l.line ~ '[|]' AND l.line ~ '-' AND l.line ~ E'^[-|: \t>\r\n]+$');
	pieces text[] := '{}';
	was_plain boolean := false;
	is_plain boolean;
	line text;
BEGIN
	FOREACH line IN ARRAY lines LOOP
		is_plain := line !~ E'^( {0,3}([-+*>#=|<~:_[]|[0-9]+[.)])| {4}| *\t)' AND NOT has_cells;
		IF has_cells THEN
			pieces := pieces || ARRAY(SELECT m.found[1] FROM regexp_matches(line, '([^|]+|[|])', 'g') AS m (found));
		ELSIF is_plain AND was_plain THEN
			pieces[cardinality(pieces)] := pieces[cardinality(pieces)] || line;
		ELSE
			pieces := pieces || line;
		END IF;
		was_plain := is_plain;
	END LOOP;
	RETURN pieces;
END
$$;
COMMENT ON FUNCTION github_sync.paragraph_pieces(text[]) IS
'private: lines without a blank one as parts, each of which certainly is one text; between them may be a boundary';

CREATE FUNCTION github_sync.escape_paragraph(lines text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	/* A link's definition may hold a backtick as well. */
	is_doubtful boolean := array_to_string(lines, '') ~ '[]]:';
	left_open integer[] := '{}';
	escaped text := '';
	piece text;
	around record;
BEGIN
	FOREACH piece IN ARRAY github_sync.paragraph_pieces(lines) LOOP
		is_doubtful := is_doubtful OR left_open && github_sync.backtick_runs(piece);
		IF is_doubtful THEN
			escaped := escaped || github_sync.guarded(piece);
			CONTINUE;
		END IF;
		around := github_sync.escape_around_code(piece);
		escaped := escaped || around.escaped;
		left_open := left_open || around.unclosed;
		is_doubtful := around.is_doubtful;
	END LOOP;
	RETURN escaped;
END
$$;
COMMENT ON FUNCTION github_sync.escape_paragraph(text[]) IS
'private: lines without a blank one, with their mentions guarded outside of code';

CREATE FUNCTION github_sync.fence_begins(line text, before text[], OUT fence text[], OUT is_doubtful boolean)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	found CONSTANT text[] := regexp_match(line, '^( {0,3})(`{3,})[^`]*$|^( {0,3})(~{3,})');
BEGIN
	/* In HTML, which ends with the paragraph at the earliest, there is none. */
	is_doubtful := found IS NOT NULL AND array_to_string(before, '')
		~ E'(^|[\r\n])[ \t>]*(([-+*]|[0-9]+[.)])[ \t]+)*<[A-Za-z/]';
	IF found IS NOT NULL AND NOT is_doubtful THEN
		fence := ARRAY[coalesce(found[1], found[3]), coalesce(found[2], found[4])];
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.fence_begins(text, text[]) IS
'private: the indent and the fence of a line that begins code, behind these lines of a paragraph; is_doubtful: it may';

CREATE FUNCTION github_sync.fence_ends(line text, fence text[], is_in_list boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	/* An item that ends takes its fence along, and the end may be indented more. */
	WHEN is_in_list AND fence[1] <> '' AND (line ~ E'^( {4}| *\t)[ \t]*[`~]'
		OR NOT starts_with(line, fence[1]) AND line ~ E'[^ \t\r\n]') THEN NULL
	ELSE line ~ format(E'^ {0,3}%s{%s,}[ \t\r\n]*$', left(fence[2], 1), length(fence[2])) END;
COMMENT ON FUNCTION github_sync.fence_ends(text, text[], boolean) IS
'private: a line ends the code that a fence began; NULL: it may';

CREATE FUNCTION github_sync.html_begins(line text, is_in_list boolean, OUT ends text, OUT is_doubtful boolean)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	found CONSTANT text[] := regexp_match(line,
		'<(!--|[?]|![[]CDATA[[]|![A-Z]|(?:pre|script|style|textarea)(?![A-Z0-9-]))(.*)$', 'i');
	closing CONSTANT text := CASE WHEN found[1] = '!--' THEN '-->' WHEN found[1] = '?' THEN '[?]>'
		WHEN found[1] LIKE '![%' THEN '[]][]]>' WHEN found[1] LIKE '!%' THEN '>'
		ELSE '</(pre|script|style|textarea)>' END;
BEGIN
	/* Of an item it ends with that. Within a line it is none, or ends with its paragraph. */
	is_doubtful := found IS NOT NULL AND (line ~ E'^[ \t]*([->+*]|[0-9]+[.)])' OR is_in_list AND line ~ '^ +<');
	ends := CASE WHEN found IS NOT NULL AND line ~ '^ {0,3}<' AND found[2] !~* closing THEN closing END;
END
$$;
COMMENT ON FUNCTION github_sync.html_begins(text, boolean) IS
'private: a line begins HTML that goes on behind blank lines: what ends it; is_doubtful: that cannot be told';

CREATE FUNCTION github_sync.escape_lines(body text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	parts text[] := '{}';
	lines text[] := '{}';	/* of the paragraph so far */
	line text;
	begun record;
	fence text[];
	html record;
	html_ends text;
	is_in_list boolean := false;
	/* From here on all may be code, or not. */
	is_doubtful boolean := false;
BEGIN
	FOR line IN SELECT m.found[1]
		FROM regexp_matches(body, E'([^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+)', 'g') AS m (found) LOOP
		IF fence IS NOT NULL THEN
			is_doubtful := github_sync.fence_ends(line, fence, is_in_list) IS NULL;
			fence := CASE WHEN NOT github_sync.fence_ends(line, fence, is_in_list) THEN fence END;
			parts := parts || CASE WHEN is_doubtful THEN github_sync.guarded(line) ELSE line END;
			CONTINUE;
		END IF;
		IF is_doubtful OR html_ends IS NOT NULL THEN
			html_ends := CASE WHEN line !~* html_ends THEN html_ends END;
			parts := parts || github_sync.guarded(line);
			CONTINUE;
		END IF;
		begun := github_sync.fence_begins(line, lines);
		fence := begun.fence;
		html := github_sync.html_begins(line, is_in_list);
		html_ends := CASE WHEN fence IS NULL THEN html.ends END;
		is_doubtful := begun.is_doubtful OR fence IS NULL AND html.is_doubtful;
		is_in_list := is_in_list OR line ~ E'^[ \t>]*([-+*]|[0-9]+[.)]|[[]\\^[^]]*[]]:)([ \t\r\n]|$)';
		IF fence IS NOT NULL OR html_ends IS NOT NULL OR is_doubtful OR line ~ E'^[ \t\r\n]*$' THEN
			parts := parts || ARRAY[github_sync.escape_paragraph(lines), github_sync.guarded(line)];
			lines := '{}';
		ELSE
			lines := lines || line;
		END IF;
	END LOOP;
	RETURN array_to_string(parts, '') || github_sync.escape_paragraph(lines);
END
$$;
COMMENT ON FUNCTION github_sync.escape_lines(text) IS
'private: a text with its mentions guarded where they are not certainly in code: fences, and what is in paragraphs';

CREATE FUNCTION github_sync.escape_mentions(body text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN position('@' IN body) > 0 THEN github_sync.escape_lines(body) ELSE body END;
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
