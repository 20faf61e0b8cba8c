/* Training steps in a device's memory: see resident.h. */
#include "train/resident.h"

#include <math.h>
#include <string.h>

#include "backend/device.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/units.h"

/* A plan for batches of one size, and the device's memory for it. */
typedef struct place {
    plan *p;
    workspace *ws;
    int64_t n;
} place;

enum { ARRAYS_MAX = 64 };

struct resident {
    const device *d;
    void *arrays[ARRAYS_MAX]; /* all of the device's memory below; owned */
    int array_count;

    place chain, labelled, generative; /* generative may be labelled's */
    device_program *program;
    int64_t steps; /* L of the program */

    /* the state */
    float *m, *v, *ema, *replay;
    int32_t *age;
    bool host_newer;  /* moments, averages, buffer */
    int device_newer; /* trainer_part: what the host does not know yet */

    /* one step */
    float *x, *start, *grad, *logits, *cotangent, *lse;
    float *grad_d, *grad_g, *grad_part;
    int32_t *y, *hit, *index, *fresh, *chain_class, *bad;
    double *loss_terms, *sums, *sum_parts, *moved, *moved_parts;
    float *schedule;
    double schedule_step_size; /* what it was made for */
    device_numbers *numbers;
    device_report *report;

    /* data: in the device's memory, or made on the host one step ahead */
    bool data_resident;
    uint8_t *pixels;
    float *values, *table;
    int32_t *labels, *order[2];
    int64_t order_epoch[2];
    int32_t *order_host;      /* owned */
    float *next_x;            /* owned: rows of the batch of ... */
    int32_t *next_y;          /* owned */
    int64_t next;             /* ... this iteration, -1: none */
};

const char *resident_refuses(const trainer *t)
{
    const config *c = t->cfg;
    if (c->model.norm == NORM_BATCH || c->model.norm == NORM_ACT) return "its norm layers";
    if (c->model.dropout > 0) return "dropout";
    if (t->optimizer.o.kind != OPTIMIZER_ADAM) return "the optimiser";
    if (t->sharpness.kind != SHARPNESS_NONE) return "sharpness-aware steps";
    if (t->sampler.update == UPDATE_CLAMPED) return "sampler.update clamped";
    if (c->sampler.start != START_UNIFORM) return "sampler.start";
    return NULL;
}

/* ---- memory */

static jem_status array(void *out, resident *r, int64_t count, size_t size)
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
#define ARRAY(p, count) array(&(p), r, count, sizeof *(p))

static void place_clear(place *p)
{
    workspace_free(p->ws);
    plan_free(p->p);
    *p = (place){NULL, NULL, 0};
}

void resident_free(resident *r)
{
    if (!r) return;
    r->d->program_free(r->program);
    if (r->generative.ws != r->labelled.ws) place_clear(&r->generative);
    place_clear(&r->labelled);
    place_clear(&r->chain);
    for (int i = 0; i < r->array_count; i++) r->d->free(r->arrays[i]);
    mem_free(r->order_host);
    mem_free(r->next_x);
    mem_free(r->next_y);
    mem_free(r);
}

static jem_status place_init(place *p, const model *m, int use, int64_t n)
{
    jem_status st;
    TRY(model_compile(&p->p, m, use, n));
    TRY(workspace_new(&p->ws, p->p));
    p->n = n;
done:
    return st;
}

static jem_status make_places(resident *r, const trainer *t)
{
    const objective *s = &t->objective;
    jem_status st = JEM_OK;
    if (s->negative >= 0) TRY(place_init(&r->chain, t->m, MODEL_CHAIN, s->o.generative_batch));
    if (s->labelled >= 0) TRY(place_init(&r->labelled, t->m, MODEL_TRAIN, s->o.batch));
    if (s->positive < 0) goto done;
    if (s->labelled >= 0 && s->o.batch == s->o.generative_batch)
        r->generative = r->labelled;
    else
        TRY(place_init(&r->generative, t->m, MODEL_TRAIN, s->o.generative_batch));
done:
    return st;
}

