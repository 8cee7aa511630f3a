/* library: does not export github_sync_wake, which a script of sql/ declares */
extern void _PG_init(void);

void
_PG_init(void)
{
}
