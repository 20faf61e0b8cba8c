/* Training steps in a device's memory, whatever their objective: see resident.h. */
#include "train/resident.h"

#include <string.h>

#include "base/mem.h"
#include "base/try.h"

/* ---- memory */

jem_status resident_array(void *out, resident *r, int64_t count, size_t size)
{
    void *p = NULL;
    jem_status st;
    if (r->array_count == ARRAYS_MAX) return jem_error(JEM_EINTERNAL, "too many arrays");
    TRY(r->d->alloc(&p, (size_t)count * size));
    r->arrays[r->array_count++] = p;
    memcpy(out, &p, sizeof p);
done:
    return st;
}

void resident_close(void *own)
{
    resident *r = own;
    if (!r) return;
    r->d->graph_free(r->step);
    executor_clear(&r->other);
    executor_clear(&r->labelled);
    executor_clear(&r->chain_rest);
    executor_clear(&r->chain);
    for (int i = 0; i < r->array_count; i++) r->d->free(r->arrays[i]);
    mem_free(r->order_host);
    mem_free(r->next_x);
    mem_free(r->next_y);
    mem_free(r);
}

jem_status resident_executor(executor *x, const model *m, int use, int64_t n)
{
    jem_status st;
    plan *p = NULL;
    workspace *ws;
    TRY(model_compile(&p, m, use, n));
    TRY(executor_init(x, p, 1));
    TRY(executor_workspace(&ws, x, 0)); /* now: nothing is allocated later */
done:
    return st;
}

/* Which parameters decay, where not all do. */
static jem_status make_decays(resident *r, const trainer *t)
{
    jem_status st;
    uint8_t *decays = NULL;
    if (!t->optimizer.g || t->optimizer.o.weight_decay == 0) return JEM_OK;
    TRY(MEM_NEW(decays, t->optimizer.n));
    optimizer_decays(decays, &t->optimizer);
    TRY(ARRAY(r->decays, t->optimizer.n));
    TRY(r->d->copy(r->decays, decays, (size_t)t->optimizer.n));
done:
    mem_free(decays);
    return st;
}

static jem_status make_state(resident *r, const trainer *t)
{
    const int64_t n = t->optimizer.n;
    jem_status st;
    TRY(ARRAY(r->m, n));
    if (t->optimizer.v) TRY(ARRAY(r->v, n));
    if (t->ema) TRY(ARRAY(r->ema, n));
    TRY(make_decays(r, t));
    TRY(ARRAY(r->sums, 3 * ENERGY_SUMS));
    TRY(ARRAY(r->sum_parts, (int64_t)3 * ENERGY_SUMS * ENERGY_SUM_PARTS));
    TRY(ARRAY(r->numbers, 1));
    TRY(ARRAY(r->report, 2));
    if (t->sharpness.kind == SHARPNESS_NONE) goto done;
    TRY(ARRAY(r->kept, n));
    TRY(ARRAY(r->square, 1));
done:
    return st;
}

jem_status resident_open(resident **out, const trainer *t)
{
    jem_status st;
    resident *r = NULL;
    TRY(MEM_NEW(r, 1));
    r->d = model_backend(t->m)->device;
    r->energy = model_backend(t->m)->energy;
    r->next = r->order_epoch[0] = r->order_epoch[1] = -1;
    r->labelled_row = r->generative_row = -1;
    r->host_newer = true;
    TRY(make_state(r, t));
    *out = r;
    r = NULL;
done:
    resident_close(r);
    return st;
}

/* ---- the state between host and device */

void resident_changed(void *own)
{
    resident *r = own;
    r->host_newer = true;
    r->device_newer = 0;
}

typedef struct mirror {
    void *device, *host;
    size_t bytes;
    int part;
} mirror;

enum { MIRRORS = 5 };

static void list_mirrors(mirror list[MIRRORS], const resident *r, const trainer *t)
{
    const size_t n = (size_t)t->optimizer.n * sizeof(float);
    const replay_buffer none = REPLAY_BUFFER_INIT, *replay = trainer_samples(t) ? trainer_samples(t) : &none;
    const size_t images = (size_t)(replay->size * shape_count(replay->image)) * sizeof(float);
    const mirror all[MIRRORS] = {
        {r->m, t->optimizer.m, n, TRAINER_MOMENTS},
        {r->v, t->optimizer.v, n, TRAINER_MOMENTS},
        {r->ema, t->ema, n, TRAINER_WEIGHTS},
        {r->replay, replay->images, images, TRAINER_OBJECTIVE},
        {r->age, replay->age, (size_t)replay->size * sizeof(int32_t), TRAINER_OBJECTIVE}};
    memcpy(list, all, sizeof all);
}

