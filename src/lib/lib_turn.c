/* Whose turn it is: see lib_turn.h. */
#include "lib/lib_turn.h"

enum { IDLE, TAKEN, FREED }; /* FREED while a call has it: that call releases it */

bool lib_turn_take(lib_turn *t)
{
    int idle = IDLE;
    return atomic_compare_exchange_strong(&t->state, &idle, TAKEN);
}

bool lib_turn_end(lib_turn *t)
{
    int taken = TAKEN;
    return !atomic_compare_exchange_strong(&t->state, &taken, IDLE);
}

bool lib_turn_last(lib_turn *t)
{
    return atomic_exchange(&t->state, FREED) != TAKEN;
}

jem_status lib_turn_refuse(const char *function, const char *what)
{
    return jem_error(JEM_EUSAGE, "%s: %s is in another call, and serves one at a time: open one for each thread, or take "
                     "turns", function, what);
}
