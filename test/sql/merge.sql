--
-- Merging by field: what an answer does to both sides
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- one field on both sides; without bases it was never synced
CREATE FUNCTION verdict(
	local text, remote text, base text, policy text, first_side text, local_changed_at timestamptz, remote_changed_at timestamptz)
RETURNS text LANGUAGE sql AS $$
	SELECT (github_sync.merge_fields(
		ARRAY[ROW(local, base, local_changed_at, remote, base, remote_changed_at)::github_sync.field_sides],
		base IS NULL, policy, first_side))[1]
$$;
-- the truth table; b: as the base, l and r: changed
SELECT local, remote, verdict(local, remote, 'b', 'last_write_wins', NULL, at(5), at(5))
FROM unnest('{b,b,l,l,l}'::text[], '{b,r,b,l,r}'::text[]) AS sides (local, remote);
-- changed on both sides, differently: who decides
SELECT policy, second_of(local_time) AS local_time, verdict('l', 'r', 'b', policy, NULL, local_time, at(5))
FROM unnest('{last_write_wins,github_wins,app_wins}'::text[]) AS policy, unnest(ARRAY[at(4), at(5), at(6)]) AS local_time;
-- whole seconds are compared, a tie is GitHub's, and so is an unknown local time
SELECT second_of(local_time), verdict('l', 'r', 'b', 'last_write_wins', NULL, local_time, at(5))
FROM unnest(ARRAY[at(5.999), at(6), NULL]) AS local_time;
-- each field for itself, each side against its own base
SELECT github_sync.merge_fields(ARRAY[
	ROW('Crash', 'Crash', at(5), 'Crash ', 'Crash ', at(5)),
	ROW('It crashes', 'It crashes', at(5), E'It crashes\r\n', E'It crashes\r\n', at(5)),
	ROW('open', 'open', at(5), 'closed', 'open', at(5))]::github_sync.field_sides[], false, 'last_write_wins', NULL);
SELECT github_sync.merge_fields(ARRAY[ROW('l', 'b', NULL, 'b', 'b', NULL), ROW('b', 'b', NULL, 'r', 'b', NULL),
	ROW('l', 'b', NULL, 'r', 'b', NULL)]::github_sync.field_sides[], false, 'app_wins', NULL);
-- agreed is what a reader sees as equal: line ends, NULL and ''
SELECT verdict(E'a\nb', E'a\r\nb', 'b', 'last_write_wins', NULL, at(5), at(5));
SELECT verdict(NULL, '', 'b', 'last_write_wins', NULL, at(5), at(5));
-- never synced: whatever a side holds is a change
SELECT local, remote, verdict(local, remote, NULL, 'last_write_wins', NULL, at(6), at(5))
FROM unnest('{NULL,NULL,l,l,l}'::text[], '{NULL,r,NULL,l,r}'::text[]) AS sides (local, remote);

-- never synced, and one side decides: linked, or a repository that is inbound only
SELECT first_side, local, remote, verdict(local, remote, NULL, 'last_write_wins', first_side, at(6), at(5))
FROM unnest('{github,app}'::text[]) AS first_side, unnest('{NULL,NULL,l,l,l}'::text[], '{NULL,r,NULL,l,r}'::text[]) AS sides (local, remote);
-- with a base it has no say any more
SELECT first_side, verdict('l', 'r', 'b', 'last_write_wins', first_side, at(6), at(5))
FROM unnest('{github,app}'::text[]) AS first_side;
-- a task made from an issue
CALL github_has(1, 'Crash', 'It crashes.');
SELECT webhook(1);
SELECT carry_out(1);
SELECT * FROM both_sides;

-- changed at GitHub only: remote to local; modified_at follows
CALL github_has(2, new_title => 'Crash at start');
SELECT webhook(2);
SELECT carry_out(2);
SELECT * FROM both_sides;
-- modified_at never moves backwards
UPDATE app.tasks SET note = 'for Friday', modified_at = at(9);
CALL github_has(3, new_body => 'It crashes often.');
SELECT webhook(3);
SELECT carry_out(3);
SELECT * FROM both_sides;

-- changed here only: an inbound one leaves it, an outbound one sends only what differs
UPDATE app.tasks SET title = 'Crash on start', modified_at = at(10);
CALL github_has(11);
SELECT webhook(11);
SELECT carry_out(11);
SELECT outbound(1);
SELECT carry_out(12);
SELECT * FROM both_sides;

