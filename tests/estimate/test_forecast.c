/* What a training takes, estimated: against the arithmetic of the published algorithms, against
 * what is really allocated, and against sums done by hand. */
#include "support/check.h"
#include "support/wrn_spec.h"

#include "base/mem.h"
#include "estimate/forecast.h"
#include "nn/plan.h"
#include "train/tiny.h"

enum { CIFAR_IMAGES = 50000 };

static void cifar_config(config *c, const char *name)
{
    check_ok(config_defaults(c, &config_builtin));
    snprintf(c->model.name, sizeof c->model.name, "%s", name);
    c->engine.threads = 2;
    c->model.classes = 10;
    c->model.channels = 3;
    c->model.height = c->model.width = 32;
}

static data_facts cifar_facts(const config *c)
{
    return data_facts_declared(&c->data, CIFAR_IMAGES, 3, 32, 32, 10, false);
}

static int64_t item(const forecast_item *items, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strncmp(items[i].name, name, strlen(name)) == 0) return items[i].bytes;
    return -1;
}

static int64_t memory_item(const memory_forecast *m, const char *name)
{
    return item(m->items, m->count, name);
}

/* ---- arithmetic */

static void parameters_and_flops_are_those_of_the_models_table(void **state)
{
    static const struct {
        const char *name;
        int64_t params;
        double gflop;
    } known[] = {{"wrn-10-1", 77706, 0.039},
                 {"wrn-16-1", 174698, 0.067470592}, /* summed by hand */
                 {"wrn-16-2", 690986, 0.259},
                 {"wrn-28-10", 36471338, 11.902}};
    config *c = NULL;
    (void)state;
    check_ok(MEM_NEW(c, 1));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        model_outline o;
        int64_t params = 0;
        double flops = 0;
        cifar_config(c, known[i].name);
        check_ok(model_outline_init(&o, &c->model, &c->engine, 64, 64));
        assert_int_equal(o.trained, known[i].params);
        assert_true(fabs(o.flops / 1e9 - known[i].gflop) <= 0.0005001);
        for (int k = 0; k < o.layer_count; k++) {
            params += o.layers[k].params;
            flops += o.layers[k].flops;
        }
        assert_int_equal(params, o.trained);
        check_near(flops, o.flops, 1e-12, 1);
        model_outline_clear(&o);
    }
    mem_free(c);
}

/* conv1 of WRN-16-1: 3 -> 16 channels, 3x3, on 32x32. */
static void a_layer_has_its_name_shape_parameters_flops_and_algorithms(void **state)
{
    config *c = NULL;
    model_outline o;
    (void)state;
    check_ok(MEM_NEW(c, 1));
    cifar_config(c, "wrn-16-1");
    check_ok(model_outline_init(&o, &c->model, &c->engine, 64, 64));
    const layer_outline *first = &o.layers[0], *last = &o.layers[o.layer_count - 1];
    assert_string_equal(first->name, "f.conv1");
    assert_string_equal(first->kind, "conv 3x3");
    assert_int_equal(shape_count(first->out), 16 * 32 * 32);
    assert_int_equal(first->params, 16 * 3 * 9 + 16);
    check_near(first->flops, 2.0 * 3 * 9 * 16 * 32 * 32, 0, 1);
    assert_string_equal(last->name, "class_output");
    for (int i = 0; i < o.layer_count; i++) {
        if (o.layers[i].params == 0) continue;
        assert_true(o.layers[i].forward[0] && o.layers[i].to_input[0] && o.layers[i].to_weights[0]);
    }
    assert_string_equal(o.layers[1].kind, "conv 3x3 + lrelu");
    model_outline_clear(&o);

    snprintf(c->engine.device, sizeof c->engine.device, "ref");
    check_ok(model_outline_init(&o, &c->model, &c->engine, 64, 64));
    assert_string_equal(o.layers[0].forward, ""); /* it has one algorithm and no name for it */
    assert_int_equal(o.uses[MODEL_CHAIN].packed, 0);
    model_outline_clear(&o);
    mem_free(c);
}

