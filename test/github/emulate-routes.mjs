/*
 * emulate-routes.mjs
 *		A loader hook for emulate.mjs: registers emulate's comment routes
 *		before its issue routes while the module is read.
 *
 * In emulate 0.12.2 the path /issues/:number comes first and swallows
 * /issues/comments, so that the comments of a repository cannot be listed.
 * The installed package stays as it is.
 */
const COMMENTS = 'commentsRoutes(ctx);';
const ISSUES = 'issuesRoutes(ctx);';

export async function load(url, context, nextLoad) {
	const loaded = await nextLoad(url, context);

	if (!url.includes('/node_modules/emulate/dist/') || !url.endsWith('.js')) {
		return loaded;
	}
	const source = loaded.source.toString();

	return source.includes(ISSUES) ? { ...loaded, source: source.replace(COMMENTS, '').replace(ISSUES, COMMENTS + ISSUES) } : loaded;
}
