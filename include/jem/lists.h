/* What there is to choose from, from the registries themselves: as `jem list`.  The keys of a training are in settings.h.
 *
 *   jem_choice c = JEM_CHOICE_INIT;
 *   for (int64_t i = 0; jem_choice_at(&c, JEM_LIST_MODELS, i) == JEM_OK; i++) printf("%s: %s\n", c.name, c.about); */
#ifndef JEM_LISTS_H
#define JEM_LISTS_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum jem_list {
    JEM_LIST_MODELS,     /* kinds of networks: model.name is one of them, or begins with one and a dash */
    JEM_LIST_OBJECTIVES, /* train.objective */
    JEM_LIST_DATA,       /* data.kind */
    JEM_LIST_BENCHMARKS, /* of bench.h */
    JEM_LIST_DEVICES     /* engine.device, of this machine */
} jem_list;

/* An entry.  Texts are static. */
typedef struct jem_choice {
    size_t size;        /* of this struct; JEM_CHOICE_INIT sets it */
    const char *name;   /* "wrn", "cifar10", "cue-conflict" */
    const char *about;  /* for people; of a network several lines */
    const char *needs;  /* of data what the folder holds, of a benchmark what it asks of a subject, of a network where
                           published weights are had; NULL: nothing */
} jem_choice;

#define JEM_CHOICE_INIT {sizeof(jem_choice), NULL, NULL, NULL}

/* How many a list has; 0 for one that there is not. */
JEM_API int64_t jem_choice_count(jem_list list);
/* *out <- number `index` of the list.  JEM_EUSAGE beyond it. */
JEM_API jem_status jem_choice_at(jem_choice *out, jem_list list, int64_t index);

#ifdef __cplusplus
}
#endif
#endif
