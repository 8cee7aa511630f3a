/* core: circle of modules: core/intruder -> core/intruder_friend */
extern int intruder_friend_answer(int question);
extern int intruder_answer(int question);

int
intruder_answer(int question)
{
	return question > 0 ? intruder_friend_answer(question - 1) : 0;
}
/* also core/intruder_friend.c: */
extern int intruder_answer(int question);
extern int intruder_friend_answer(int question);

int
intruder_friend_answer(int question)
{
	return intruder_answer(question);
}
