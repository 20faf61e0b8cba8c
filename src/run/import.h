/* A run made of weights that somebody else trained: what works with a trained run works with it, and
 * nothing goes on with its training, of which nothing is known.
 *
 *   RUN/import.json   the file it came from: name, bytes, SHA-256; which network, by which jem; what of
 *                     the weights is not finite, if anything
 *   RUN/replay-buffer.safetensors   the last pictures of the chains that trained it, where the file holds them
 *
 * beside config.yaml, run.json and the weights (run.h); there is no log and no state. */
#ifndef RUN_IMPORT_H
#define RUN_IMPORT_H

#include "run/run.h"

typedef struct import_request {
    const config_lists *lists;
    const char *file, *model, *out; /* weights (model/weights.h); model.name; the new folder */
    int64_t classes, side;          /* -1: as the network was published; of others both are needed */
    const char *const *assignments; /* model.* and data.* keys; without these it has no data (data_kind_none) */
    int assignment_count;
} import_request;

/* *out, as run_open gives one <- the weights with the settings of an import, without a folder: r->out is left
 * aside.  `overrides`: engine.* (run_override).  Fails as import_run does. */
jem_status import_open(run **out, const import_request *r, const char *const *overrides, int count);

/* Weights that are not finite are kept, with a warning: whoever computes with them is refused (run_open, import_open,
 * train.init).  JEM_EDATA if the file cannot be read or is not of this network: the message says how much of it is
 * there and which network fits best.  JEM_EUSAGE if the folder holds anything. */
jem_status import_run(const import_request *r);

/* Was this run imported?  Of a folder: run_folder_is_imported (record/run_facts.h). */
bool import_made(const run *r);
/* JEM_EUSAGE, with the reason and what to do instead, if it was: before a training goes on. */
jem_status import_refuse_resume(const char *folder);

#endif
