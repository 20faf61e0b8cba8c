/* What the functions of jem/sweetspot.h share: their options as those of sweetspot/, and the search of a study. */
#ifndef LIB_LIB_SWEETSPOT_H
#define LIB_LIB_SWEETSPOT_H

#include "bench/benchmarks.h"
#include "jem/sweetspot.h"
#include "sweetspot/sweetspot.h"

/* *to <- the settings' defaults, changed as `asked` says (NULL: not), with threads, which are the caller's (pool_free);
 * its measures stay.  JEM_EUSAGE naming `function`. */
jem_status lib_sweetspot_options(sweetspot_options *to, const jem_sweetspot_options *asked, const char *function);

/* What a search for the sweet spots of a study works with; {.s = NULL} before. */
typedef struct lib_spot_search {
    sweetspot_options how;
    const measures *known[MEASURES_MAX + 1];
    study *s;
} lib_spot_search;

/* *found <- those of the study in `folder`, of which there is one at least; warnings go to the log.  Fails as study_read,
 * sweetspots_find and sweetspots_check do, in the name of `function` where a mistake is the caller's. */
jem_status lib_spot_search_run(lib_spot_search *q, sweetspot_list *found, const char *folder,
                               const jem_sweetspot_options *asked, const char *function);
void lib_spot_search_clear(lib_spot_search *q);

#endif
