/* Weights of others as a run, and a run's weights for others.
 *
 *   jem_import("resnet50-0676ba61.pth", "resnet50", "runs/resnet50", NULL);
 *   jem_export("runs/a", "a.safetensors");            for PyTorch: load_state_dict
 *
 * What works with a trained run works with an imported one (model.h, sampler.h, bench.h, report.h); nothing goes on with
 * its training.  To begin a training at weights, set train.init to a file of them. */
#ifndef JEM_WEIGHTS_H
#define JEM_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "jem/model.h"
#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NULL and 0 mean: as the network was published. */
typedef struct jem_import_options {
    size_t size;            /* of this struct; JEM_IMPORT_INIT sets it */
    int64_t classes, side;  /* of its logits, of its pictures; of networks without a published form both are needed */
    const char *const *set; /* "key=value": model.*, and data.* where data belong to it */
    int set_count;
} jem_import_options;

#define JEM_IMPORT_INIT {sizeof(jem_import_options), 0, 0, NULL, 0}

/* Makes the run in the folder `run`, a new one, of the weights in `file` (.pt, .pth, .safetensors, .npz), which are of
 * the network `model`, one of `jem list models`.  `o` may be NULL.  JEM_EDATA if the file cannot be read or is not of
 * this network: the message says how much of it is there and which one fits best.  JEM_EUSAGE if the folder holds
 * anything, for an unknown network or key.  Weights that are NaN or infinite are kept, with a warning that names the
 * first such tensor; what computes with them, jem_model_open as well as jem_import_open, is JEM_EDATA. */
JEM_API jem_status jem_import(const char *file, const char *model, const char *run, const jem_import_options *o);

/* Opens such weights without making a run: *out is owned, jem_model_free.  Both options may be NULL.  Fails as
 * jem_import. */
JEM_API jem_status jem_import_open(jem_model **out, const char *file, const char *model, const jem_import_options *o,
                                   const jem_engine_options *engine);

/* Writes the selected weights of the run in the folder `run` to `file`: safetensors under the names of PyTorch's state
 * dict, the file replaced.  JEM_EDATA if there is no run; JEM_EIO. */
JEM_API jem_status jem_export(const char *run, const char *file);

#ifdef __cplusplus
}
#endif
#endif
