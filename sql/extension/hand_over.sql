/*
 * All of it follows the owner of the tasks table: what is there already, made
 * by attach for another owner, is handed over.
 *
 * What the former owner put beside it is not: with the rights of the new owner
 * it could do what the former one may not.  What he changed in our functions
 * and views is handed over as it is; attach makes them anew.
 */

CREATE FUNCTION github_sync.attached_by_key(record_type text) RETURNS regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT k.confrelid::regclass FROM pg_constraint AS k
	WHERE k.conrelid = to_regclass(format('github_sync.%I', record_type || '_sync_transactions'))
		AND k.conname = record_type || '_sync_transactions_' || record_type || '_id_fkey' AND k.contype = 'f'
		/* The functions go with the extension and with detach, the tables stay. */
		AND EXISTS (SELECT FROM pg_proc AS p
			WHERE p.pronamespace = 'github_sync'::regnamespace AND p.proname = record_type || '_claim')
$$;
COMMENT ON FUNCTION github_sync.attached_by_key(text) IS
'private: the table of the application that a queue''s foreign key names, whatever it is called now; NULL: none is '
'attached. Other than attached_table() it reads nothing of the owner''s';

CREATE FUNCTION github_sync.check_other_owner(record_type text, application_table regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	tasks regclass := CASE record_type WHEN 'task' THEN application_table
		ELSE github_sync.attached_by_key('task'::text) END;
	comments regclass := CASE record_type WHEN 'comment' THEN application_table
		ELSE github_sync.attached_by_key('comment'::text) END;
	owner_of_tasks name := (SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c WHERE c.oid = tasks);
	owner_of_comments name := (SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c WHERE c.oid = comments);
BEGIN
	IF owner_of_comments <> owner_of_tasks THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('table %s belongs to %s, the tasks to %s: one worker serves both, as the owner',
				comments, owner_of_comments, owner_of_tasks),
			HINT = format('ALTER TABLE %s OWNER TO %I, and make this call again, which hands over the rest.',
				comments, owner_of_tasks);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_other_owner(text, regclass) IS
'private: comments belong to the owner of the tasks, or the statement that mends it';

CREATE FUNCTION github_sync.made_by_template(what text, kind text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	/* A function has as many variants as the templates say, and no more. */
	SELECT kind = 'TABLE' OR EXISTS (
		SELECT FROM (VALUES ('task'), ('comment')) AS t (record_type)
		CROSS JOIN LATERAL (SELECT github_sync.definitions_of(t.record_type,
			CASE kind WHEN 'VIEW' THEN 'views' ELSE 'objects' END)
			WHERE to_regprocedure(format('github_sync.%I()', t.record_type || '_definitions')) IS NOT NULL) AS d (text)
		CROSS JOIN (VALUES (split_part(split_part(what, '.', 2), '(', 1))) AS n (name)
		WHERE CASE kind
			WHEN 'VIEW' THEN strpos(d.text, format('--@view %s:', split_part(what, '.', 2))) > 0
			ELSE (strpos(d.text, format('CREATE OR REPLACE FUNCTION github_sync.%s(', n.name)) > 0
				OR strpos(d.text, format('CREATE OR REPLACE PROCEDURE github_sync.%s(', n.name)) > 0)
				AND (SELECT count(*) FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace
					AND p.proname = n.name) = 1 END)
$$;
COMMENT ON FUNCTION github_sync.made_by_template(text, text) IS
'private: whether an object that made_by_attach() lists is what attach makes by that name';

CREATE FUNCTION github_sync.refuse_foreign_objects(owner name) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	foreign_object record;
BEGIN
	SELECT n.what, m.kind, m.owner INTO foreign_object
	FROM github_sync.made_by_attach() AS m JOIN pg_roles AS r ON r.rolname = m.owner
	CROSS JOIN LATERAL github_sync.made_name(m.object, m.kind) AS n (what)
	WHERE m.owner NOT IN (refuse_foreign_objects.owner, current_user) AND NOT r.rolsuper
		AND NOT (m.owner = github_sync.queue_owner() AND github_sync.made_by_template(n.what, m.kind))
	ORDER BY m.kind = 'ROUTINE', n.what COLLATE "C" LIMIT 1;
	IF FOUND THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('%s in schema github_sync belongs to role %I, who does not own the application''s table',
				foreign_object.what, foreign_object.owner),
			HINT = format('DROP %1$s %2$s, or ALTER %1$s %2$s OWNER TO %3$I where it is known to be good; '
				'REVOKE CREATE ON SCHEMA github_sync FROM %4$I; and make this call again, which hands over the rest.',
				foreign_object.kind, foreign_object.what, refuse_foreign_objects.owner, foreign_object.owner);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.refuse_foreign_objects(name) IS
'private: raises where another role created something in our schema that attach does not make: handed over, it would '
'have the rights of the new owner. What a superuser created is handed over';

CREATE FUNCTION github_sync.require_right_to_hand_over(owner name) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	present name;
BEGIN
	FOR present IN
		SELECT DISTINCT m.owner FROM github_sync.made_by_attach() AS m WHERE m.owner <> require_right_to_hand_over.owner
	LOOP
		IF NOT pg_has_role(current_user, present, 'USAGE') THEN
			RAISE insufficient_privilege USING
				MESSAGE = format('role %I may not give away what belongs to role %I in schema github_sync',
					current_user, present),
				HINT = 'As a superuser: SELECT github_sync.take_over_ownership().';
		END IF;
		IF NOT has_schema_privilege(require_right_to_hand_over.owner, 'github_sync', 'CREATE')
			AND NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) THEN
			RAISE insufficient_privilege USING
				MESSAGE = format('role %I may not own objects in schema github_sync',
					require_right_to_hand_over.owner),
				HINT = format('Let a superuser make this call, or GRANT CREATE ON SCHEMA github_sync TO %I.',
					require_right_to_hand_over.owner);
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.require_right_to_hand_over(name) IS
'private: a clear error where the caller may not hand over what belongs to others in our schema';

CREATE FUNCTION github_sync.warn_of_owner_problem() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	remaining record;
BEGIN
	SELECT p.problem, p.remedy INTO remaining FROM github_sync.owner_problem() AS p;
	IF remaining.problem IS NOT NULL THEN
		RAISE WARNING USING
			MESSAGE = 'nothing is synchronized yet: ' || remaining.problem,
			HINT = remaining.remedy;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.warn_of_owner_problem() IS
'private: says what still keeps the worker from running, after all that could be handed over was';
