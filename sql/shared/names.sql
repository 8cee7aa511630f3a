/*
 * Names of repositories.  A name is no identity: after a rename or a deletion
 * another repository can have it.  One row holds a name; another one of that
 * name takes it over when an answer of GitHub's confirmed it for its id, and the
 * first has then lost it.  Nothing is created by a name that is not confirmed.
 * The indexes fold names as same_name() compares them, by themselves: they stay when
 * the extension, whose member that is, is dropped.
 */

CREATE UNIQUE INDEX IF NOT EXISTS github_repos_held_name_key
	ON github_sync.github_repos (lower(owner_login COLLATE "C"), lower(name COLLATE "C")) WHERE NOT name_lost;
/* Of all that have a name, or had it: asked for with each repository that is connected. */
CREATE INDEX IF NOT EXISTS github_repos_name_idx
	ON github_sync.github_repos (lower(owner_login COLLATE "C"), lower(name COLLATE "C"));

CREATE OR REPLACE FUNCTION github_sync.repos_of_name(owner_login text, name text)
RETURNS SETOF github_sync.github_repos
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT * FROM github_sync.github_repos AS r
	WHERE github_sync.same_name(r.owner_login, repos_of_name.owner_login)
		AND github_sync.same_name(r.name, repos_of_name.name)
	ORDER BY r.name_lost, r.id;
END
$$;
COMMENT ON FUNCTION github_sync.repos_of_name(text, text) IS
'private: the repositories of a name, compared without case; the one that holds it first';

CREATE OR REPLACE FUNCTION github_sync.note_repo_name() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	/* Of two that come at the same time the second sees the first: neither is refused. */
	PERFORM github_sync.lock_names();
	NEW.name_lost := EXISTS (SELECT FROM github_sync.repos_of_name(NEW.owner_login, NEW.name) AS r
		WHERE r.id <> NEW.id AND NOT r.name_lost);
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION github_sync.note_repo_name() IS
'private: a repository that is given a name which another one holds does not hold it, until GitHub says that it does';

CREATE OR REPLACE TRIGGER a_note_name
	BEFORE INSERT OR UPDATE OF owner_login, name ON github_sync.github_repos
	FOR EACH ROW EXECUTE FUNCTION github_sync.note_repo_name();

CREATE OR REPLACE FUNCTION github_sync.confirm_repo_name(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	repo github_sync.github_repos;
BEGIN
	SELECT * INTO repo FROM github_sync.github_repos AS r WHERE r.id = repo_id AND r.name_lost
	FOR NO KEY UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	/* Should somebody hold one of them, the next answer confirms it. */
	PERFORM 1 FROM github_sync.github_repos AS r
	WHERE r.id IN (SELECT o.id FROM github_sync.repos_of_name(repo.owner_login, repo.name) AS o)
	FOR NO KEY UPDATE NOWAIT;
	UPDATE github_sync.github_repos AS r SET name_lost = true
	WHERE r.id IN (SELECT o.id FROM github_sync.repos_of_name(repo.owner_login, repo.name) AS o WHERE NOT o.name_lost);
	UPDATE github_sync.github_repos AS r SET name_lost = false WHERE r.id = repo_id;
EXCEPTION WHEN lock_not_available THEN
	RETURN;
END
$$;
COMMENT ON FUNCTION github_sync.confirm_repo_name(bigint) IS
'private: an answer of GitHub''s came from this repository by its name: it holds the name, and no other one does';

CREATE OR REPLACE FUNCTION github_sync.report_repo_name(
	asked_id bigint, answered_id bigint, shown_owner text, shown_name text)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	/* Should somebody be naming one just now, the next answer tells it again. */
	IF NOT github_sync.lock_names_nowait() THEN
		RETURN;
	END IF;
	/* By the name of the one, or by way of it, another one is reached; and nobody else has what that one shows. */
	UPDATE github_sync.github_repos AS r SET name_lost = true
	WHERE r.id IN (SELECT o.id FROM github_sync.github_repos AS o
		WHERE o.id <> answered_id AND NOT o.name_lost AND (o.id = asked_id
			OR github_sync.same_name(o.owner_login, shown_owner) AND github_sync.same_name(o.name, shown_name))
		FOR NO KEY UPDATE SKIP LOCKED);
	UPDATE github_sync.github_repos AS r SET owner_login = shown_owner, name = shown_name
	WHERE r.id = (SELECT o.id FROM github_sync.github_repos AS o
		WHERE o.id = answered_id AND (o.owner_login, o.name) IS DISTINCT FROM (shown_owner, shown_name)
		FOR NO KEY UPDATE SKIP LOCKED);
	PERFORM github_sync.confirm_repo_name(answered_id);
END
$$;
COMMENT ON FUNCTION github_sync.report_repo_name(bigint, bigint, text, text) IS
'private: a repository was asked for, and one of this id and name answered, by that name or after a redirect. '
'It may be another one of ours, whose name was not known, or none of ours; what had that name has lost it, and so has '
'the one that was asked for, where another one answered';

/*
 * The name may have changed hands after the id told it, or the answer of the id
 * was an old one: whether it is another repository's for good, the next attempts tell.
 */
CREATE OR REPLACE FUNCTION github_sync.doubt_repo_name(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.github_repos SET name_lost = true WHERE id = repo_id AND NOT name_lost;
END
$$;
COMMENT ON FUNCTION github_sync.doubt_repo_name(bigint) IS
'private: what is known by the name of a repository was not there: whatever is asked next, its id is asked first how '
'it is called';