/* The study's Algorithm 1 with L = 20: 20 steps of 2F and three batches of 3F, which is 49F; 48F
 * with a shared batch, 46F at alpha = 1, 3F at alpha = 0. */
static void a_step_costs_the_forward_passes_of_the_formula(void **state)
{
    static const struct {
        double alpha;
        bool share;
        double forwards;
    } known[] = {{0.5, false, 49}, {0.5, true, 48}, {1, true, 46}, {1, false, 46}, {0, false, 3},
                 {0, true, 3}};
    config *c = NULL;
    (void)state;
    check_ok(MEM_NEW(c, 1));
    cifar_config(c, "wrn-16-1");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        c->alpha = known[i].alpha;
        c->train.share_batch = known[i].share;
        step_flops f = forecast_flops(c, 2e9);
        check_near(f.forwards, known[i].forwards, 1e-12, 1);
        check_near(f.total, known[i].forwards * 2e9, 1e-12, 1);
        check_near(f.chain + f.generative + f.discriminative, f.total, 1e-12, 1);
    }
    mem_free(c);
}

/* 29F for JEM++ with ten steps, 17F per labelled image for SADA-JEM with five. */
static void jempp_and_sada_cost_what_their_settings_say(void **state)
{
    config *c = NULL;
    (void)state;
    check_ok(MEM_NEW(c, 1));
    check_ok(config_load(c, &config_builtin, JEM_SOURCE_DIR "/configs/cifar10-jempp.yaml", NULL, 0));
    check_near(forecast_flops(c, 1e9).forwards, 29, 1e-12, 1);
    check_ok(config_load(c, &config_builtin, JEM_SOURCE_DIR "/configs/cifar10-sada.yaml", NULL, 0));
    check_near(forecast_flops(c, 1e9).forwards, 17, 1e-12, 1);
    c->model.classes = 10;
    data_facts d = cifar_facts(c);
    assert_int_equal(forecast_per_epoch(c, &d), 45000 / 64); /* an epoch is a pass over x+ */
    mem_free(c);
}

/* ---- data */

static void declared_data_are_split_as_the_settings_say(void **state)
{
    config *c = NULL;
    (void)state;
    check_ok(MEM_NEW(c, 1));
    cifar_config(c, "wrn-16-1");
    data_facts d = cifar_facts(c);
    assert_int_equal(d.train, 47500);
    assert_int_equal(d.val, 2500);
    assert_int_equal(d.test, 10000);
    assert_int_equal(d.bytes, 60000 * (3072 + 4));
    assert_int_equal(forecast_per_epoch(c, &d), 742);
    assert_int_equal(forecast_iterations(c, &d), 742 * 200);
    c->data.ranks = 4; /* share each batch */
    assert_int_equal(forecast_per_epoch(c, &d), 47500 / (4 * 64));
    c->data.ranks = 1;

    c->data.limit = 1000;
    d = cifar_facts(c);
    assert_int_equal(d.train + d.val, 1000);
    snprintf(c->data.kind, sizeof c->data.kind, "npy");
    c->data.limit = 0;
    d = data_facts_declared(&c->data, 1000, 4, 8, 8, 10, true);
    assert_int_equal(d.test, 100);
    assert_int_equal(d.train + d.val, 900);
    assert_int_equal(d.bytes, 1000 * (4 * 64 * 4 + 4));
    assert_int_equal(d.file_bytes, 0);
    mem_free(c);
}

static int64_t item_bytes(const memory_forecast *m, const char *name)
{
    for (int i = 0; i < m->count; i++)
        if (strcmp(m->items[i].name, name) == 0) return m->items[i].bytes;
    return 0;
}

