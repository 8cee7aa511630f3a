/* sql/record/insert.sql: name: intruder does not say whose it is: what exists once belongs to shared/ */

--@task CREATE OR REPLACE FUNCTION github_sync.intruder() RETURNS integer
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	RETURN 1;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.intruder() IS
--@task 'private: one, behind a mark that means once a database';
