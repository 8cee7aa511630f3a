"""supabase.py LABEL

What PostgREST does for people who are logged in, by psycopg: PGHOST, PGPORT ... say
where.  LABEL "pooled": through pgbouncer in transaction mode.
"""
import json
import sys

import psycopg

label = sys.argv[1]
connection = psycopg.connect(autocommit=True, prepare_threshold=None if label == "pooled" else 1)
people = {"ann": "00000000-0000-0000-0000-000000000001", "eve": "00000000-0000-0000-0000-000000000002"}


def as_person(person, *statements):
    """Each request of PostgREST's is a transaction, in which the role and the claims are set."""
    with connection.transaction():
        connection.execute("SET LOCAL ROLE authenticated")
        connection.execute("SELECT set_config('request.jwt.claims', %s, true)", [json.dumps({"sub": people[person]})])
        return [connection.execute(*statement) for statement in statements]


def refused(person, *statement):
    try:
        return as_person(person, statement)[0].rowcount == 0
    except psycopg.errors.InsufficientPrivilege:
        return True


project = as_person("ann", ["SELECT id FROM projects"])[0].fetchone()[0]
task = as_person("ann", ["INSERT INTO tasks (project_id, title, description) VALUES (%s, %s, '') RETURNING id", [project, label]])[0].fetchone()[0]
as_person("ann", ["INSERT INTO comments (task_id, content) VALUES (%s, %s)", [task, f"{label} comment"]],
          ["INSERT INTO tasks (project_id, title, is_draft) VALUES (%s, 'SECRET draft', true)", [project]])
for _ in range(3):
    as_person("ann", ["UPDATE tasks SET description = description || %s WHERE id = %s", ["edit\n", task]])
as_person("ann", ["UPDATE tasks SET title = %s WHERE id = %s", [f"{label}, edited", task]])
if not refused("eve", "UPDATE tasks SET title = 'SECRET of eve' WHERE id = %s", [task]):
    sys.exit("a policy was not heeded")
if not refused("eve", "INSERT INTO comments (task_id, content) VALUES (%s, 'SECRET of eve')", [task]):
    sys.exit("a policy was not heeded")