static jem_status make_state(resident *r, const trainer *t)
{
    const int64_t n = t->optimizer.n, images = t->replay.size * shape_count(t->replay.image);
    jem_status st;
    TRY(ARRAY(r->m, n));
    TRY(ARRAY(r->v, n));
    if (t->ema) TRY(ARRAY(r->ema, n));
    if (t->replay.images) {
        TRY(ARRAY(r->replay, images));
        TRY(ARRAY(r->age, t->replay.size));
    }
    r->host_newer = true;
done:
    return st;
}

static jem_status make_step_arrays(resident *r, const trainer *t)
{
    const objective *s = &t->objective;
    const int64_t size = model_input_count(t->m), k = model_classes(t->m), n = t->optimizer.n;
    const int64_t b = s->o.batch, g = s->o.generative_batch, most = b > g ? b : g;
    jem_status st;
    TRY(ARRAY(r->x, s->rows * size));
    TRY(ARRAY(r->logits, most * k));
    TRY(ARRAY(r->cotangent, most * k));
    TRY(ARRAY(r->lse, s->rows + g)); /* chains write theirs behind */
    TRY(ARRAY(r->y, b));
    TRY(ARRAY(r->hit, b));
    TRY(ARRAY(r->loss_terms, b));
    if (s->labelled >= 0) TRY(ARRAY(r->grad_d, n));
    if (s->positive >= 0) {
        TRY(ARRAY(r->grad_g, n));
        TRY(ARRAY(r->grad_part, n));
        TRY(ARRAY(r->start, g * size));
        TRY(ARRAY(r->grad, g * size));
        TRY(ARRAY(r->index, g));
        TRY(ARRAY(r->fresh, g));
        TRY(ARRAY(r->bad, g));
        TRY(ARRAY(r->moved, 2 * g));
        TRY(ARRAY(r->moved_parts, 2 * g * DEVICE_MOVED_PARTS));
        if (t->chain_class) TRY(ARRAY(r->chain_class, g));
    }
    TRY(ARRAY(r->sums, 3 * DEVICE_SUMS));
    TRY(ARRAY(r->sum_parts, (int64_t)3 * DEVICE_SUMS * DEVICE_SUM_PARTS));
    TRY(ARRAY(r->numbers, 1));
    TRY(ARRAY(r->report, 1));
done:
    return st;
}

/* The training images, if they leave most of the device's memory to the network. */
static jem_status make_data(resident *r, const trainer *t)
{
    const dataset *d = t->data->train;
    const int64_t count = d->n * dataset_row_size(d);
    const size_t bytes = (size_t)count * (d->pixels ? 1 : sizeof(float));
    float table[256];
    jem_status st;

    units_table(table);
    if (d->latents || bytes > r->d->available() / 4) {
        TRY(MEM_NEW(r->next_x, t->objective.rows * dataset_row_size(d)));
        TRY(MEM_NEW(r->next_y, t->objective.o.batch));
        return JEM_OK;
    }
    if (d->pixels) {
        TRY(ARRAY(r->pixels, count));
        TRY(r->d->copy(r->pixels, d->pixels, bytes));
    } else {
        TRY(ARRAY(r->values, count));
        TRY(r->d->copy(r->values, d->values, bytes));
    }
    TRY(ARRAY(r->table, 256));
    TRY(r->d->copy(r->table, table, sizeof table));
    TRY(ARRAY(r->labels, d->n));
    TRY(r->d->copy(r->labels, d->labels, (size_t)d->n * sizeof *d->labels));
    for (int i = 0; i < 2; i++) TRY(ARRAY(r->order[i], d->n));
    TRY(MEM_NEW(r->order_host, d->n));
    r->data_resident = true;
done:
    return st;
}

jem_status resident_new(resident **out, trainer *t)
{
    jem_status st;
    resident *r = NULL;
    TRY(MEM_NEW(r, 1));
    r->d = model_backend(t->m)->device;
    r->next = r->order_epoch[0] = r->order_epoch[1] = -1;
    r->schedule_step_size = NAN;
    TRY(make_state(r, t));
    TRY(make_step_arrays(r, t));
    TRY(make_data(r, t));
    TRY(make_places(r, t));
    *out = r;
    r = NULL;
done:
    resident_free(r);
    return st;
}

