/* What a file or folder is, and whether the numbers in it are sound: arrays, weights, pictures, CIFAR-10's batches, runs and
 * studies. */
#ifndef STUDY_PATH_FACTS_H
#define STUDY_PATH_FACTS_H

#include <jansson.h>

#include "base/strbuf.h"
#include "train/config.h"

typedef struct path_facts {
    strbuf text;  /* in lines for people */
    json_t *json; /* an object, owned: "kind" and what that has (include/jem/inspect.h) */
} path_facts;
#define PATH_FACTS_INIT {.text = STRBUF_INIT, .json = NULL}

/* By content; lists: what the settings of a run may name.  JEM_EDATA for a file that is damaged or unknown to jem, and a
 * folder that is neither a run nor a study; the lines of what could be read are kept. */
jem_status path_facts_read(path_facts *out, const config_lists *lists, const char *path);
void path_facts_clear(path_facts *f); /* PATH_FACTS_INIT is fine */

#endif
