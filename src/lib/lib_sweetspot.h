/* jem_sweetspot_options as those of sweetspot/. */
#ifndef LIB_LIB_SWEETSPOT_H
#define LIB_LIB_SWEETSPOT_H

#include "jem/sweetspot.h"
#include "sweetspot/sweetspot.h"

/* *to <- the settings' defaults, changed as `asked` says (NULL: not), with threads, which are the caller's (pool_free);
 * its measures stay.  JEM_EUSAGE naming `function`. */
jem_status lib_sweetspot_options(sweetspot_options *to, const jem_sweetspot_options *asked, const char *function);

#endif