static jem_status send_state(resident *r, const trainer *t)
{
    mirror list[MIRRORS];
    jem_status st = JEM_OK;
    if (!r->host_newer) return JEM_OK;
    list_mirrors(list, r, t);
    for (int i = 0; i < MIRRORS; i++)
        if (list[i].device) TRY(r->d->copy(list[i].device, list[i].host, list[i].bytes));
    r->host_newer = false;
done:
    return st;
}

jem_status resident_fetch(void *own, trainer *t, int parts)
{
    resident *r = own;
    mirror list[MIRRORS];
    jem_status st = JEM_OK;
    list_mirrors(list, r, t);
    for (int i = 0; i < MIRRORS; i++)
        if (list[i].device && (list[i].part & parts & r->device_newer))
            TRY(r->d->copy(list[i].host, list[i].device, list[i].bytes));
    if (parts & r->device_newer & TRAINER_WEIGHTS) TRY(model_fetch_params(t->m));
    r->device_newer &= ~parts;
done:
    return st;
}

/* ---- one step */

jem_status resident_begin_step(float **theta, resident *r, trainer *t)
{
    jem_status st;
    TRY(model_check_stop(t->m, 0));
    TRY(model_resident(t->m, theta));
    TRY(send_state(r, t));
done:
    return st;
}

jem_status resident_send_numbers(resident *r, const trainer *t, const step_report *s, const energy_numbers *own)
{
    const adam_update adam = optimizer_adam(&t->optimizer, s->lr, t->iteration + 1);
    const adam_factors factors = adam_factors_of(&adam);
    const bool sgd = t->optimizer.o.kind == OPTIMIZER_SGD;
    const batcher *b[2] = {&t->labelled, &t->generative};
    energy_numbers n = *own;
    n.seed = (uint64_t)t->cfg->seed;
    n.iteration = (uint32_t)t->iteration;
    n.rate = sgd ? (float)s->lr : factors.rate;
    n.root = factors.root;
    for (int i = 0; i < 2; i++) n.first[i] = t->iteration % batcher_per_epoch(b[i]) * b[i]->batch;
    return r->d->copy(r->numbers, &n, sizeof n);
}

/* Once everything the step reads is there: libraries load parts of themselves when they are
 * first used, which must not happen while a graph is captured. */
jem_status resident_capture(resident *r, const trainer *t, float *theta, const resident_graph *g)
{
    jem_status st, end;
    if (r->step) return JEM_OK;
    TRY(g->look(r, t, theta));
    TRY(r->d->wait());
    TRY(r->d->capture());
    st = g->look(r, t, theta);
    if (st == JEM_OK) st = g->update(r, t, theta);
    end = r->d->capture_end(&r->step);
    if (st == JEM_OK) st = end;
done:
    return st;
}

void resident_drop_graph(resident *r)
{
    r->d->graph_free(r->step);
    r->step = NULL;
}

jem_status resident_launch(energy_report d[2], resident *r, trainer *t)
{
    jem_status st;
    TRY(r->d->graph_launch(r->step));
    /* failed: made again, and told, by that step */
    if (!r->images) (void)resident_prepare_batch(r, t, t->iteration + 1);
    TRY(r->d->copy(d, r->report, 2 * sizeof *d));
done:
    return st;
}

int resident_last(const resident *r)
{
    return r->kept ? 1 : 0;
}

const energy_report *resident_verdict(const resident *r, const energy_report d[2])
{
    return &d[d[0].fine ? resident_last(r) : 0];
}

void resident_stepped(resident *r, trainer *t)
{
    r->device_newer = TRAINER_ALL;
    model_resident_changed(t->m);
}

/* ---- parts of a graph */

jem_status resident_ascend(resident *r, const trainer *t, float *theta, const float *g, const float *h)
{
    const energy_ascend a = {.theta = theta, .kept = r->kept, .g = g, .h = h, .report = r->report,
                             .square = r->square, .sums = r->sums, .parts = r->sum_parts,
                             .n = t->optimizer.n, .rho = t->sharpness.rho,
                             .adaptive = t->sharpness.kind == SHARPNESS_ADAPTIVE};
    return r->energy->ascend(&a);
}

jem_status resident_return(resident *r, const trainer *t, float *theta)
{
    return r->d->copy(theta, r->kept, (size_t)t->optimizer.n * sizeof *theta);
}

jem_status resident_update(resident *r, const trainer *t, float *theta, const float *g, const float *h)
{
    const adam_update any = optimizer_adam(&t->optimizer, 0, 1); /* rate and root come with each */
    const energy_update u = {.theta = theta, .m = r->m, .v = r->v, .ema = r->ema, .g = g, .h = h,
                             .decays = r->decays, .report = r->report + resident_last(r),
                             .numbers = r->numbers, .n = t->optimizer.n,
                             .factors = adam_factors_of(&any), .keep = (float)t->cfg->train.ema,
                             .momentum = (float)t->optimizer.o.momentum};
    return t->optimizer.o.kind == OPTIMIZER_SGD ? r->energy->sgd(&u) : r->energy->adam(&u);
}
