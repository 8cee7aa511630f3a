/*
 * A change of an installation or a repository wakes the workers at its commit; a
 * change of a queue does so by record/triggers.sql.
 */

CREATE OR REPLACE TRIGGER z_wake_on_commit
	AFTER INSERT OR UPDATE ON github_sync.github_app_installations
	FOR EACH STATEMENT EXECUTE FUNCTION github_sync.wake_on_commit();
CREATE OR REPLACE TRIGGER z_wake_on_commit
	AFTER INSERT OR UPDATE ON github_sync.github_repos
	FOR EACH STATEMENT EXECUTE FUNCTION github_sync.wake_on_commit();