static void data_in_files_take_disk_and_a_batch_ahead(void **state)
{
    config *c = NULL;
    model_outline o = MODEL_OUTLINE_INIT;
    memory_forecast m;
    (void)state;
    check_ok(MEM_NEW(c, 1));
    cifar_config(c, "wrn-10-1");
    c->alpha = 0;
    snprintf(c->data.kind, sizeof c->data.kind, "packed");
    data_facts d = data_facts_declared(&c->data, 1000, 3, 32, 32, 10, false);
    assert_int_equal(d.file_bytes, 1000 * 3 * 32 * 32);
    assert_int_equal(d.bytes, 1000 * 24); /* row, hash, two labels */
    check_ok(model_outline_init(&o, &c->model, &c->engine, c->train.batch, config_generative_batch(&c->train)));
    forecast_memory(&m, c, &o, &d);
    assert_int_equal(item_bytes(&m, "batches read ahead"), c->train.batch * 3 * 32 * 32 * 4);
    d.file_bytes = 0;
    forecast_memory(&m, c, &o, &d);
    assert_int_equal(item_bytes(&m, "batches read ahead"), 0);
    snprintf(c->data.kind, sizeof c->data.kind, "latents");
    d = data_facts_declared(&c->data, 1000, 4, 32, 32, 10, false);
    assert_int_equal(d.file_bytes, 1000 * 4 * 32 * 32 * 2);
    model_outline_clear(&o);
    mem_free(c);
}

static void facts_of_loaded_data_are_their_sizes(void **state)
{
    splits s = tiny_splits(24, 6);
    (void)state;
    config c;
    data_facts d;
    tiny_config(&c, NULL);
    check_ok(data_facts_of(&d, &c, &s));
    assert_int_equal(d.train, 24);
    assert_int_equal(d.val, 6);
    assert_int_equal(d.classes, TINY_CLASSES);
    assert_int_equal(d.bytes, 33 * (TINY_COUNT + 4));
    assert_true(d.loading_bytes >= d.bytes);
    splits_free(&s);
}

/* ---- memory */

static void memory_items_add_up_in_every_phase(void **state)
{
    static const double alphas[] = {0, 0.5, 1};
    config *c = NULL;
    model_outline o;
    (void)state;
    check_ok(MEM_NEW(c, 1));
    cifar_config(c, "wrn-16-2");
    c->train.ema = 0.99;
    data_facts d = cifar_facts(c);
    check_ok(model_outline_init(&o, &c->model, &c->engine, c->train.batch, c->train.batch));
    for (int i = 0; i < 3; i++) {
        memory_forecast m;
        int64_t most = 0;
        c->alpha = alphas[i];
        forecast_memory(&m, c, &o, &d);
        for (int p = 0; p < FORECAST_PHASES; p++) {
            int64_t sum = 0;
            for (int k = 0; k < m.count; k++)
                if (m.items[k].phases >> p & 1) sum += m.items[k].bytes;
            assert_int_equal(sum, m.phases[p]);
            if (p < PHASE_RESTORE) most = sum > most ? sum : most;
        }
        assert_int_equal(m.bytes, most);
        assert_int_equal(m.phases[m.peak], most);
    }
    model_outline_clear(&o);
    mem_free(c);
}

/* Sizes by hand: 10,000 images of 3x32x32 and their ages; one float per parameter. */
static void memory_items_are_what_is_allocated(void **state)
{
    const int64_t vector = 174698 * 4, replay = 10000 * (3072 * 4 + 4);
    config *c = NULL;
    model_outline o;
    memory_forecast m;
    (void)state;
    check_ok(MEM_NEW(c, 1));
    cifar_config(c, "wrn-16-1");
    data_facts d = cifar_facts(c);
    check_ok(model_outline_init(&o, &c->model, &c->engine, c->train.batch, c->train.batch));
    forecast_memory(&m, c, &o, &d);
    assert_int_equal(memory_item(&m, "replay buffer"), replay);
    assert_int_equal(memory_item(&m, "weights"), vector);
    assert_int_equal(memory_item(&m, "optimiser's moments"), 2 * vector);
    assert_int_equal(memory_item(&m, "a layer's gradient, each thread"), 2 * (64 * 64 * 9 + 64) * 4);
    assert_int_equal(memory_item(&m, "averaged weights"), -1);
    assert_int_equal(o.elements, 174698);

    c->alpha = 0; /* a classifier has no chains */
    forecast_memory(&m, c, &o, &d);
    assert_int_equal(memory_item(&m, "replay buffer"), -1);
    assert_int_equal(memory_item(&m, "chains' workspaces"), -1);
    model_outline_clear(&o);
    mem_free(c);
}

