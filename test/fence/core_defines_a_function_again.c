/* core: src/core/intruder\.c:6, src/http/accomplice\.c:[0-9]+: the function name same is defined more than once */
extern int intruder(void);

static int
same(void)
{
	return 1;
}

int
intruder(void)
{
	return same();
}
/* also http/accomplice.c: */
extern int accomplice(int value);

static int
same(int value)
{
	return value;
} /* in another style */

int
accomplice(int value)
{
	return same(value);
}
