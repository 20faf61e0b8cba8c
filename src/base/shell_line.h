/* Commands in messages, quoted so that they can be pasted into a shell. */
#ifndef BASE_SHELL_LINE_H
#define BASE_SHELL_LINE_H

#include "jem/status.h"

/* *out <- owned: the words (NULL ends them) with a space between, each in quotes if a shell would
 * take it apart or for something else. */
jem_status shell_line(char **out, const char *const *words);

#endif
