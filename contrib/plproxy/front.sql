/*
 * front.sql
 *		A database in front of several servers: it hands each webhook delivery to
 *		the server that has its installation, and holds nothing but who is where.
 *
 * Run once, as a superuser, in a database of its own, after CREATE EXTENSION
 * plproxy and CREATE SERVER github_sync (docs/scaling.md).  A server's name is the
 * application_name of its connection, its number that of the option: p0, p1 ...
 * views.sql, which is run on one of the servers, writes the views.
 *
 * The signature of a delivery is verified by its server, which has the secret.
 */
BEGIN;

CREATE SCHEMA github_sync;
COMMENT ON SCHEMA github_sync IS
'the servers that sync with GitHub, as one';

CREATE VIEW github_sync.servers AS
SELECT (regexp_match(o.option, 'application_name=([^ ]+)'))[1] AS server,
	(regexp_match(o.option, '^p([0-9]+)='))[1]::integer AS number
FROM pg_catalog.pg_foreign_server AS s CROSS JOIN LATERAL unnest(s.srvoptions) AS o (option)
WHERE s.srvname = 'github_sync' AND o.option ~ '^p[0-9]+=';
COMMENT ON VIEW github_sync.servers IS
'the servers, as CREATE SERVER github_sync names them';

CREATE TABLE github_sync.placement (
	installation_id bigint PRIMARY KEY CHECK (installation_id >= 0),
	server text NOT NULL
);
COMMENT ON TABLE github_sync.placement IS
'which server has which installation (GitHub''s id); 0: what names no installation, as hooks of repositories do';

CREATE FUNCTION github_sync.check_server() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM github_sync.servers AS s WHERE s.server = NEW.server) THEN
		RAISE foreign_key_violation USING
			MESSAGE = format('there is no server %s', NEW.server),
			DETAIL = format('Servers: %s.', (SELECT coalesce(string_agg(s.server, ', ' ORDER BY s.number), 'none')
				FROM github_sync.servers AS s)),
			HINT = 'ALTER SERVER github_sync OPTIONS (ADD p2 ''host=... dbname=... application_name=NAME'').';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION github_sync.check_server() IS
'an installation is placed on a server that there is';
CREATE TRIGGER check_server BEFORE INSERT OR UPDATE ON github_sync.placement
	FOR EACH ROW EXECUTE FUNCTION github_sync.check_server();

/* Its caller need not see where the others are. */
CREATE FUNCTION github_sync.number_of_server(installation_id bigint) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT s.number FROM github_sync.placement AS p JOIN github_sync.servers AS s USING (server)
	WHERE p.installation_id = number_of_server.installation_id
$$;
COMMENT ON FUNCTION github_sync.number_of_server(bigint) IS
'the number of the server that has an installation; NULL: none has';

/*
 * json, not jsonb: one member is read of what may be large and a stranger's.  Of a
 * member that is there twice the last one counts, as on the server.  Texts of GitHub's
 * may have escapes that are no text of this database (U+0000, half a character, or
 * what its encoding lacks), which the operators refuse wherever they are: then it is
 * read with none.
 */
CREATE FUNCTION github_sync.installation_of(payload json) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	told json;
	id text;
BEGIN
	BEGIN
		told := CASE json_typeof(payload) WHEN 'object' THEN payload -> 'installation' END;
	EXCEPTION WHEN untranslatable_character OR invalid_text_representation THEN
		told := regexp_replace(payload::text, '\\(u[0-9A-Fa-f]{4}|.)', '_', 'g')::json -> 'installation';
	END;
	IF json_typeof(told) = 'object' THEN
		id := told ->> 'id';
	END IF;
	RETURN CASE WHEN id IS NULL THEN 0 WHEN id ~ '^[0-9]{1,18}$' THEN id::bigint END;
END
$$;
COMMENT ON FUNCTION github_sync.installation_of(json) IS
'the installation that a delivery is for; 0: it names none; NULL: what it names is no id';

CREATE FUNCTION github_sync.payload_of(body bytea) RETURNS json
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN convert_from(body, 'UTF8')::json;
EXCEPTION WHEN data_exception OR statement_too_complex OR character_not_in_repertoire THEN
	RAISE invalid_parameter_value USING
		MESSAGE = 'the body of the webhook is no JSON',
		HINT = 'Set the content type of the webhook to application/json, and hand on the bytes that GitHub sent.';
END
$$;
COMMENT ON FUNCTION github_sync.payload_of(bytea) IS
'the JSON of a delivery; raises 22023 where it is none';

/* Of what goes nowhere no server says so. */
CREATE FUNCTION github_sync.check_parts(event text, delivery_id text, has_payload boolean) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF event IS NULL OR delivery_id IS NULL OR NOT has_payload THEN
		RAISE null_value_not_allowed USING
			MESSAGE = format('a webhook delivery needs %s', CASE WHEN event IS NULL THEN 'its event'
				WHEN delivery_id IS NULL THEN 'its id' ELSE 'its payload' END),
			HINT = 'They are the headers X-GitHub-Event and X-GitHub-Delivery, and the body, of GitHub''s request.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_parts(text, text, boolean) IS
'raises 22004, as the servers do, for a delivery without one of its parts';

CREATE FUNCTION github_sync.receive_webhook_at(
	number integer, event text, delivery_id text, signature text, body bytea) RETURNS text
