/* sql/extension/intruder.sql: sql/extension/intruder\.sql: order: order\.txt does not name the file */
-- nothing