/* A workspace of the plan that the model really compiles, times the threads. */
static void workspaces_grow_with_threads_and_chunk(void **state)
{
    config *c = NULL;
    model_outline one, two, large;
    (void)state;
    check_ok(MEM_NEW(c, 1));
    cifar_config(c, "wrn-10-1");
    c->engine.threads = 1;
    c->engine.chunk = 2;
    check_ok(model_outline_init(&one, &c->model, &c->engine, 64, 64));
    c->engine.threads = 3;
    check_ok(model_outline_init(&two, &c->model, &c->engine, 64, 64));
    c->engine.chunk = 4;
    check_ok(model_outline_init(&large, &c->model, &c->engine, 64, 64));
    for (int use = 0; use < MODEL_USES; use++) {
        assert_int_equal(one.uses[use].chunk, 2);
        assert_int_equal(two.uses[use].workspaces, 3 * one.uses[use].workspaces);
        assert_int_equal(two.uses[use].packed, one.uses[use].packed);
        assert_true(large.uses[use].workspaces > two.uses[use].workspaces);
    }
    assert_int_equal(one.uses[MODEL_TRAIN].gradients, (64 * 64 * 9 + 64) * 4);
    assert_int_equal(one.uses[MODEL_CHAIN].gradients, 0);
    assert_true(one.uses[MODEL_CHAIN].packed > one.uses[MODEL_INFER].packed);
    model_outline_clear(&one);
    model_outline_clear(&two);
    model_outline_clear(&large);
    mem_free(c);
}

static void batch_norm_holds_the_whole_batch_at_once(void **state)
{
    config *c = NULL;
    model_outline o;
    (void)state;
    check_ok(MEM_NEW(c, 1));
    cifar_config(c, "wrn-10-1");
    wrn_settings_of(&c->model)->norm = NORM_BATCH;
    check_ok(model_outline_init(&o, &c->model, &c->engine, 24, 24));
    assert_true(o.couples_images);
    assert_int_equal(o.uses[MODEL_TRAIN].chunk, 24);
    assert_true(o.uses[MODEL_CHAIN].chunk <= 4);
    assert_true(o.elements > o.trained); /* running statistics */
    model_outline_clear(&o);
    mem_free(c);
}

static void too_little_memory_is_said_with_what_would_help(void **state)
{
    config *c = NULL;
    memory_forecast m = {.count = 2,
                         .items = {{"program", 10, 15}, {"replay buffer", (int64_t)3 << 30, 14}},
                         .peak = PHASE_TRAIN, .bytes = ((int64_t)3 << 30) + 10};
    (void)state;
    check_ok(MEM_NEW(c, 1));
    cifar_config(c, "wrn-10-1");
    check_ok(forecast_check_memory(&m, c, m.bytes));
    check_fails(forecast_check_memory(&m, c, m.bytes - 1), JEM_ENOMEM, "3.00 GiB");
    check_fails(forecast_check_memory(&m, c, 0), JEM_ENOMEM, "replay buffer");
    check_fails(forecast_check_memory(&m, c, 0), JEM_ENOMEM, "sampler.buffer_size (now 10000)");
    m.peak = PHASE_LOAD;
    check_fails(forecast_check_memory(&m, c, 0), JEM_ENOMEM, "data.limit");
    mem_free(c);
}

/* ---- disk */

