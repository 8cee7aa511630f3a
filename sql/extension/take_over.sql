/*
 * After a change of owners: all of it is handed over, and what was not captured
 * meanwhile is made up for.
 */

CREATE FUNCTION github_sync.catch_up_where_it_fits(record_type text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	attached jsonb := github_sync.attached_table(record_type);
BEGIN
	IF attached IS NOT NULL AND github_sync.mapping_drift(
		attached ->> 'table_schema', attached ->> 'table_name', attached -> 'mapping') IS NULL THEN
		PERFORM github_sync.catch_up(record_type, github_sync.attached_relation(record_type, attached));
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.catch_up_where_it_fits(text) IS
'private: makes up for what was not captured, unless the mapping has to be mended first';

CREATE FUNCTION github_sync.take_over_ownership() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	tasks regclass := github_sync.attached_by_key('task'::text);
	owner name;
BEGIN
	IF tasks IS NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'no tasks table is attached',
			HINT = 'SELECT github_sync.attach_tasks(...) hands over what is there.';
	END IF;
	owner := github_sync.table_owner(tasks);
	PERFORM github_sync.check_other_owner('task'::text, tasks);
	PERFORM github_sync.require_right_to_hand_over(owner);
	PERFORM github_sync.refuse_foreign_objects(owner);
	PERFORM github_sync.hand_over(owner);
	PERFORM github_sync.catch_up_where_it_fits(r.record_type)
	FROM (VALUES ('task'::text), ('comment')) AS r (record_type)
	WHERE (github_sync.owner_problem()).problem IS NULL;
	PERFORM github_sync.warn_of_owner_problem();
	PERFORM github_sync.poke_launcher();
	PERFORM github_sync.wake();
END
$$;
COMMENT ON FUNCTION github_sync.take_over_ownership() IS
'public: all that attach made goes to the owner of the tasks table, with the rights that it needs: after ALTER TABLE '
'... OWNER TO, REASSIGN OWNED, or a restore without owners. For a superuser, or a role that has the rights of the '
'former and the new owner. What was not captured meanwhile is enqueued. Raises insufficient_privilege for others, and '
'where the comments belong to somebody else';
