/*
 * check_copy.sql
 *		What TO has never sent anything: it is held there since it was loaded.
 */
SELECT coalesce((SELECT github_sync.is_moving(i) FROM github_sync.github_app_installations AS i
	WHERE i.id = :installation FOR UPDATE), false) AS is_copy \gset
\if :is_copy
\else
DO $$ BEGIN RAISE 'what TO has of it is not held by a move: it may have sent'
	USING HINT = 'Find out which of FROM and TO is right, and take the rows of the other one away by hand.'; END $$;
\endif
