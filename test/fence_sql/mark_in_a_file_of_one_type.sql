/* sql/shared/checks.sql: mark: a file of one record type needs no marks */

--@task -- once a database
