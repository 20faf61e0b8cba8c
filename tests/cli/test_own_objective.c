/* An objective of one's own: this program is jem with squared errors of the logits appended to its
 * objectives, which is then trained, resumed, rescued and evaluated as any other, without a change to jem. */
#include "cli/own_program.h"

#include <math.h>

#include "run/loop.h"
#include "support/identity.h"
#include "train/objective_eq8.h"

/* ---- the objective: what a file of src/train has, and its line in the list
 *
 *   l = 1/(2B) sum_i w(y_i) sum_k (f_k(x_i) - [k = y_i])^2,   w(y) = seen / (K seen(y))
 *
 * so that rare classes count as much as others; what was seen is its state. */

typedef struct squares {
    float *x, *grad; /* [B][c][h][w]; flat, as the parameters */
    int32_t *y;      /* [B] */
    double *error;   /* [B]: |f - onehot|^2 */
    float *seen;     /* [K]: images of the class so far, and one */
} squares;

typedef struct squares_report {
    double loss, worst, balance;
} squares_report;

static squares *own_of(const trainer *t)
{
    return t->own;
}

static unsigned uses(const config *c)
{
    (void)c;
    return OBJECTIVE_LABELS;
}

static jem_status check_smoothing(const config *c)
{
    if (c->train.label_smoothing > 0)
        return jem_error(JEM_EUSAGE, "train.objective = squares knows no train.label_smoothing");
    return JEM_OK;
}

static void see_none(trainer *t)
{
    for (int64_t k = 0; k < model_classes(t->m); k++) own_of(t)->seen[k] = 1;
}

static jem_status init(trainer *t, const char *kept)
{
    const int64_t batch = t->cfg->train.batch;
    squares *s = NULL;
    (void)kept;
    jem_status st = MEM_NEW(s, 1);
    if (st != JEM_OK) return st;
    t->own = s;
    if ((st = MEM_NEW(s->x, batch * model_input_count(t->m))) != JEM_OK) return st;
    if ((st = MEM_NEW(s->y, batch)) != JEM_OK) return st;
    if ((st = MEM_NEW(s->error, batch)) != JEM_OK) return st;
    if ((st = MEM_NEW(s->grad, model_params_count(t->m))) != JEM_OK) return st;
    if ((st = MEM_NEW(s->seen, model_classes(t->m))) != JEM_OK) return st;
    see_none(t);
    return JEM_OK;
}

static void clear(trainer *t)
{
    squares *s = own_of(t);
    if (!s) return;
    mem_free(s->x);
    mem_free(s->y);
    mem_free(s->error);
    mem_free(s->grad);
    mem_free(s->seen);
    mem_free(s);
}

static void begin_step(step_report *r, const trainer *t, double share)
{
    (void)t;
    (void)share;
    for (int i = 0; i < OBJECTIVE_COLUMNS; i++) r->own.values[i] = NAN;
    r->step_size = NAN;
}

static jem_status draw(const float **x, int64_t *n, trainer *t)
{
    *x = own_of(t)->x;
    *n = t->cfg->train.batch;
    return batcher_get(&t->labelled, t->iteration, own_of(t)->x, own_of(t)->y);
}

static double weight_of(const trainer *t, int32_t y)
{
    const squares *s = own_of(t);
    const int64_t classes = model_classes(t->m);
    double all = 0;
    for (int64_t k = 0; k < classes; k++) all += (double)s->seen[k];
    return all / ((double)classes * (double)s->seen[y]);
}

static jem_status chunk_gradient(void *ctx, const model_chunk *k)
{
    const trainer *t = ctx;
    squares *s = own_of(t);
    const int64_t classes = model_classes(t->m), size = model_input_count(t->m);
    const plan_call call = {.count = k->count, .image0 = (uint32_t)k->first,
                            .dropout = {(uint64_t)t->cfg->seed, RNG_DROPOUT, (uint32_t)t->iteration, 0}};
    const model_sum sum = {.total = s->grad, .turn = k->index};
    jem_status st = plan_forward(k->ws, &call, s->x + k->first * size, k->logits);
    if (st != JEM_OK) return st;
    for (int64_t i = 0; i < k->count; i++) {
        const int32_t y = s->y[k->first + i];
        const double w = weight_of(t, y) / (double)t->cfg->train.batch;
        s->error[k->first + i] = 0;
        for (int64_t c = 0; c < classes; c++) {
            const double away = (double)k->logits[i * classes + c] - (c == y);
            s->error[k->first + i] += away * away;
            k->cotangent[i * classes + c] = (float)(w * away);
        }
    }
    return model_add_gradient(t->m, k, &call, &sum);
}

