/*
 * Attaching again what is attached: all that attach made is made anew, by the
 * columns that were attached; after a migration that could not be followed, and
 * after ALTER EXTENSION ... UPDATE or a restore, when an older version made it.
 */

CREATE FUNCTION github_sync.monitors() RETURNS SETOF regrole
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH views AS (
		SELECT c.oid, c.relacl, c.relowner FROM pg_class AS c
		WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v')
	SELECT a.grantee::regrole FROM views AS v, aclexplode(v.relacl) AS a
	WHERE a.privilege_type = 'SELECT' AND a.grantee NOT IN (0, v.relowner)
	GROUP BY a.grantee HAVING count(DISTINCT v.oid) = (SELECT count(*) FROM views)
$$;
COMMENT ON FUNCTION github_sync.monitors() IS
'private: the roles that may read each of the views, as after grant_monitor()';

CREATE FUNCTION github_sync.refresh_attached() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	monitors regrole[] := ARRAY(SELECT m.role FROM github_sync.monitors() AS m (role));
	attached_type text;
BEGIN
	PERFORM github_sync.require_owner();
	FOREACH attached_type IN ARRAY ARRAY['task', 'comment'] LOOP
		PERFORM github_sync.attach_as_before(attached_type);
	END LOOP;
	/* Also what is new for them. */
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
		'SELECT github_sync.grant_monitor(%L::regrole)', m.role)) FROM unnest(monitors) AS m (role);
END
$$;
COMMENT ON FUNCTION github_sync.refresh_attached() IS
'public: attaches again what is attached, by the columns that were attached, whatever their names are now; makes its '
'functions, triggers and views anew, brings its tables to this version where an older one made them, and enqueues '
'what was not captured meanwhile. For the owner of the queue or a superuser';

CREATE FUNCTION github_sync.refresh_after_update() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	outdated name := github_sync.outdated_extension();
BEGIN
	IF github_sync.queue_owner() IS NULL THEN
		RETURN;
	END IF;
	IF outdated IS NULL THEN
		PERFORM github_sync.require_one_owner();
		PERFORM github_sync.refresh_attached();
	ELSE
		/* No NOTICE comes out of an extension's script. */
		RAISE WARNING USING
			MESSAGE = 'nothing is sent until both extensions are of one version',
			HINT = format('ALTER EXTENSION %I UPDATE, which brings along what is attached for both.', outdated);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.refresh_after_update() IS
'private: the end of ALTER EXTENSION ... UPDATE, of the second extension where there are two: refresh_attached()';
