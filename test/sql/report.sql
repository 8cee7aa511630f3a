--
-- report(): a page in one piece, with what strangers wrote shown as what it is
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
-- the page, with its style left out
CREATE VIEW world.page AS SELECT regexp_replace(github_sync.report(), '<style>.*</style>', '') AS html;
-- what it says of a part, without tags; ages are not the same twice
CREATE FUNCTION world.part(title text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(btrim(regexp_replace(regexp_replace(substring(p.html FROM '<h2>' || title || '</h2>(.*?)</section>'), '<[^>]*>', ' ', 'g'), '\s+', ' ', 'g')),
		'\m[0-9]+ (ms|s|min)\M', '(age)', 'g')
	FROM world.page AS p
$$;
\set ECHO all

-- nothing was counted yet, and nothing waits
SELECT part('Health') LIKE '%All is well.%' OR part('Health') LIKE '%worker%';
-- which is not all: nothing is sent here, and is not to be
SELECT part('Health') LIKE 'Nothing is synchronized, as somebody has switched it off. %';
SELECT part('Queue');
SELECT part('Errors');
SELECT part('Transactions');
SELECT part('What waits longest'), part('What changes most');
SELECT part('Requests of the hour');
SELECT part('Imports and sweeps');
-- how long something takes: a time, or longer than what is measured
SELECT github_sync.report_limit(500), github_sync.report_limit(3600000), github_sync.report_limit(NULL);

-- nothing that is not of the page itself: no script, no picture, no style, no address that is loaded
SELECT html LIKE '<!DOCTYPE html>%</html>', html ~ 'default-src ''none''|default-src &#39;none&#39;' FROM page;
SELECT DISTINCT t[1] FROM page, regexp_matches(html, '<([a-z0-9]+)', 'g') AS t WHERE t[1] <> ALL ('{b,bdi,body,code,details,div,h1,h2,head,header,html,i,main,meta,p,section,span,summary,svg,table,tbody,td,th,thead,title,tr}') ORDER BY 1;
SELECT count(*) FROM page, regexp_matches(html, '\m(src|href|data|action|on[a-z]+|style)=', 'g');

-- what strangers write
CREATE PROCEDURE world.attack(words text) LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.github_issues SET title = words, html_url = words;
	UPDATE github_sync.github_app_installations SET account_login = words, pause_reason = words;
	UPDATE github_sync.github_repos SET name = words, owner_login = words;
	UPDATE github_sync.task_sync_transactions SET last_error = words, error_reason = CASE state WHEN 'errored' THEN words END,
		error_code = CASE state WHEN 'errored' THEN words END, last_error_at = now();
	UPDATE github_sync.repo_sweeps SET last_error = words, attempts = 1, last_error_at = now();
	UPDATE github_sync.webhook_deliveries SET outcome = 'failed: ' || words;
END
$$;
CALL github_has(5, 'One');
CALL github_has(5, 'Two', issue => 2);
SELECT webhook(5), webhook(5, 2), carry_out(6), webhook(7), webhook(7, 2);
SELECT github_sync.task_fail(t.id, t.claim_no, 'forbidden', 'no') FROM github_sync.task_claim(1, 9, 9) AS t;
UPDATE github_sync.github_app_installations SET paused_until = now() + interval '1 hour', pause_kind = 'unreachable', pause_reason = 'because';
INSERT INTO github_sync.webhook_deliveries (delivery_id, event, facts, outcome, finished_at) VALUES ('one', 'issues', '{}', 'failed: no', now());
CALL attack($$<script>alert(1)</script>$$);
SELECT p.html ~ '<script', (length(b.html) - length(replace(b.html, '&lt;script&gt;alert(1)&lt;/script&gt;', ''))) / 37 AS shown_below_health
FROM page AS p, regexp_replace(p.html, '<section class="first">.*?</section>', '') AS b (html);
CALL attack($$" onmouseover="alert(1)" x='$$);
SELECT html ~ '" onmouseover', html ~ '&quot; onmouseover=&quot;alert\(1\)&quot; x=&#39;' FROM page;
CALL attack('javascript:alert(1)');
SELECT html ~ 'href' FROM page;
CALL attack('https://github.com/octo/app/issues/1"onclick="alert(1)');
SELECT html ~ 'href' FROM page;
CALL attack('&lt;b&gt; %s {{table}} $$ \1 \\');
SELECT html ~ '&amp;lt;b&amp;gt; %s \{\{table\}\} \$\$ \\1 \\\\' FROM page;
CALL attack('https://github.com/octo/app/issues/1');
SELECT DISTINCT t[1] FROM page, regexp_matches(html, '<a [^>]*>', 'g') AS t;
SELECT DISTINCT t[1] FROM page, regexp_matches(html, '<([a-z0-9]+)', 'g') AS t WHERE t[1] <> ALL ('{b,bdi,body,code,details,div,h1,h2,head,header,html,i,main,meta,p,section,span,summary,svg,table,tbody,td,th,thead,title,tr}') ORDER BY 1;

-- what is said then
UPDATE github_sync.github_issues SET title = 'One';
UPDATE github_sync.github_app_installations SET account_login = 'octo', pause_reason = 'GitHub unreachable: timeout', outage_since = now() - interval '3 hours 5 minutes', outage_kind = 'unreachable';
UPDATE github_sync.github_repos SET owner_login = 'octo', name = 'app';
UPDATE github_sync.task_sync_transactions SET error_code = 'forbidden', error_reason = 'GitHub said no', last_error = NULL WHERE state = 'errored';
UPDATE github_sync.task_sync_transactions SET last_error = 'GitHub unreachable', queued_at = now() - interval '3 days' WHERE state = 'queued';
SELECT part('Health') LIKE 'Something is not synchronized. % installations for 3 h (age), since % nothing is sent for installation 10 of octo until %: GitHub unreachable: timeout What to do: It goes on by itself % Explained in README.md#health-installations%';
SELECT part('Queue');
SELECT part('Errors');
SELECT part('What waits longest'), part('What changes most');
SELECT part('Requests of the hour');

-- ages and numbers, for people
SELECT string_agg(github_sync.html_age(a), ', ') FROM unnest('{0,0.0004 s,0.25 s,59 s,119 s,2 min,119 min,2 h,47 h 59 min,2 days,400 days,-5 s}'::interval[]) AS a;
SELECT github_sync.html_age(NULL) = '', github_sync.html_number(1234567.8), github_sync.html_number(0);
-- pictures: counts stand on one another, and however little there is, it is seen
SELECT github_sync.svg_bars('[{"title": "10:00: 1 & 3", "counts": [1, 3]}, {"title": "10:01", "counts": [0, 0]}, {"title": "10:02", "counts": [0, 1000]}]', '{in,out}', 'a "picture"');
SELECT github_sync.svg_share(1, 4, 'in'), github_sync.svg_share(9, 0, 'in');

-- who watches may have it, and nobody else
SET SESSION AUTHORIZATION regress_app;
SELECT github_sync.report();
SET SESSION AUTHORIZATION regress_owner;
SELECT github_sync.grant_monitor('regress_app') \g /dev/null
SET SESSION AUTHORIZATION regress_app;
SELECT length(github_sync.report()) > 5000;
SELECT github_sync.report_body();
SET SESSION AUTHORIZATION regress_owner;

-- with ten thousand errors of one kind
INSERT INTO github_sync.task_sync_transactions (direction, state, github_app_installation_id, github_repo_id, github_issue_id, queued_at, finished_at, error_code, error_reason)
SELECT 'inbound', 'errored', 10, 1, 1, now(), now() + interval '1 minute', 'gone', 'GitHub has it no more' FROM generate_series(1, 10000);
SELECT part('Errors');
SELECT length(html) < 40000 FROM page;

-- with an owner of the application's tables too many, nothing runs, and all is shown: to the owner, and to who watches
INSERT INTO app.tasks (title) VALUES ('Crash');
SELECT outbound(max(id)) ~ 'queued' FROM app.tasks;
RESET SESSION AUTHORIZATION;
ALTER TABLE app.comments OWNER TO regress_app;
SET SESSION AUTHORIZATION regress_owner;
SELECT part('Health') LIKE 'Something is not synchronized. Critical ownership of tasks table app.comments belongs to role regress_app, %', part('Errors') <> 'None.';
SET SESSION AUTHORIZATION regress_app;
SELECT strpos(github_sync.report(), 'belongs to role regress_app') BETWEEN 1 AND strpos(github_sync.report(), '<h2>Queue');
SELECT repository, lag IS NOT NULL FROM github_sync.sync_lag;
SELECT event FROM github_sync.record_history(task_id => (SELECT max(record_id)::bigint FROM github_sync.sync_queue)) ORDER BY at;
SELECT count(*) > 10 FROM github_sync.sync_metrics;
SELECT github_sync.reconcile_repo(1);
-- with two in the queue, what belongs to one would run as the other
RESET SESSION AUTHORIZATION;
ALTER TABLE app.comments OWNER TO regress_owner;
ALTER TABLE github_sync.comment_sync_transactions OWNER TO regress_app;
SET SESSION AUTHORIZATION regress_owner;
SELECT part('Health') LIKE 'Something is not synchronized. Critical ownership %', part('Queue');
SELECT count(*) FROM github_sync.sync_lag;
SELECT count(*) FROM github_sync.record_history(task_id => 1);
SELECT * FROM github_sync.sync_metrics;
-- and the owner may have lost the schema
RESET SESSION AUTHORIZATION;
ALTER TABLE github_sync.comment_sync_transactions OWNER TO regress_owner;
REVOKE ALL ON SCHEMA github_sync FROM regress_owner CASCADE;
SELECT github_sync.report();
SELECT * FROM github_sync.sync_metrics;