-- both sides, different fields; also an outbound one brings GitHub's change
UPDATE app.tasks SET title = 'Crash on each start', modified_at = at(13);
CALL github_has(14, new_body => 'It crashes.');
SELECT outbound(1);
SELECT carry_out(15);
SELECT * FROM both_sides;
-- while a field stays dirty, modified_at is left to the application
UPDATE app.tasks SET title = 'Crash on most starts', modified_at = at(16);
CALL github_has(17, new_body => 'It crashes!');
SELECT webhook(17);
SELECT carry_out(17);
SELECT * FROM both_sides;
SELECT outbound(1);
SELECT carry_out(18);
SELECT * FROM both_sides;

-- both to the same: nothing to send, nothing to write
UPDATE app.tasks SET title = 'Crash', modified_at = at(19);
CALL github_has(20, new_title => 'Crash');
SELECT outbound(1);
SELECT carry_out(21);
SELECT outbound(1);
SELECT * FROM conflicts;

-- a conflict: the later write wins, the other text is kept
UPDATE app.tasks SET title = 'Crash (later here)', modified_at = at(31);
CALL github_has(30, new_title => 'Crash (earlier there)');
SELECT outbound(1);
SELECT carry_out(32);
SELECT * FROM both_sides;
UPDATE app.tasks SET title = 'Crash (earlier here)', modified_at = at(33);
CALL github_has(34, new_title => 'Crash (later there)');
SELECT outbound(1);
SELECT carry_out(35);
SELECT * FROM both_sides;
SELECT * FROM conflicts;
-- met by an inbound one: here wins, so it is dropped for the outbound one that is queued later
UPDATE app.tasks SET title = 'Crash (here)', modified_at = at(41);
CALL github_has(40, new_title => 'Crash (there)');
SELECT webhook(40);
SELECT * FROM claim();
SELECT outbound(1);
SELECT fetched((SELECT max(id) - 1 FROM github_sync.task_sync_transactions));
SELECT * FROM queue ORDER BY split_part(transaction, ' ', 1)::int DESC LIMIT 2;
SELECT carry_out(42);
SELECT * FROM both_sides;
-- and with nothing queued: dropped, for nothing
UPDATE app.tasks SET title = 'Crash (still here)', modified_at = at(51);
CALL github_has(50, new_title => 'Crash (still there)');
SELECT webhook(50);
SELECT carry_out(52);
SELECT * FROM conflicts;
SELECT outbound(1);
SELECT carry_out(53);
SELECT * FROM both_sides;

-- the other policies
CALL start_afresh();
UPDATE github_sync.github_repos SET conflict_policy = 'github_wins';
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'here', modified_at = at(5);
CALL github_has(4, new_title => 'there');
SELECT outbound(1);
SELECT carry_out(6);
SELECT * FROM both_sides;
UPDATE github_sync.github_repos SET conflict_policy = 'app_wins';
UPDATE app.tasks SET title = 'here', modified_at = at(7);
CALL github_has(8, new_title => 'there again');
SELECT outbound(1);
SELECT carry_out(9);
SELECT * FROM both_sides;
SELECT * FROM conflicts;

-- line ends are no change: a save in GitHub's editor makes CRLF of them, and beats no edit here
CALL start_afresh();
UPDATE github_sync.github_repos SET conflict_policy = 'last_write_wins';
CALL github_has(1, 'Crash', E'one\ntwo');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET body = E'one\nthree', modified_at = at(5);
CALL github_has(8, new_body => E'one\r\ntwo');
SELECT outbound(1);
SELECT carry_out(9);
SELECT github_sync.same_text(body, E'one\nthree') FROM app.tasks;
SELECT * FROM conflicts;
CALL github_has(20, new_body => E'one\r\nthree');
SELECT webhook(20);
SELECT carry_out(21);
SELECT body = E'one\nthree' AS as_it_was FROM app.tasks;
SELECT outbound(1);

-- keys of other creations, which a text quotes, are sent to nobody and change nothing
UPDATE app.tasks SET body = E'see\n\n<!-- github_sync:01234567-89ab-cdef-0123-456789abcdef -->', modified_at = at(30);
SELECT outbound(1);
SELECT carry_out(31);
SELECT r.body FROM world.resources AS r;
SELECT body FROM app.tasks;
SELECT outbound(1);