static jem_status descend(squares_report *r, direction *d, trainer *t)
{
    squares *s = own_of(t);
    const int64_t batch = t->cfg->train.batch, n = model_params_count(t->m);
    memset(s->grad, 0, (size_t)n * sizeof *s->grad);
    jem_status st = model_run(t->m, MODEL_TRAIN, batch, chunk_gradient, t);
    if (st != JEM_OK) return st;
    *r = (squares_report){0, 0, NAN};
    for (int64_t i = 0; i < batch; i++) {
        r->loss += weight_of(t, s->y[i]) * s->error[i] / (double)(2 * batch);
        r->worst = fmax(r->worst, s->error[i]);
    }
    *d = (direction){s->grad, NULL, 1, 0};
    if (all_finite(s->grad, n)) return JEM_OK;
    return jem_error(JEM_EDIVERGED, "the gradient is not finite");
}

static jem_status gradients(step_report *r, direction *d, trainer *t)
{
    squares_report said;
    const jem_status st = descend(&said, d, t);
    if (st == JEM_OK) memcpy(r->own.values, &said, sizeof said);
    return st;
}

static jem_status gradients_again(direction *d, const step_report *r, trainer *t)
{
    squares_report said;
    (void)r;
    return descend(&said, d, t);
}

static void stepped(trainer *t)
{
    for (int64_t i = 0; i < t->cfg->train.batch; i++) own_of(t)->seen[own_of(t)->y[i]]++;
}

static void row(objective_report *mean, const trainer *t)
{
    squares_report r;
    memcpy(&r, mean->values, sizeof r);
    r.balance = (double)(own_of(t)->seen[0] / own_of(t)->seen[1]);
    memcpy(mean->values, &r, sizeof r);
}

static void progress(char *text, size_t size, const step_report *r)
{
    snprintf(text, size, "  squares %.3f", r->own.values[0]);
}

static bool is_far_off(char reason[HEALTH_REASON], const objective_report *r, const health_options *o,
                       int64_t times)
{
    health_because(reason, "an image is off by %.4g for %lld iterations: beyond health.loss_limit = %g",
                   r->values[1], (long long)times, o->loss_limit);
    return r->values[1] > o->loss_limit;
}

static jem_status save(const trainer *t, safetensors_writer *w)
{
    const int64_t dims[1] = {model_classes(t->m)};
    return safetensors_writer_add(w, "squares.seen", JEM_F32, 1, dims, own_of(t)->seen);
}

static jem_status restore(trainer *t, const safetensors *f)
{
    const int64_t dims[1] = {model_classes(t->m)};
    return safetensors_read_f32(f, "squares.seen", own_of(t)->seen, 1, dims);
}

static const objective_column columns[] = {
    {"squares", "loss/squares", "squares", COLUMN_MEAN, offsetof(squares_report, loss)},
    {"worst", "loss/worst", NULL, COLUMN_MAX, offsetof(squares_report, worst)},
    {"balance", "loss/balance", NULL, COLUMN_AT_ROW, offsetof(squares_report, balance)},
};

static const health_rule rules[] = {
    {VERDICT_DIVERGED, true, is_far_off},
    {VERDICT_HEALTHY, false, NULL},
};

static const objective objective_squares = {
    .name = "squares",
    .about = "squared errors of the logits",
    .uses = uses,
    .check = check_smoothing,
    .init = init,
    .clear = clear,
    .reset = see_none,
    .begin = begin_step,
    .draw = draw,
    .gradients = gradients,
    .gradients_again = gradients_again,
    .stepped = stepped,
    .columns = columns,
    .column_count = 3,
    .row = row,
    .progress = progress,
    .rules = rules,
    .save = save,
    .restore = restore,
};

static const objective *const with_squares[] = {&objective_classifier, &objective_eq8, &objective_squares,
                                                NULL};
static const config_lists lists = {.objectives = with_squares};

/* ---- trained by the program */

static void write_config(void)
{
    char text[600];
    snprintf(text, sizeof text,
             "model: {name: wrn-10-1, pool: adaptive}\n"
             "data: {kind: gloss, path: %s/scenes}\n"
             "train: {objective: squares, batch: 8, iterations: 12, lr: 1e-3, warmup: 2, "
             "log_every: 3, checkpoint_every: 4}\n"
             "engine: {threads: 2, device: cpu}\n", dir);
    own_config(text);
}

