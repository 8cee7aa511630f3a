/*
 * triggers.mjs
 *		An application whose AFTER triggers, deferred or not, rewrite the row:
 *		each text gets a mark at its end.  For a reader it is the same text.
 */

const REWRITE = (table, timing, ...columns) => `
	CREATE FUNCTION planner.mark_${table}() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		UPDATE planner.${table} AS t SET ${columns.map((column) => `${column} = rtrim(t.${column}, ' ✓') || ' ✓'`).join(', ')}
		WHERE t.id = NEW.id AND (${columns.map((column) => `t.${column} NOT LIKE '%✓'`).join(' OR ')});
		RETURN NULL;
	END
	$$;
	CREATE ${timing.includes('DEFERRED') ? 'CONSTRAINT ' : ''}TRIGGER mark AFTER INSERT OR UPDATE ON planner.${table} ${timing}
		FOR EACH ROW EXECUTE FUNCTION planner.mark_${table}();`;

export const triggers = {
	withEmulate: true,
	async opened(world, dice) {
		const timing = dice.pick(['', 'DEFERRABLE INITIALLY DEFERRED']);

		await world.server.query(world.database, `SET ROLE planner;
			${REWRITE('tasks', timing, 'title', 'markdown')} ${REWRITE('comments', timing, 'markdown')}`);
	},
};
