/* library: exports github_sync_intruder, which no script of sql/ declares */
extern void github_sync_intruder(void);

void
github_sync_intruder(void)
{
}