static void disk_holds_three_checkpoints_and_one_being_written(void **state)
{
    const int64_t vector = 174698 * 4, replay = 10000 * (3072 * 4 + 4);
    config *c = NULL;
    model_outline o;
    disk_forecast f;
    (void)state;
    check_ok(MEM_NEW(c, 1));
    cifar_config(c, "wrn-16-1");
    data_facts d = cifar_facts(c);
    check_ok(model_outline_init(&o, &c->model, &c->engine, c->train.batch, c->train.batch));
    forecast_disk(&f, c, &o, &d);
    assert_int_equal(item(f.items, f.count, "checkpoints"), 3 * (3 * vector + replay));
    assert_int_equal(item(f.items, f.count, "checkpoint while"), 3 * vector + replay);
    assert_int_equal(item(f.items, f.count, "selected weights"), 5 * vector);
    int64_t sum = 0;
    for (int i = 0; i < f.count; i++) sum += f.items[i].bytes;
    assert_int_equal(sum, f.bytes);
    assert_int_equal(item(f.items, f.count, "starts of chains"), -1); /* none */
    c->sampler.start = START_CLASS_GAUSSIAN;
    disk_forecast kept;
    forecast_disk(&kept, c, &o, &d);
    assert_int_equal(kept.bytes - f.bytes, item(kept.items, kept.count, "starts of chains"));
    check_near(kept.bytes - f.bytes, 188928256, 0.01, 0); /* a file of such a run */
    check_ok(forecast_check_disk(&f, "runs/a", f.bytes));
    check_fails(forecast_check_disk(&f, "runs/a", f.bytes - 1), JEM_EIO, "runs/a");
    model_outline_clear(&o);
    mem_free(c);
}

/* ---- time */

static void times_follow_from_steps_and_validations(void **state)
{
    config *c = NULL;
    (void)state;
    check_ok(MEM_NEW(c, 1));
    cifar_config(c, "wrn-16-1");
    data_facts d = cifar_facts(c);
    step_flops f = forecast_flops(c, 1e9);
    step_times t = {.step_s = 0.5, .steps = 3, .batch = 64, .validation_s = 2};

    c->train.epochs = 10;
    c->train.eval_every = 4; /* after epochs 4, 8 and at the end */
    time_forecast r = forecast_time(c, &d, &f, &t);
    check_near(r.images_per_s, 128, 1e-12, 1);
    check_near(r.flops_per_s, 49e9 * 128, 1e-12, 1);
    check_near(r.epoch_s, 742 * 0.5 + 2, 1e-12, 1);
    check_near(r.run_s, 7420 * 0.5 + 3 * 2, 1e-12, 1);

    c->train.eval_every = 5; /* the last epoch's validation is the end's */
    check_near(forecast_time(c, &d, &f, &t).run_s, 7420 * 0.5 + 2 * 2, 1e-12, 1);
    c->train.iterations = 100; /* less than an epoch */
    check_near(forecast_time(c, &d, &f, &t).run_s, 100 * 0.5 + 2, 1e-12, 1);
    c->train.max_minutes = 0.5;
    r = forecast_time(c, &d, &f, &t);
    assert_true(r.capped);
    check_near(r.run_s, 32, 1e-12, 1);
    mem_free(c);
}

static void a_training_that_cannot_fit_is_refused_before_it_begins(void **state)
{
    config *c = NULL;
    splits s = tiny_splits(24, 6);
    (void)state;
    check_ok(MEM_NEW(c, 1));
    tiny_config(c, NULL);
    check_ok(forecast_before_training(c, &s, "/tmp"));
    c->sampler.buffer_size = (int64_t)1 << 36;
    check_fails(forecast_before_training(c, &s, "/tmp"), JEM_ENOMEM, "sampler.buffer_size");
    splits_free(&s);
    mem_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_and_flops_are_those_of_the_models_table),
        cmocka_unit_test(a_layer_has_its_name_shape_parameters_flops_and_algorithms),
        cmocka_unit_test(a_step_costs_the_forward_passes_of_the_formula),
        cmocka_unit_test(jempp_and_sada_cost_what_their_settings_say),
        cmocka_unit_test(declared_data_are_split_as_the_settings_say),
        cmocka_unit_test(data_in_files_take_disk_and_a_batch_ahead),
        cmocka_unit_test(facts_of_loaded_data_are_their_sizes),
        cmocka_unit_test(memory_items_add_up_in_every_phase),
        cmocka_unit_test(memory_items_are_what_is_allocated),
        cmocka_unit_test(workspaces_grow_with_threads_and_chunk),
        cmocka_unit_test(batch_norm_holds_the_whole_batch_at_once),
        cmocka_unit_test(too_little_memory_is_said_with_what_would_help),
        cmocka_unit_test(disk_holds_three_checkpoints_and_one_being_written),
        cmocka_unit_test(times_follow_from_steps_and_validations),
        cmocka_unit_test(a_training_that_cannot_fit_is_refused_before_it_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
