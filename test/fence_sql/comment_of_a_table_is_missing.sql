/* sql/extension/transitions.sql: comment: intruders has no comment */

CREATE TABLE github_sync.intruders (id integer PRIMARY KEY);
