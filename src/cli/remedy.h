/* The library says what is to be named ("say which network they are of"), for hosts of any language; the program adds the
 * option of the command that was given: " (--model NAME)". */
#ifndef CLI_REMEDY_H
#define CLI_REMEDY_H

#include "cli/cli.h"

/* Whose options are meant from here on; NULL: none. */
void remedy_for(const command *c);
/* What follows the line: the options that its remedy means, "" if it names none, says them itself, or the command has not got
 * them.  Valid until the next call on this thread. */
const char *remedy_of(const char *line);

#endif
