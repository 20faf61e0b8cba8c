/* jem plan: what a training needs, before anything is spent. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "cli/plan_report.h"
#include "train/run.h"

/* What the data are if they are not there to be looked at; 0: not given. */
typedef struct declared {
    int64_t images, channels, height, width, classes;
    bool floats;
} declared;

typedef struct plan_request {
    const char *config, *out, *alpha, *seconds, *images, *shape, *classes;
    cli_list set;
    bool json, no_timing;
    double limit_s;
} plan_request;

/* ---- settings and data */

static jem_status load_settings(config *c, const plan_request *q)
{
    jem_status st = JEM_OK;
    if (!run_is(q->config)) return config_load(c, q->config, q->set.values, q->set.count);
    TRY(run_load_config(c, q->config));
    for (int i = 0; i < q->set.count; i++) TRY(options_assign(config_groups(c), q->set.values[i]));
    TRY(config_check(c));
done:
    return st;
}

/* What each kind of data usually is. */
static declared usual(const data_options *o)
{
    int64_t side = o->size ? o->size : 128;
    if (strcmp(o->kind, "cifar10") == 0) return (declared){50000, 3, 32, 32, 10, false};
    if (strcmp(o->kind, "gloss") == 0) return (declared){10000, 3, side, side, 2, false};
    if (strcmp(o->kind, "folder") == 0 && o->size) return (declared){0, 3, side, side, 0, false};
    return (declared){.floats = strcmp(o->kind, "npy") == 0};
}

static jem_status parse_declared(declared *d, const plan_request *q)
{
    jem_status st = JEM_OK;
    char tail;
    long long c, h, w;
    if (q->images) TRY(cli_int(&d->images, q->images, "--images", 1, (int64_t)1 << 40));
    if (q->classes) TRY(cli_int(&d->classes, q->classes, "--classes", 1, 1 << 24));
    if (!q->shape) return JEM_OK;
    if (sscanf(q->shape, "%lldx%lldx%lld%c", &c, &h, &w, &tail) != 3 || c < 1 || h < 1 || w < 1 ||
        c > 4096 || h > 16384 || w > 16384)
        return jem_error(JEM_EUSAGE, "--shape %s: expected CHANNELSxHEIGHTxWIDTH, as in 3x32x32",
                         q->shape);
    d->channels = c;
    d->height = h;
    d->width = w;
done:
    return st;
}

/* Loads the data if data.path is set, else takes what is declared. */
static jem_status find_data(plan_report *r, splits *data, const plan_request *q)
{
    jem_status st;
    config *c = &r->cfg;
    declared d = usual(&c->data);

    if (c->data.path[0]) {
        TRY(data_load(data, &c->data, CONFIG_SPLIT_SEED));
        config_take_data(c, data->train);
        r->data = data_facts_of(data);
        return JEM_OK;
    }
    TRY(parse_declared(&d, q));
    if (!d.images || !d.channels || !d.classes)
        return jem_error(JEM_EUSAGE,
                         "plan: data.path is empty and nothing else says how large the data are; "
                         "set it, or give --images N --shape CxHxW --classes K");
    r->assumed = true;
    r->data = data_facts_declared(&c->data, d.images, d.channels, d.height, d.width, d.classes,
                                  d.floats);
    c->model.classes = d.classes;
    c->model.channels = d.channels;
    c->model.height = d.height;
    c->model.width = d.width;
done:
    return st;
}

/* ---- reckoning */

/* Memory of the alpha that needs most; leaves that alpha in r->cfg. */
static void reckon_memory(plan_report *r)
{
    double most_at = r->alphas[0].alpha;
    for (int i = 0; i < r->alpha_count; i++) {
        memory_forecast m;
        r->cfg.alpha = r->alphas[i].alpha;
        forecast_memory(&m, &r->cfg, &r->outline, &r->data);
        r->alphas[i].flops = forecast_flops(&r->cfg, r->outline.flops);
        if (i > 0 && m.bytes <= r->memory.bytes) continue;
        r->memory = m;
        most_at = r->alphas[i].alpha;
    }
    r->cfg.alpha = most_at;
    forecast_disk(&r->disk, &r->cfg, &r->outline, &r->data);
}

static jem_status reckon(plan_report *r, const plan_request *q)
{
    jem_status st;
    alpha_list *list = NULL;

    TRY(MEM_NEW(list, 1));
    list->values[list->count++] = r->cfg.alpha;
    if (q->alpha) TRY(alpha_list_parse(list, q->alpha));
    for (int i = 0; i < list->count; i++) r->alphas[i].alpha = list->values[i];
    r->alpha_count = list->count;
    r->folder = q->out ? q->out : ".";
    TRY(model_outline_init(&r->outline, &r->cfg.model, &r->cfg.engine, r->cfg.train.batch,
                           config_generative_batch(&r->cfg.train)));
    reckon_memory(r);
    TRY(machine_memory_read(&r->machine, ""));
    TRY(machine_disk_free(&r->room, r->folder));
    /* What this process holds already is part of what the training will need. */
    if (!r->assumed) r->machine.available += r->data.bytes;
done:
    mem_free(list);
    return st;
}

