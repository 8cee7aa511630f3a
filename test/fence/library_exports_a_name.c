/* library: exports intruder, which is no entry point */
extern void intruder(void);
extern void github_sync_intruder(void);

void
intruder(void)
{
}

void
github_sync_intruder(void)
{
	intruder();
}
