--
-- Settings of databases, roles and sessions: under any of them the extensions
-- are created, tables are attached, a whole round is played, all is made anew
-- and detached; and what is made is what is made without them
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
\set settings `cat "$PG_ABS_SRCDIR/sql/include/settings.sql"`
:settings
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- the settings of the server
SELECT settings.choose('plain') \g /dev/null
\set ECHO none
:world
\c -
LOAD 'plpgsql';
SELECT settings.choose('plain') \g /dev/null
SET search_path = world, app;
\set ECHO all
CALL settings.play();
\c -
SET client_min_messages = warning;
CALL settings.note_what_was_made('plain');
SELECT line FROM settings.story WHERE session = 'plain' ORDER BY place;

-- how texts, names, times and arrays are read and shown (test/sql/include/settings.sql lists the values)
LOAD 'plpgsql';
SELECT settings.choose('shown otherwise') \g /dev/null
\set ECHO none
:world
\c -
LOAD 'plpgsql';
SELECT settings.choose('shown otherwise') \g /dev/null
SET search_path = world, app;
\set ECHO all
CALL settings.play();
\c -
SET client_min_messages = warning;
CALL settings.note_what_was_made('shown otherwise');
SELECT * FROM settings.differences('shown otherwise');

-- and by the other values that there are
LOAD 'plpgsql';
SELECT settings.choose('shown in a third way') \g /dev/null
\set ECHO none
:world
\c -
LOAD 'plpgsql';
SELECT settings.choose('shown in a third way') \g /dev/null
SET search_path = world, app;
\set ECHO all
CALL settings.play();
\c -
SET client_min_messages = warning;
CALL settings.note_what_was_made('shown in a third way');
SELECT * FROM settings.differences('shown in a third way');

-- how statements are run, and where tables are made
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE regress_elsewhere LOCATION '';
GRANT CREATE ON TABLESPACE regress_elsewhere TO PUBLIC;
LOAD 'plpgsql';
SELECT settings.choose('run otherwise') \g /dev/null
\set ECHO none
:world
\c -
LOAD 'plpgsql';
SELECT settings.choose('run otherwise') \g /dev/null
SET search_path = world, app;
\set ECHO all
CALL settings.play();
\c -
SET client_min_messages = warning;
CALL settings.note_what_was_made('run otherwise');
SELECT * FROM settings.differences('run otherwise');
-- tables of ours are where the user wanted his
SELECT count(*) > 5 AS elsewhere FROM pg_class AS c JOIN pg_tablespace AS s ON s.oid = c.reltablespace
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'r' AND s.spcname = 'regress_elsewhere';

-- nothing of this is left
DROP SCHEMA github_sync, app, world, settings CASCADE;
DROP TABLESPACE regress_elsewhere;
