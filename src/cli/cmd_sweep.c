/* jem sweep: the grid of alphas and seeds as a folder of runs.
 *
 *   STUDY/study.json             what was asked for, and the state of every run
 *   STUDY/alpha-0.50-seed-1/     one run each
 *
 * Finished runs are skipped and unfinished ones resumed, so the same command can be
 * given until it is done.  A run that fails does not stop the others. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"
#include "record/json_file.h"
#include "train/loop.h"

enum { ALPHAS_MAX = 1001, RUN_NAME = 64 };

typedef struct sweep {
    const char *config_path, *out;
    cli_list set;
    double alphas[ALPHAS_MAX];
    int alpha_count;
    int64_t seeds;
    config cfg;
    splits data; /* the same for all runs */
    json_t *runs;
    int failed;
    char failures[1024]; /* names of the failed runs */
    jem_status first_failure;
} sweep;

/* ---- the grid */

static jem_status add_alpha(sweep *s, const char *text)
{
    double v;
    jem_status st = cli_real(&v, text, "--alpha", 0, 1);
    if (st != JEM_OK) return st;
    if (s->alpha_count == ALPHAS_MAX) return jem_error(JEM_EUSAGE, "--alpha: too many values");
    s->alphas[s->alpha_count++] = v;
    return JEM_OK;
}

/* "0:1:0.1": from, to (included), step. */
static jem_status parse_range(sweep *s, const char *text)
{
    double from, to, by;
    char tail;
    if (sscanf(text, "%lf:%lf:%lf%c", &from, &to, &by, &tail) != 3 || !(from >= 0) ||
        !(to <= 1) || !(from <= to) || !(by >= 0.001))
        return jem_error(JEM_EUSAGE,
                         "--alpha %s: expected FROM:TO:STEP within 0 to 1, as in 0:1:0.1", text);
    int64_t n = (int64_t)floor((to - from) / by + 1e-6) + 1;
    for (int64_t i = 0; i < n; i++) {
        /* Rounded, so that 0:1:0.1 means exactly the numbers a person types. */
        double v = round((from + (double)i * by) * 1e6) / 1e6;
        s->alphas[s->alpha_count++] = v > 1 ? 1 : v;
    }
    return JEM_OK;
}

static jem_status parse_alphas(sweep *s, const char *text)
{
    jem_status st;
    char *copy = NULL, *rest = NULL;
    if (strchr(text, ':')) return parse_range(s, text);
    TRY(mem_strdup(&copy, text));
    for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
        TRY(add_alpha(s, word));
    if (s->alpha_count == 0) st = jem_error(JEM_EUSAGE, "--alpha: no values in '%s'", text);
done:
    mem_free(copy);
    return st;
}

/* alpha-0.50-seed-1; more digits where two do not tell alphas apart. */
static void run_name(char *name, double alpha, int64_t seed)
{
    bool cents = fabs(alpha * 100 - round(alpha * 100)) < 1e-9;
    snprintf(name, RUN_NAME, cents ? "alpha-%.2f-seed-%lld" : "alpha-%.6f-seed-%lld", alpha,
             (long long)seed);
}

/* ---- study.json */

static jem_status write_study(const sweep *s)
{
    jem_status st;
    char *path = NULL;
    json_t *root = json_object(), *alphas = json_array(), *set = json_array();

    for (int i = 0; i < s->alpha_count; i++) json_array_append_new(alphas, json_real(s->alphas[i]));
    for (int i = 0; i < s->set.count; i++)
        json_array_append_new(set, json_string(s->set.values[i]));
    json_object_set_new(root, "version", json_string(JEM_VERSION));
    json_object_set_new(root, "config", json_string(s->config_path));
    json_object_set_new(root, "set", set);
    json_object_set_new(root, "alphas", alphas);
    json_object_set_new(root, "seeds", json_integer((json_int_t)s->seeds));
    json_object_set(root, "runs", s->runs);
    TRY(str_format(&path, "%s/study.json", s->out));
    TRY(json_file_write(path, root));
done:
    json_decref(root);
    mem_free(path);
    return st;
}

/* ---- running */

static jem_status configure(sweep *s, double alpha, int64_t seed)
{
    char text[64];
    jem_status st;
    TRY(config_load(&s->cfg, s->config_path, s->set.values, s->set.count));
    snprintf(text, sizeof text, "alpha=%.9g", alpha);
    TRY(options_assign(config_groups(&s->cfg), text));
    snprintf(text, sizeof text, "seed=%lld", (long long)(s->cfg.seed + seed));
    TRY(options_assign(config_groups(&s->cfg), text));
done:
    return st;
}

