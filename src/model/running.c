/* Running statistics of batch norms: see running.h. */
#include "model/running.h"

#include <string.h>

static bool is_running(const param *q)
{
    return q->role == PARAM_RUNNING_MEAN || q->role == PARAM_RUNNING_VAR;
}

int64_t running_list(int64_t *at, const graph *g)
{
    int64_t count = 0;
    for (int i = 0; i < g->param_count; i++) {
        const param *q = &g->params[i];
        for (int64_t j = 0; is_running(q) && j < q->count; j++, count++)
            if (at) at[count] = q->offset + j;
    }
    return count;
}

/* running <- kept * running + rest * other, at the running statistics. */
static void mix(float *running, float kept, const float *other, float rest, const graph *g)
{
    for (int i = 0; i < g->param_count; i++) {
        const param *q = &g->params[i];
        if (!is_running(q)) continue;
        for (int64_t j = q->offset; j < q->offset + q->count; j++)
            running[j] = kept * running[j] + rest * other[j];
    }
}

void running_merge(float *running, const float *batch, const graph *g)
{
    mix(running, g->running_kept, batch, 1.0f - g->running_kept, g);
}

void running_copy(float *dst, const float *src, const graph *g)
{
    for (int i = 0; i < g->param_count; i++) {
        const param *q = &g->params[i];
        if (is_running(q))
            memcpy(dst + q->offset, src + q->offset, (size_t)q->count * sizeof *dst);
    }
}

void running_trace_begin(running_trace *t, const graph *g)
{
    memset(t->sum, 0, (size_t)g->param_elements * sizeof *t->sum);
    t->kept = 1;
}

void running_trace_pass(running_trace *t, const graph *g)
{
    running_merge(t->sum, t->batch, g);
    t->kept *= g->running_kept;
}

void running_trace_apply(const running_trace *t, float *running, const graph *g)
{
    mix(running, t->kept, t->sum, 1, g);
}
