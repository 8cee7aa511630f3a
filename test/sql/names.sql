--
-- Names of repositories: one row holds a name, and another one takes it over when GitHub says so
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all
CREATE VIEW repos AS SELECT id, owner_login, name, CASE WHEN name_lost THEN 'lost' ELSE 'holds it' END FROM github_sync.github_repos ORDER BY id;
CREATE VIEW problems AS SELECT record_type, problem, detail, remedy FROM github_sync.sync_problems ORDER BY detail;

-- a second one is not refused, but the name stays the first one's
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 10, 'Octo', 'App'), (3, 10, 'octo', 'site');
SELECT * FROM repos;
SELECT * FROM problems;
UPDATE github_sync.github_repos SET name = 'APP' WHERE id = 3;
SELECT * FROM repos;
-- GitHub says whose it is
SELECT github_sync.report_repo_name(2, 2, 'octo', 'app');
SELECT * FROM repos;
-- one of ours answers to a name that we knew another one by
SELECT github_sync.report_repo_name(2, 1, 'octo', 'app');
SELECT * FROM repos;
-- one that is none of ours: nobody holds the name
SELECT github_sync.report_repo_name(1, 99, 'octo', 'app');
SELECT * FROM repos;
SELECT count(*) FROM problems;
-- asked by a name, answered after a redirect: the redirect tells the new one
SELECT github_sync.report_repo_name(1, 1, 'octo', 'gadget');
SELECT * FROM repos;
-- somebody says how they are called
UPDATE github_sync.github_repos SET name = 'site' WHERE id = 3;
UPDATE github_sync.github_repos SET name = 'other' WHERE id = 2;
SELECT * FROM repos;
SELECT * FROM problems;
-- a redirect leads to a name that another one holds by now
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT claim_no FROM github_sync.task_claim(1, 1);
SELECT owner_login, repo_name FROM github_sync.task_report_redirect(1, 1, 1, '{"id": 3000000001, "repository_url": "https://api.github.com/repos/octo/site"}');
SELECT * FROM repos;
-- another issue answers in its place
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
SELECT webhook(2);
SELECT claim_no FROM github_sync.task_claim(1, 1);
SELECT result FROM github_sync.task_report_answer(2, 1, ROW('fetched', at(9), 41,
	ROW(3000000777, 1, false, 'Crash', '', 'open', NULL, 'octocat', NULL, at(0), at(9), NULL, NULL, NULL)::github_sync.resource, NULL, NULL,
	'{"repository_url": "https://api.github.com/repos/octo/site"}', NULL)::github_sync.answer);
SELECT * FROM repos;
