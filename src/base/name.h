/* Names that files hold and that become part of a path: the one rule for all of them. */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "jem/status.h"

enum { NAME_MOST = 200 };

/* May it stand between two slashes: 1 to NAME_MOST bytes that can be shown (plain.h), no '/', and
 * neither '.' nor '-' at its beginning? */
bool name_is_plain(const char *name);
/* The same as JEM_EDATA that says so of `what` ("benchmark"); the caller adds file and place. */
jem_status name_check(const char *name, const char *what);

/* name <- a part of a path for any text: ASCII letters, digits and the signs in `also` stay but for
 * '.' at its beginning, all else becomes '-'; what does not fit is cut. */
void name_make(char *name, size_t size, const char *text, const char *also);

#endif
