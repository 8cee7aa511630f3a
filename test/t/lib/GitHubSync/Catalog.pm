# GitHubSync::Catalog
#
# What a database is made of, to be compared with another one.
#
#     is_deeply(catalog($upgraded), catalog($fresh), 'no difference');
package GitHubSync::Catalog;

use strict;
use warnings;

use Exporter qw(import);
our @EXPORT_OK = qw(catalog);

# Every object of ours and of the application's, one in a line, with its owner,
# rights and comment.  A column of a table has no place: one that came later is the
# last.  How a server prints an expression again differs in white
# space and needless parentheses.
sub catalog
{
	my ($application) = @_;

	return [ split /\n/, $application->superuser_sql(q{
		SELECT translate(regexp_replace(o.line, '\s+', ' ', 'g'), '()', '') FROM (
		WITH ours AS (SELECT oid FROM pg_namespace WHERE nspname IN ('github_sync', 'planner'))
		SELECT concat_ws(' ', 'schema', n.nspname, pg_get_userbyid(n.nspowner),
			(SELECT array_agg(a::text ORDER BY 1) FROM unnest(n.nspacl) AS a))
		FROM pg_namespace AS n WHERE n.oid IN (SELECT oid FROM ours)
		UNION ALL
		SELECT concat_ws(' ', 'relation', c.oid::regclass, c.relkind, pg_get_userbyid(c.relowner), c.relacl, c.reloptions,
			obj_description(c.oid, 'pg_class'), CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) WHEN 'i' THEN pg_get_indexdef(c.oid) END)
		FROM pg_class AS c WHERE c.relnamespace IN (SELECT oid FROM ours) AND c.relkind <> 't'
		UNION ALL
		SELECT concat_ws(' ', 'column', a.attrelid::regclass, CASE WHEN c.relkind = 'v' THEN a.attnum END, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
			a.attidentity, a.attacl, pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum))
		FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
		LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE c.relnamespace IN (SELECT oid FROM ours) AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
		UNION ALL
		SELECT concat_ws(' ', 'constraint', o.conrelid::regclass, o.conname, pg_get_constraintdef(o.oid))
		FROM pg_constraint AS o WHERE o.connamespace IN (SELECT oid FROM ours) AND o.conrelid <> 0
		UNION ALL
		SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled)
		FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
		WHERE c.relnamespace IN (SELECT oid FROM ours) AND NOT t.tgisinternal
		UNION ALL
		SELECT concat_ws(' ', 'function', p.oid::regprocedure, pg_get_userbyid(p.proowner), p.proacl, p.prosecdef, p.proconfig,
			md5(pg_get_functiondef(p.oid)), obj_description(p.oid, 'pg_proc'),
			EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
		FROM pg_proc AS p WHERE p.pronamespace IN (SELECT oid FROM ours)
		) AS o (line) ORDER BY 1}) ];
}

1;
