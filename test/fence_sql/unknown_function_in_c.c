/* src/db/intruder.c: src/db/intruder\.c:2: unknown: no file of sql/ defines task_no_such_function */

const char *intruder = "SELECT github_sync.%s_no_such_function($1)";
