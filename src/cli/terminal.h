/* Messages for people on stderr: a terminal, or a log that is read later. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>

/* Is stderr a terminal that knows escapes (TERM is neither unset nor "dumb")? */
bool terminal_is(void);

/* Where it is: clears the line that the cursor is in; else "". */
const char *terminal_clear(void);

/* Columns and rows that can be written without wrapping or scrolling, as of now. */
void terminal_size(int *columns, int *rows);

/* Messages of base/log.h go to stderr from here on.  On a terminal progress lines replace one
 * another, cut to its width between two fields; elsewhere there is one every half minute.
 * What stdout holds back is written first, so that both in one log are in order. */
void terminal_show_log(void);

#endif
