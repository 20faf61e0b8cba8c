/* Results on stdout.  Tables and sentences go through cli_print.  Literals may go out by puts, and
 * so do JSON and the path that the caller gave, which scripts want back as it is. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include "base/strbuf.h"
#include "jem/status.h"

/* printf, but what %s brings (names and texts from files) is made plain: base/plain.h. */
void cli_print(const char *fmt, ...) JEM_PRINTF(1, 2);

/* Text made of more than one line, as it is: its maker has made it plain.  Clears it; what its making
 * failed with, and nothing printed then. */
jem_status cli_print_lines(strbuf *lines);

#endif
