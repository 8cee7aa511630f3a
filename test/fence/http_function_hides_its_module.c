/* http: the name other_name does not tell its module: it has to begin with intruder_ */
extern void other_name(void);

void
other_name(void)
{
}