/* ---- the state between host and device */

void resident_state_changed(resident *r)
{
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
    const size_t images = (size_t)(t->replay.size * shape_count(t->replay.image)) * sizeof(float);
    const mirror all[MIRRORS] = {
        {r->m, t->optimizer.m, n, TRAINER_MOMENTS},
        {r->v, t->optimizer.v, n, TRAINER_MOMENTS},
        {r->ema, t->ema, n, TRAINER_WEIGHTS},
        {r->replay, t->replay.images, images, TRAINER_REPLAY},
        {r->age, t->replay.age, (size_t)t->replay.size * sizeof(int32_t), TRAINER_REPLAY}};
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

jem_status resident_fetch(resident *r, trainer *t, int parts)
{
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

jem_status resident_fetch_step(resident *r, trainer *t)
{
    objective *s = &t->objective;
    const size_t n = (size_t)t->optimizer.n * sizeof(float);
    jem_status st;
    TRY(r->d->copy(s->lse, r->lse, (size_t)s->rows * sizeof *s->lse));
    TRY(r->d->copy(s->x, r->x, (size_t)(s->rows * model_input_count(t->m)) * sizeof *s->x));
    if (s->grad_d) TRY(r->d->copy(s->grad_d, r->grad_d, n));
    if (s->grad_g) TRY(r->d->copy(s->grad_g, r->grad_g, n));
done:
    return st;
}

/* ---- the program */

static jem_status draw_batch(resident *r, const trainer *t, const batcher *b, int64_t row, int which)
{
    const dataset *d = b->d;
    const device_batch a = {.x = r->x + row * dataset_row_size(d),
                            .y = which == 0 && t->objective.labelled >= 0 ? r->y : NULL,
                            .pixels = r->pixels,
                            .values = r->values,
                            .labels = r->labels,
                            .order = r->order[which],
                            .table = r->table,
                            .numbers = r->numbers,
                            .n = b->batch,
                            .c = d->channels,
                            .h = d->height,
                            .w = d->width,
                            .noise_std = b->noise_std,
                            .crop = b->crop,
                            .flip = b->flip,
                            .augment = (int32_t)b->augment,
                            .noise = (int32_t)b->noise,
                            .which = which};
    return r->d->batch(&a);
}

static jem_status cotangent(resident *r, const trainer *t, device_loss loss, int64_t row, int64_t n,
                            const int32_t *y)
{
    const device_cotangent a = {.logits = r->logits,
                                .cotangent = r->cotangent,
                                .lse = r->lse + row,
                                .y = y,
                                .loss_terms = r->loss_terms,
                                .hit = r->hit,
                                .numbers = r->numbers,
                                .n = n,
                                .k = model_classes(t->m),
                                .batch = (double)n,
                                .label_smoothing = t->objective.o.label_smoothing,
                                .loss = (int32_t)loss};
    return r->d->cotangent(&a);
}

static jem_status walk(resident *r, const trainer *t)
{
    const sampler_options *o = &t->sampler;
    const int64_t n = r->chain.n, size = model_input_count(t->m);
    float *x = r->x + t->objective.negative * size;
    const plan_call call = {.count = n};
    device_langevin l = {.x = x, .g = r->grad, .schedule = r->schedule, .bad = r->bad,
                         .numbers = r->numbers, .n = n, .size = size,
                         .clip_min = o->clip ? (float)o->clip_min : -INFINITY,
                         .clip_max = o->clip ? (float)o->clip_max : INFINITY};
    const device_start s = {.x = x, .start = r->start, .replay = r->replay, .index = r->index,
                            .fresh = r->fresh, .chain_class = r->chain_class, .bad = r->bad,
                            .numbers = r->numbers, .n = n, .size = size,
                            .entries = t->replay.size, .classes = t->replay.classes,
                            .reinit_prob = t->replay.reinit_prob};
    const device_moved moved = {.x = x, .start = r->start, .moved = r->moved,
                                .parts = r->moved_parts, .n = n, .size = size,
                                .low = (float)o->clip_min, .high = (float)o->clip_max};
    jem_status st;
    TRY(r->d->start(&s));
    for (l.t = 0; l.t < r->steps; l.t++) {
        TRY(plan_forward(r->chain.ws, &call, x, r->logits));
        TRY(cotangent(r, t, r->chain_class ? DEVICE_CLASS : DEVICE_LSE, t->objective.rows, n,
                      r->chain_class));
        TRY(plan_backward(r->chain.ws, &call, r->cotangent, r->grad, NULL));
        TRY(r->d->langevin(&l));
    }
    TRY(r->d->moved(&moved));
done:
    return st;
}

/* Forward, then backward once for each loss of these rows. */
typedef struct pass {
    const place *at;
    int64_t row;
    device_loss losses[2];
    float *gradients[2];
    int count;
} pass;

static jem_status run_pass(resident *r, const trainer *t, const pass *p)
{
    const plan_call call = {.count = p->at->n, .image0 = (uint32_t)p->row};
    jem_status st;
    TRY(plan_forward(p->at->ws, &call, r->x + p->row * model_input_count(t->m), r->logits));
    for (int i = 0; i < p->count; i++) {
        TRY(cotangent(r, t, p->losses[i], p->row, p->at->n, r->y));
        TRY(plan_backward(p->at->ws, &call, r->cotangent, NULL, p->gradients[i]));
    }
done:
    return st;
}

static jem_status differentiate(resident *r, const trainer *t)
{
    const objective *s = &t->objective;
    const bool shared = s->positive >= 0 && s->positive == s->labelled;
    const device_add add = {r->grad_g, r->grad_part, t->optimizer.n};
    const pass labelled = {&r->labelled, s->labelled, {DEVICE_LABELLED, DEVICE_POSITIVE},
                           {r->grad_d, r->grad_g}, shared ? 2 : 1};
    const pass positive = {&r->generative, s->positive, {DEVICE_POSITIVE, DEVICE_LSE},
                           {r->grad_g, NULL}, 1};
    const pass negative = {&r->generative, s->negative, {DEVICE_NEGATIVE, DEVICE_LSE},
                           {r->grad_part, NULL}, 1};
    jem_status st = JEM_OK;
    if (s->labelled >= 0) TRY(run_pass(r, t, &labelled));
    if (s->positive < 0) goto done;
    if (!shared) TRY(run_pass(r, t, &positive));
    TRY(run_pass(r, t, &negative));
    TRY(r->d->add(&add));
done:
    return st;
}

static jem_status judge(resident *r, const trainer *t)
{
    const objective *s = &t->objective;
    const bool both = s->labelled >= 0 && s->positive >= 0;
    const device_norms norms = {.g = s->labelled >= 0 ? r->grad_d : r->grad_g,
                                .h = both ? r->grad_g : NULL,
                                .sums = r->sums,
                                .parts = r->sum_parts,
                                .n = t->optimizer.n};
    const device_finish f = {.report = r->report, .lse = r->lse, .loss_terms = r->loss_terms,
                             .hit = r->hit, .sums = r->sums,
                             .moved = s->positive >= 0 ? r->moved : NULL, .bad = r->bad,
                             .numbers = r->numbers, .batch = s->o.batch,
                             .generative = s->o.generative_batch, .rows = s->rows,
                             .size = model_input_count(t->m), .labelled = s->labelled,
                             .positive = s->positive, .negative = s->negative,
                             .alpha = s->o.alpha, .clips = t->sampler.clip,
                             .plain = s->o.loss == LOSS_SUM};
    jem_status st;
    TRY(r->d->norms(&norms));
    TRY(r->d->finish(&f));
done:
    return st;
}

static jem_status update(resident *r, const trainer *t, float *theta)
{
    const objective *s = &t->objective;
    const optimizer_options *o = &t->optimizer.o;
    const bool both = s->labelled >= 0 && s->positive >= 0;
    const device_adam adam = {.theta = theta, .m = r->m, .v = r->v, .ema = r->ema,
                              .g = s->positive >= 0 ? r->grad_g : r->grad_d,
                              .h = both ? r->grad_d : NULL, .report = r->report,
                              .numbers = r->numbers, .n = t->optimizer.n,
                              .beta1 = (float)o->beta1, .rest1 = (float)(1.0 - o->beta1),
                              .beta2 = (float)o->beta2, .rest2 = (float)(1.0 - o->beta2),
                              .eps = (float)o->adam_eps, .keep = (float)t->cfg->train.ema};
    const device_store store = {.replay = r->replay, .age = r->age,
                                .x = r->x + s->negative * model_input_count(t->m),
                                .index = r->index, .fresh = r->fresh, .report = r->report,
                                .n = s->o.generative_batch, .size = model_input_count(t->m)};
    jem_status st;
    TRY(r->d->adam(&adam));
    if (s->negative >= 0) TRY(r->d->store(&store));
done:
    return st;
}

/* A step up to its report: the state stays as it is. */
static jem_status look(resident *r, const trainer *t, float *theta)
{
    const objective *s = &t->objective;
    place *places[] = {&r->chain, &r->labelled, &r->generative};
    jem_status st = JEM_OK;
    for (int i = 0; i < 3; i++)
        if (places[i]->p && !(i == 2 && places[2]->p == places[1]->p))
            TRY(plan_load_resident(places[i]->p, theta));
    if (r->data_resident) {
        if (s->labelled >= 0) TRY(draw_batch(r, t, &t->labelled, s->labelled, 0));
        if (s->positive >= 0 && s->positive != s->labelled)
            TRY(draw_batch(r, t, &t->generative, s->positive, 1));
    }
    if (s->negative >= 0) TRY(walk(r, t));
    TRY(differentiate(r, t));
    TRY(judge(r, t));
done:
    return st;
}

/* Another program where a rescue has changed the number of Langevin steps. */
static jem_status follow_steps(resident *r, const trainer *t)
{
    jem_status st = JEM_OK;
    if (r->steps == t->sampler.steps) return JEM_OK;
    r->d->program_free(r->program);
    r->program = NULL;
    r->steps = t->sampler.steps;
    if (t->objective.negative >= 0) TRY(ARRAY(r->schedule, 2 * r->steps));
    r->schedule_step_size = NAN;
done:
    return st;
}

/* Once everything the step reads is there: libraries load parts of themselves when they are
 * first used, which must not happen while a program is recorded. */
static jem_status record(resident *r, const trainer *t, float *theta)
{
    jem_status st, end;
    if (r->program) return JEM_OK;
    TRY(look(r, t, theta));
    TRY(r->d->wait());
    TRY(r->d->record());
    st = look(r, t, theta);
    if (st == JEM_OK) st = update(r, t, theta);
    end = r->d->record_end(&r->program);
    if (st == JEM_OK) st = end;
done:
    return st;
}

/* ---- one step */

/* lambda and sigma of every step of a chain. */
static jem_status send_schedule(resident *r, const trainer *t, double step_size)
{
    jem_status st;
    float *schedule = NULL;
    if (t->objective.negative < 0 || r->schedule_step_size == step_size) return JEM_OK;
    TRY(MEM_NEW(schedule, 2 * r->steps));
    for (int64_t i = 0; i < r->steps; i++) {
        const langevin_update u = sgld_update(&t->sampler, step_size, i);
        schedule[2 * i] = u.step_size;
        schedule[2 * i + 1] = u.noise_std;
    }
    TRY(r->d->copy(r->schedule, schedule, (size_t)(2 * r->steps) * sizeof *schedule));
    r->schedule_step_size = step_size;
done:
    mem_free(schedule);
    return st;
}

static jem_status send_numbers(resident *r, const trainer *t, const step_report *s)
{
    const optimizer_options *o = &t->optimizer.o;
    const double number = (double)(t->iteration + 1);
    const batcher *b[2] = {&t->labelled, &t->generative};
    device_numbers n = {.seed = (uint64_t)t->cfg->seed,
                        .chain_seed = t->chain_seed,
                        .iteration = (uint32_t)t->iteration,
                        .rate = (float)(s->lr / (1.0 - pow(o->beta1, number))),
                        .root = (float)(1.0 / sqrt(1.0 - pow(o->beta2, number))),
                        .energy_l2 = t->objective.o.energy_l2};
    for (int i = 0; i < 2; i++) n.first[i] = t->iteration % batcher_per_epoch(b[i]) * b[i]->batch;
    return r->d->copy(r->numbers, &n, sizeof n);
}

/* An epoch's order, when it begins. */
static jem_status send_order(resident *r, batcher *b, int which, int64_t iteration)
{
    const int64_t epoch = iteration / batcher_per_epoch(b);
    jem_status st;
    if (r->order_epoch[which] == epoch) return JEM_OK;
    const int64_t *order = batcher_order(b, epoch);
    for (int64_t i = 0; i < b->d->n; i++) r->order_host[i] = (int32_t)order[i];
    TRY(r->d->copy(r->order[which], r->order_host, (size_t)b->d->n * sizeof *r->order_host));
    r->order_epoch[which] = epoch;
done:
    return st;
}

/* Data that stay on the host: the batches of `iteration`, made while the device computes. */
static void prepare_batch(resident *r, trainer *t, int64_t iteration)
{
    const objective *s = &t->objective;
    const int64_t size = model_input_count(t->m);
    if (s->labelled >= 0)
        batcher_get(&t->labelled, iteration, r->next_x + s->labelled * size, r->next_y);
    if (s->positive >= 0 && s->positive != s->labelled)
        batcher_get(&t->generative, iteration, r->next_x + s->positive * size, NULL);
    r->next = iteration;
}

static jem_status send_batch(resident *r, trainer *t)
{
    const objective *s = &t->objective;
    const int64_t rows = s->negative >= 0 ? s->negative : s->rows; /* x- comes last */
    jem_status st;
    if (r->next != t->iteration) prepare_batch(r, t, t->iteration);
    TRY(r->d->copy(r->x, r->next_x, (size_t)(rows * model_input_count(t->m)) * sizeof *r->x));
    if (s->labelled >= 0)
        TRY(r->d->copy(r->y, r->next_y, (size_t)s->o.batch * sizeof *r->y));
done:
    return st;
}

static jem_status send_data(resident *r, trainer *t)
{
    const objective *s = &t->objective;
    jem_status st = JEM_OK;
    if (!r->data_resident) return send_batch(r, t);
    if (s->labelled >= 0) TRY(send_order(r, &t->labelled, 0, t->iteration));
    if (s->positive >= 0 && s->positive != s->labelled)
        TRY(send_order(r, &t->generative, 1, t->iteration));
done:
    return st;
}

static void fill_report(step_report *s, const device_report *d)
{
    s->loss = (objective_result){d->loss_d, d->loss_g, d->g_d, d->g_g, d->c, d->cosine,
                                 d->lse_pos, d->lse_neg, d->accuracy};
    s->chain = (sgld_report){d->movement, d->clipped};
    s->lse_min = d->lse_min;
    s->lse_max = d->lse_max;
}

jem_status resident_step(step_report *s, bool *fine, resident *r, trainer *t)
{
    device_report d;
    float *theta;
    jem_status st;

    TRY(model_check_stop(t->m, 0));
    TRY(model_resident(t->m, &theta));
    TRY(send_state(r, t));
    TRY(follow_steps(r, t));
    TRY(send_schedule(r, t, s->step_size));
    TRY(send_numbers(r, t, s));
    TRY(send_data(r, t));
    TRY(record(r, t, theta));
    TRY(r->d->play(r->program));
    if (!r->data_resident) prepare_batch(r, t, t->iteration + 1);
    TRY(r->d->copy(&d, r->report, sizeof d));
    fill_report(s, &d);
    *fine = d.fine;
    if (d.fine) {
        r->device_newer = TRAINER_ALL;
        model_resident_changed(t->m);
    }
    if (d.bad_image >= 0)
        st = jem_error(JEM_EDIVERGED,
                       "the energy's gradient is not finite for image %d in step %d of its "
                       "Langevin chain; use a smaller sampler.step_size or train.lr",
                       (int)d.bad_image, (int)d.bad_step);
done:
    return st;
}