static int begin(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    write_config();
    program_works(dir, "data render --n 60 --size 16 --seed 3 -o %D/scenes");
    program_works(dir, "train %D/c.yaml --out %D/run");
    return 0;
}

static void its_log_has_its_columns(void **state)
{
    (void)state;
    size_t n;
    program_said(dir, "err", "squares 0.");
    program_said(dir, "err", "validation accuracy");
    program_not_said(dir, "err", "l_D");
    char *log = program_read(dir, "run/metrics.csv", &n);
    const char header[] = "iteration,epoch,alpha,lr,step_size,squares,worst,balance,verdict,reason,"
                          "val_accuracy,val_nll,fd_pix,images_per_s,wall_s\n3,";
    assert_memory_equal(log, header, sizeof header - 1);
    mem_free(log);
    program_works(dir, "info %D/run");
    program_works(dir, "eval %D/run --features-of %D/run");
    program_works(dir, "plan %D/c.yaml --no-timing");
    program_works(dir, "list objectives");
    program_said(dir, "out", "squares          squared errors of the logits");
    program_fails(dir, "sample %D/run --from buffer -o %D/x.png", JEM_EDATA, "no replay buffer");
}

static void settings_are_checked_against_it(void **state)
{
    (void)state;
    program_fails(dir, "train %D/c.yaml --out %D/no --set train.label_smoothing=0.1", JEM_EUSAGE,
                  "squares knows no train.label_smoothing");
    program_fails(dir, "train %D/c.yaml --out %D/no --set train.objective=cubes", JEM_EUSAGE,
                  "expected one of auto, classifier, eq8, squares");
    program_fails(dir, "train %D/c.yaml --out %D/no --set train.objective=classifier", JEM_EUSAGE,
                  "alpha = 0.5 must be 0");
    program_fails(dir, "train %D/c.yaml --out %D/no --set train.objective=eq8 --set alpha=0", JEM_EUSAGE,
                  "must be above 0");
    program_fails(dir, "train %D/c.yaml --out %D/run --set train.objective=auto", JEM_EUSAGE,
                  "train.objective is squares there and auto here");
    assert_false(program_made(dir, "no"));
}

static void its_rules_judge_and_a_rescue_changes_the_rate(void **state)
{
    (void)state;
    program_fails(dir, "train %D/c.yaml --out %D/ill --set health.loss_limit=1e-3 --set health.patience=3 "
                       "--set rescue.tries=1", JEM_EDIVERGED, "an image is off by");
    program_said(dir, "err", "for 3 iterations: beyond health.loss_limit = 0.001");
    program_said(dir, "err", "with a change: train.lr 0.001 -> 0.0005"); /* it has no chains to reseed */
}

/* ---- resumed */

static volatile sig_atomic_t stop_now = 1;

static jem_status train(const char *name, bool resume, const volatile sig_atomic_t *stop, int64_t iterations)
{
    char path[128], out[128];
    config *c = NULL;
    snprintf(path, sizeof path, "%s/c.yaml", dir);
    snprintf(out, sizeof out, "%s/%s", dir, name);
    check_ok(MEM_NEW(c, 1));
    check_ok(config_load(c, &lists, path, NULL, 0));
    c->train.iterations = iterations;
    const train_request r = {.cfg = c, .out = out, .resume = resume, .stop = stop};
    const jem_status st = train_run(&r);
    mem_free(c);
    return st;
}

/* Both in many sessions of one step each. */
static void a_resumed_training_ends_with_the_same_bits(void **state)
{
    (void)state;
    int breaks = 0;
    jem_status st;
    while ((st = train("broken", breaks > 0, breaks < 7 ? &stop_now : NULL, 12)) == JEM_EINTERRUPTED) {
        assert_true(++breaks < 20);
    }
    check_ok(st);
    assert_int_equal(breaks, 7);
    char whole[96], broken[96];
    snprintf(whole, sizeof whole, "%s/run", dir);
    snprintf(broken, sizeof broken, "%s/broken", dir);
    identity_same_file(whole, broken, "best.safetensors");
    identity_same_file(whole, broken, "checkpoints/000000012.safetensors");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_log_has_its_columns),
        cmocka_unit_test(settings_are_checked_against_it),
        cmocka_unit_test(its_rules_judge_and_a_rescue_changes_the_rate),
        cmocka_unit_test(a_resumed_training_ends_with_the_same_bits),
    };
    if (argc > 1) return jem_main(argc, argv, &(cli_lists){.settings = lists});
    own_program(argv[0]);
    return cmocka_run_group_tests(tests, begin, end);
}