LANGUAGE plproxy AS $$
	CLUSTER 'github_sync';
	RUN ON number;
	SELECT github_sync.receive_webhook(event, delivery_id, signature, body);
$$;
COMMENT ON FUNCTION github_sync.receive_webhook_at(integer, text, text, text, bytea) IS
'receive_webhook() of the server with that number';

CREATE FUNCTION github_sync.ingest_webhook_at(number integer, event text, delivery_id text, payload json) RETURNS text
LANGUAGE plproxy AS $$
	CLUSTER 'github_sync';
	RUN ON number;
	SELECT github_sync.ingest_webhook(event, delivery_id, payload);
$$;
COMMENT ON FUNCTION github_sync.ingest_webhook_at(integer, text, text, json) IS
'ingest_webhook() of the server with that number';

CREATE FUNCTION github_sync.without_place(installation_id bigint) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN installation_id IS NULL THEN 'ignored: what it names as its installation is no id'
	WHEN installation_id = 0 THEN 'ignored: it names no installation'
	ELSE format('ignored: no server has installation %s', installation_id) END;
COMMENT ON FUNCTION github_sync.without_place(bigint) IS
'what is said of a delivery that goes nowhere';

CREATE FUNCTION github_sync.receive_webhook(event text, delivery_id text, signature text, body bytea) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	installation_id bigint;
	number integer;
BEGIN
	PERFORM github_sync.check_parts(event, delivery_id, body IS NOT NULL);
	installation_id := github_sync.installation_of(github_sync.payload_of(body));
	number := github_sync.number_of_server(installation_id);
	IF number IS NULL THEN
		RETURN github_sync.without_place(installation_id);
	END IF;
	RETURN github_sync.receive_webhook_at(number, event, delivery_id, signature, body);
END
$$;
COMMENT ON FUNCTION github_sync.receive_webhook(text, text, text, bytea) IS
'as a server''s, by the server that has the installation; ignored: no server has installation ...: nowhere is anything '
'kept of it, and a redelivery goes where the installation is by then. Errors are that server''s, with their SQLSTATE; '
'XX000, "PL/Proxy function ...", where it cannot be reached: GitHub shows the delivery as failed';

CREATE FUNCTION github_sync.ingest_webhook(event text, delivery_id text, payload json) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	installation_id bigint;
	number integer;
BEGIN
	PERFORM github_sync.check_parts(event, delivery_id, payload IS NOT NULL);
	installation_id := github_sync.installation_of(payload);
	number := github_sync.number_of_server(installation_id);
	IF number IS NULL THEN
		RETURN github_sync.without_place(installation_id);
	END IF;
	RETURN github_sync.ingest_webhook_at(number, event, delivery_id, payload);
END
$$;
COMMENT ON FUNCTION github_sync.ingest_webhook(text, text, json) IS
'the same as receive_webhook() for a delivery whose signature the caller has verified';

CREATE FUNCTION github_sync.grant_webhooks(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	EXECUTE format(
		'GRANT USAGE ON SCHEMA github_sync TO %1$s;
		GRANT USAGE ON FOREIGN SERVER github_sync TO %1$s;
		GRANT EXECUTE ON FUNCTION github_sync.receive_webhook, github_sync.ingest_webhook,
			github_sync.receive_webhook_at, github_sync.ingest_webhook_at, github_sync.installation_of,
			github_sync.payload_of, github_sync.check_parts, github_sync.number_of_server, github_sync.without_place TO %1$s', role);
END
$$;
COMMENT ON FUNCTION github_sync.grant_webhooks(regrole) IS
'lets a role hand on deliveries; on the servers its name, or the user of its mapping, needs their grant_webhooks()';

CREATE FUNCTION github_sync.grant_monitor(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	command text;
BEGIN
	FOR command IN
		SELECT format('GRANT USAGE ON SCHEMA github_sync TO %1$s', role)
		UNION ALL
		SELECT format('GRANT USAGE ON FOREIGN SERVER github_sync TO %1$s', role)
		UNION ALL
		SELECT format('GRANT SELECT ON github_sync.%I TO %s', c.relname, role) FROM pg_class AS c
		WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v'
		UNION ALL
		SELECT format('GRANT EXECUTE ON FUNCTION %s TO %s', p.oid::regprocedure, role) FROM pg_proc AS p
		WHERE p.pronamespace = 'github_sync'::regnamespace AND (p.proname ~ '^all_' OR p.proname = 'health')
	LOOP
		EXECUTE command;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.grant_monitor(regrole) IS
'lets a role read the views and health() of all servers, those that views.sql makes later, too; on the servers its name, '
'or the user of its mapping, needs their grant_monitor()';

/* They have what grant_monitor() gives and no DROP of views.sql takes away: SELECT on servers. */
CREATE FUNCTION github_sync.grant_monitors() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.grant_monitor(a.grantee::regrole)
	FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS a
	WHERE c.oid = 'github_sync.servers'::regclass AND a.privilege_type = 'SELECT' AND a.grantee NOT IN (0, c.relowner);
END
$$;
COMMENT ON FUNCTION github_sync.grant_monitors() IS
'for views.sql, which makes the views anew: who was given grant_monitor() may read them again';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA github_sync FROM PUBLIC;
COMMIT;