/* ---- times: 0, 1 and between differ in what they compute */

static int kind_of(double alpha)
{
    return alpha <= 0 ? 0 : alpha >= 1 ? 2 : 1;
}

static jem_status time_alphas(plan_report *r, const splits *data, double seconds)
{
    jem_status st = JEM_OK;
    config *c = &r->cfg;
    double alpha_of_memory = c->alpha;
    int first[3] = {-1, -1, -1}, kinds = 0;

    for (int i = r->alpha_count; i-- > 0;) {
        kinds += first[kind_of(r->alphas[i].alpha)] < 0;
        first[kind_of(r->alphas[i].alpha)] = i;
    }
    for (int i = 0; i < r->alpha_count; i++) {
        plan_alpha *a = &r->alphas[i];
        int like = first[kind_of(a->alpha)];
        c->alpha = a->alpha;
        if (like == i) {
            log_info("timing steps at alpha %.4g", a->alpha);
            TRY(rehearse(&a->times, c, data, &r->data, seconds / kinds));
        }
        a->times = r->alphas[like].times;
        a->time = forecast_time(c, &r->data, &a->flops, &a->times);
    }
done:
    c->alpha = alpha_of_memory;
    return st;
}

static jem_status check_fit(const plan_report *r)
{
    jem_status st;
    TRY(forecast_check_memory(&r->memory, &r->cfg, r->machine.available));
    TRY(forecast_check_disk(&r->disk, r->folder, r->room));
done:
    return st;
}

/* ---- the command */

static jem_status print_json(const plan_report *r)
{
    json_t *root = plan_json(r);
    if (!root) return jem_error(JEM_ENOMEM, "plan: out of memory");
    json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(root);
    return JEM_OK;
}

static jem_status make_plan(plan_report *r, splits *data, const plan_request *q)
{
    jem_status st;
    TRY(load_settings(&r->cfg, q));
    TRY(find_data(r, data, q));
    if (r->data.train < r->cfg.train.batch)
        return jem_error(JEM_EDATA,
                         "%lld training images do not fill a batch of %lld: lower train.batch or "
                         "add images",
                         (long long)r->data.train, (long long)r->cfg.train.batch);
    TRY(reckon(r, q));
    if (!q->json) plan_print(r);
    fflush(stdout);
    jem_status fit = check_fit(r);
    if (fit == JEM_OK && !q->no_timing) {
        if (r->assumed) TRY(rehearsal_noise(data, &r->cfg, &r->data));
        TRY(time_alphas(r, data, q->limit_s));
        if (!q->json) plan_print_times(r);
    }
    if (q->json) TRY(print_json(r));
    /* Said again as the last word: printing and timing may have set another message. */
    if (fit != JEM_OK) st = check_fit(r);
done:
    return st;
}

static jem_status plan_command(int argc, char **argv)
{
    jem_status st;
    plan_request q = {.seconds = "10"};
    plan_report *r = NULL;
    splits data = {NULL, NULL, NULL};
    const cli_flag flags[] = {{.name = "--alpha", .value = &q.alpha},
                              {.name = "--set", .list = &q.set},
                              {.name = "--out", .value = &q.out},
                              {.name = "-o", .value = &q.out},
                              {.name = "--seconds", .value = &q.seconds},
                              {.name = "--no-timing", .on = &q.no_timing},
                              {.name = "--json", .on = &q.json},
                              {.name = "--images", .value = &q.images},
                              {.name = "--shape", .value = &q.shape},
                              {.name = "--classes", .value = &q.classes},
                              {.name = NULL}};

    TRY(cli_parse(argc, argv, &command_plan, flags, &q.config, 1, 1));
    TRY(cli_real(&q.limit_s, q.seconds, "--seconds", 0.1, 86400));
    TRY(MEM_NEW(r, 1));
    TRY(make_plan(r, &data, &q));
done:
    if (r) model_outline_clear(&r->outline);
    mem_free(r);
    splits_free(&data);
    return st;
}

const command command_plan = {
    .name = "plan",
    .usage = "plan CONFIG.yaml|RUN [--alpha 0:1:0.1 | 0,0.5,1] [--set KEY=VALUE ...] "
             "[--no-timing] [--seconds S]\n"
             "           [--json] [--out RUN] [--images N --shape CxHxW --classes K]",
    .about = "what a training needs, before it begins: layers, FLOPs, memory, disk and time",
    .run = plan_command,
};
