/* Which plan each use of a model needs: one answer for the model, which runs it, and
 * for the outline, which only looks at it. */
#ifndef MODEL_ENGINE_PLAN_H
#define MODEL_ENGINE_PLAN_H

#include "model/model.h"

/* Must a training pass hold all its images in one chunk (batch norm)? */
bool engine_whole_batch(const graph *g, int use);

/* Compiles the plan of `use` (a model_use, or more for forward passes that keep
 * `features`, else NULL) for batches of n images: plan_batch is the chunk. */
jem_status engine_plan(plan **out, const graph *g, const backend *b, const engine_spec *e, int use,
                       int64_t n, const char *const *features);

#endif