static void note_failure(sweep *s, const char *name, jem_status st)
{
    size_t used = strlen(s->failures);
    log_warning("%s", jem_error_message());
    if (s->failed++ == 0) s->first_failure = st;
    snprintf(s->failures + used, sizeof s->failures - used, "%s%s", used ? ", " : "", name);
}

static jem_status run_one(sweep *s, double alpha, int64_t offset, json_t *entry)
{
    char name[RUN_NAME];
    char *out = NULL;
    jem_status st;

    TRY(configure(s, alpha, offset));
    run_name(name, alpha, s->cfg.seed);
    TRY(str_format(&out, "%s/%s", s->out, name));
    log_info("== %s", name);
    train_request r = {.cfg = &s->cfg, .out = out, .data = &s->data, .resume = true,
                       .stop = cli_catch_signals()};
    st = train_run(&r);
    json_object_set_new(entry, "status", json_string(st == JEM_OK              ? "finished"
                                                     : st == JEM_EINTERRUPTED ? "interrupted"
                                                     : st == JEM_EDIVERGED    ? "diverged"
                                                                              : "failed"));
    if (st != JEM_OK && st != JEM_EINTERRUPTED) {
        note_failure(s, name, st);
        st = JEM_OK;
    }
    jem_status written = write_study(s);
    if (st == JEM_OK) st = written;
done:
    mem_free(out);
    return st;
}

static jem_status plan_runs(sweep *s)
{
    s->runs = json_array();
    for (int64_t k = 0; k < s->seeds; k++)
        for (int i = 0; i < s->alpha_count; i++) {
            char name[RUN_NAME];
            run_name(name, s->alphas[i], s->cfg.seed + k);
            json_t *entry = json_pack("{s:s s:f s:I s:s}", "path", name, "alpha", s->alphas[i],
                                      "seed", (json_int_t)(s->cfg.seed + k), "status", "waiting");
            if (json_array_append_new(s->runs, entry) != 0)
                return jem_error(JEM_ENOMEM, "sweep: out of memory");
        }
    return JEM_OK;
}

static jem_status run_all(sweep *s)
{
    jem_status st;
    TRY(config_load(&s->cfg, s->config_path, s->set.values, s->set.count));
    TRY(plan_runs(s));
    TRY(data_load(&s->data, &s->cfg.data, CONFIG_SPLIT_SEED));
    TRY(dir_make(s->out));
    TRY(write_study(s));
    for (int64_t k = 0; k < s->seeds; k++)
        for (int i = 0; i < s->alpha_count; i++)
            TRY(run_one(s, s->alphas[i], k,
                        json_array_get(s->runs, (size_t)(k * s->alpha_count + i))));
    if (s->failed > 0)
        st = jem_error(s->first_failure, "%d of %lld runs failed: %s", s->failed,
                       (long long)s->seeds * s->alpha_count, s->failures);
done:
    return st;
}

static jem_status sweep_command(int argc, char **argv)
{
    const char *args[1], *alpha = "0:1:0.1", *seeds = "1";
    sweep *s = NULL;
    jem_status st;

    TRY(MEM_NEW(s, 1));
    const cli_flag flags[] = {{.name = "--out", .value = &s->out},
                              {.name = "-o", .value = &s->out},
                              {.name = "--alpha", .value = &alpha},
                              {.name = "--seeds", .value = &seeds},
                              {.name = "--set", .list = &s->set},
                              {.name = NULL}};
    TRY(cli_parse(argc, argv, &command_sweep, flags, args, 1, 1));
    s->config_path = args[0];
    if (!s->out) {
        st = jem_error(JEM_EUSAGE, "sweep: --out is missing; usage: jem %s", command_sweep.usage);
        goto done;
    }
    TRY(parse_alphas(s, alpha));
    TRY(cli_int(&s->seeds, seeds, "--seeds", 1, 1000));
    TRY(run_all(s));
    printf("%s\n", s->out);
done:
    if (s) {
        splits_free(&s->data);
        json_decref(s->runs);
    }
    mem_free(s);
    return st;
}

const command command_sweep = {
    .name = "sweep",
    .usage = "sweep CONFIG.yaml [--alpha 0:1:0.1 | 0,0.5,1] [--seeds N] [--set KEY=VALUE ...] "
             "--out STUDY",
    .about = "train every alpha and seed; skips finished runs, resumes unfinished ones",
    .run = sweep_command,
};
