/*
 * lock_ours.sql
 *		Nothing is added to the installation any more: whatever is, refers to its
 *		repositories.
 */
SELECT count(*) FROM (SELECT FROM github_sync.github_app_installations AS i
	WHERE i.id = :installation FOR UPDATE) AS locked \g /dev/null
SELECT count(*) FROM (SELECT FROM github_sync.github_repos AS r
	WHERE r.github_app_installation_id = :installation ORDER BY r.id FOR UPDATE) AS locked \g /dev/null
