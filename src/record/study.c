/* Reading the folders of a study: what is broken becomes a warning, not an end (study.h). */
#include "record/study.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text_file.h"
#include "base/try.h"
#include "base/strbuf.h"
#include "record/run_facts.h"

enum { LARGEST_TEXT = 1 << 24 };

/* ---- warnings */

static jem_status add_warning(study *s, bool passes, const char *line)
{
    jem_status st;
    char **lines = NULL;
    bool *flags = NULL;

    for (int64_t i = 0; i < s->warning_count; i++)
        if (strcmp(s->warnings[i], line) == 0) return JEM_OK;
    TRY(MEM_NEW(lines, s->warning_count + 1));
    TRY(MEM_NEW(flags, s->warning_count + 1));
    TRY(mem_strdup(&lines[s->warning_count], line));
    flags[s->warning_count] = passes;
    for (int64_t i = 0; i < s->warning_count; i++) lines[i] = s->warnings[i], flags[i] = s->warning_passes[i];
    mem_free(s->warnings);
    mem_free(s->warning_passes);
    s->warnings = lines;
    s->warning_passes = flags;
    s->warning_count++;
    lines = NULL;
    flags = NULL;
done:
    mem_free(lines);
    mem_free(flags);
    return st;
}

enum { WARNING_MOST = 2048 };

jem_status study_warn(study *s, const char *fmt, ...)
{
    char line[WARNING_MOST];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    return add_warning(s, false, line);
}

/* Of what is not done yet, as it is with every study that trains. */
JEM_PRINTF(2, 3) static jem_status warn_for_now(study *s, const char *fmt, ...)
{
    char line[WARNING_MOST];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    return add_warning(s, true, line);
}

/* A file that cannot be used is a warning; only the machine's failures stop. */
static jem_status tolerate(study *s, jem_status st)
{
    return st == JEM_EDATA ? study_warn(s, "%s.", jem_error_message()) : st;
}

/* ---- run.json and config.yaml */

/* Replaces the text unless there is none. */
static jem_status take_text(char **to, const char *text)
{
    char *copy;
    if (!*text) return JEM_OK;
    jem_status st = mem_strdup(&copy, text);
    if (st != JEM_OK) return st;
    mem_free(*to);
    *to = copy;
    return JEM_OK;
}

/* Roll-backs of the training, each as a sentence. */
static jem_status tell_rescues(study_run *r, const run_facts *f)
{
    jem_status st = JEM_OK;
    if (f->rescue_count == 0) return JEM_OK;
    TRY(MEM_NEW(r->rescues, f->rescue_count));
    for (; r->rescue_count < f->rescue_count; r->rescue_count++) {
        const run_rescue *e = &f->rescues[r->rescue_count];
        TRY(str_format(&r->rescues[r->rescue_count], "Iteration %lld: %s; back to iteration %lld with %s.",
                       (long long)e->iteration, e->reason, (long long)e->back_to, e->change));
    }
done:
    return st;
}

static jem_status take_class_names(char **to, const run_facts *f)
{
    enum { NAMED = 10 };
    jem_status st;
    strbuf names = STRBUF_INIT;

    for (int64_t k = 0; k < f->class_count && k < NAMED; k++)
        plain_printf(&names, "%s%s", k ? ", " : "", *f->class_names[k] ? f->class_names[k] : "?");
    TRY(strbuf_status(&names));
    if (names.used) TRY(take_text(to, names.data));
done:
    strbuf_clear(&names);
    return st;
}

static jem_status read_info(study_run *r, const char *path)
{
    jem_status st;
    run_facts f = RUN_FACTS_INIT;

    TRY(run_facts_read(&f, path));
    TRY(take_text(&r->status, f.status));
    TRY(take_text(&r->message, f.message));
    TRY(take_class_names(&r->class_names, &f));
    TRY(take_text(&r->model, f.model));
    TRY(take_text(&r->version, f.version));
    TRY(take_text(&r->data_hash, f.data_hash));
    TRY(take_text(&r->settings_hash, f.settings_hash));
    if (!isnan(f.alpha)) r->alpha = f.alpha;
    if (f.seed != -1) r->seed = f.seed;
    r->wall_s = f.wall_s;
    r->rank = f.rank, r->ranks = f.ranks;
    r->classes = f.classes;
    r->iteration = f.iteration, r->iterations = f.iterations;
    TRY(tell_rescues(r, &f));
done:
    run_facts_clear(&f);
    return st;
}

/* Value of a number in the resolved config, which has one key a line; "  key" within a group. */
static void find_setting(double *to, const char *config, const char *key)
{
    size_t length = strlen(key);
    for (const char *line = config; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, key, length) == 0 && line[length] == ':') {
            char *end;
            double value = strtod(line + length + 1, &end);
            if (end != line + length + 1) *to = value;
        }
}

static jem_status read_config(study_run *r, const char *path)
{
    char *content;
    size_t size;
    jem_status st = text_read(&content, &size, path, LARGEST_TEXT);
    if (st != JEM_OK) return st;
    mem_free(r->config);
    r->config = content;
    double seed = (double)r->seed, proj = 0;
    find_setting(&r->alpha, content, "alpha");
    find_setting(&seed, content, "seed");
    find_setting(&proj, content, "  proj");
    if (fabs(seed) < 1e18) r->seed = (int64_t)seed;
    if (fabs(proj) < 1e18) r->proj = (int64_t)proj;
    return JEM_OK;
}

/* ---- one run */

static jem_status read_table(study *s, table *to, const char *run, const char *file)
{
    char *path = NULL;
    jem_status st = str_format(&path, "%s/%s", run, file);
    if (st == JEM_OK && file_exists(path)) st = tolerate(s, table_read(to, path, '\t'));
    mem_free(path);
    return st;
}

static jem_status read_log(study *s, table *to, const char *run)
{
    static const char *const words[] = {"verdict", "reason", NULL};
    char *path = NULL;
    jem_status st = str_format(&path, "%s/metrics.csv", run);
    if (st == JEM_OK && file_exists(path)) st = tolerate(s, table_read_log(to, path, words));
    mem_free(path);
    return st;
}

/* Figures have alpha from 0 to 1 on their axes. */
static jem_status check_alpha(study *s, study_run *r)
{
    const double alpha = r->alpha;
    if (isnan(alpha) || (alpha >= 0 && alpha <= 1)) return JEM_OK;
    r->alpha = NAN;
    return study_warn(s, "%s says that its alpha is %g; figures leave out what is not from 0 to 1.",
                      r->name, alpha);
}

static jem_status run_warnings(study *s, const study_run *r)
{
    if (r->ranks > 1) {
        jem_status st = study_warn(s, "%s learned from a share of each batch alone (data.rank %lld, "
                                      "data.ranks %lld).", r->name, (long long)r->rank, (long long)r->ranks);
        if (st != JEM_OK) return st;
    }
    if (r->rescue_count) {
        jem_status st = study_warn(s,
                                   "%s was rescued %lld time%s while it trained, so it is not the "
                                   "same experiment as the others; the list of runs says what "
                                   "was changed.",
                                   r->name, (long long)r->rescue_count,
                                   r->rescue_count == 1 ? "" : "s");
        if (st != JEM_OK) return st;
    }
    if (strcmp(r->status, "diverged") == 0)
        return study_warn(s, "%s diverged%s%s; its numbers are those of the last good state.",
                          r->name, r->message[0] ? ": " : "", r->message);
    if (strcmp(r->status, "finished") != 0)
        return warn_for_now(s,
                          "%s is not finished (%s, %lld of %lld iterations); its numbers are "
                          "preliminary.",
                          r->name, r->status, (long long)r->iteration, (long long)r->iterations);
    return JEM_OK;
}

static jem_status run_init(study_run *r, const char *path)
{
    jem_status st;
    const char *slash = strrchr(path, '/');

    *r = (study_run){.alpha = NAN, .trained_alpha = NAN, .seed = -1, .wall_s = NAN};
    TRY(mem_strdup(&r->path, path));
    TRY(mem_strdup(&r->name, slash && slash[1] ? slash + 1 : path));
    TRY(mem_strdup(&r->status, "unknown"));
    TRY(mem_strdup(&r->message, ""));
    TRY(mem_strdup(&r->class_names, ""));
    TRY(mem_strdup(&r->model, ""));
    TRY(mem_strdup(&r->version, ""));
    TRY(mem_strdup(&r->data_hash, ""));
    TRY(mem_strdup(&r->settings_hash, ""));
    TRY(mem_strdup(&r->config, ""));
done:
    return st;
}

static jem_status read_run(study *s, study_run *r, const char *path)
{
    jem_status st;
    char *info = NULL, *config = NULL;

    TRY(run_init(r, path));
    TRY(str_format(&info, "%s/run.json", path));
    TRY(str_format(&config, "%s/config.yaml", path));
    TRY(tolerate(s, read_config(r, config)));
    TRY(tolerate(s, read_info(r, info)));
    if (run_folder_is_imported(path)) r->alpha = NAN, r->seed = -1, r->beside = true;
    TRY(check_alpha(s, r));
    TRY(tolerate(s, score_list_load(&r->scores, path)));
    TRY(read_log(s, &r->log, path));
    TRY(read_table(s, &r->reliability, path, "scores/reliability.tsv"));
    TRY(read_table(s, &r->energies, path, "scores/energy_hist.tsv"));
    TRY(run_warnings(s, r));
    if (!r->scores.count) TRY(warn_for_now(s, "%s has no scores; run jem eval on it.", r->name));
done:
    mem_free(config);
    mem_free(info);
    return st;
}

static void run_clear(study_run *r)
{
    char *owned[] = {r->path,  r->name,    r->status,    r->message,
                     r->model, r->version, r->data_hash, r->settings_hash,
                     r->config, r->class_names};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) mem_free(owned[i]);
    strings_free(r->rescues, (int)r->rescue_count);
    score_list_clear(&r->scores);
    table_clear(&r->log);
    table_clear(&r->reliability);
    table_clear(&r->energies);
}

/* ---- the study */

static bool is_run(const char *path)
{
    char info[4096], config[4096];
    snprintf(info, sizeof info, "%s/run.json", path);
    snprintf(config, sizeof config, "%s/config.yaml", path);
    return file_exists(info) && file_exists(config);
}

static jem_status add_run(study *s, const char *path)
{
    jem_status st;
    study_run *grown = NULL;

    TRY(MEM_NEW(grown, s->count + 1));
    if (s->count) memcpy(grown, s->runs, (size_t)s->count * sizeof *grown);
    mem_free(s->runs);
    s->runs = grown;
    s->count++; /* counted at once, so that a half-read run is freed */
    TRY(read_run(s, &s->runs[s->count - 1], path));
done:
    return st;
}

/* *runs <- of a grid: seeds times alphas, or the sum of a list of seeds.  False: they are more than can be. */
static bool runs_of_grid(int64_t *runs, const json_t *grid)
{
    const json_t *seeds = json_object_get(grid, "seeds");
    *runs = 0;
    if (!json_is_array(seeds))
        return !__builtin_mul_overflow(json_integer_value(seeds),
                                       (int64_t)json_array_size(json_object_get(grid, "alphas")), runs);
    for (size_t i = 0; i < json_array_size(seeds); i++)
        if (__builtin_add_overflow(*runs, json_integer_value(json_array_get(seeds, i)), runs)) return false;
    return true;
}

static int64_t count_along_alpha(const study *s)
{
    int64_t n = 0;
    for (int64_t i = 0; i < s->count; i++) n += !s->runs[i].beside;
    return n;
}

/* Warns about runs that a sweep was asked for and has not begun. */
static jem_status check_plan(study *s)
{
    jem_status st;
    char *path = NULL;
    json_t *root = NULL;
    int64_t planned = 0;

    TRY(str_format(&path, "%s/study.json", s->path));
    if (!file_exists(path)) goto done;
    st = json_read(&root, path, LARGEST_TEXT);
    if (st == JEM_EDATA) st = study_warn(s, "%s; whether runs are missing is unknown.", jem_error_message());
    if (!root) goto done;
    if (!runs_of_grid(&planned, root))
        TRY(study_warn(s, "%s is not readable; whether runs are missing is unknown.", path));
    else if (planned > count_along_alpha(s))
        TRY(warn_for_now(s, "%lld of the %lld runs of this sweep have not begun.",
                         (long long)(planned - count_along_alpha(s)), (long long)planned));
done:
    json_decref(root);
    mem_free(path);
    return st;
}

static const char *word_of(const json_t *value, const char *otherwise)
{
    return json_is_string(value) ? json_string_value(value) : otherwise;
}

/* Tells what a sweep changed for all runs because one of them had diverged. */
static jem_status tell_changes(study *s)
{
    enum { CHANGES_MAX = 16 };
    jem_status st;
    char *path = NULL;
    json_t *root = NULL, *event;
    size_t i;

    TRY(str_format(&path, "%s/rescue.json", s->path));
    if (!file_exists(path)) goto done;
    st = json_read(&root, path, LARGEST_TEXT);
    if (st == JEM_EDATA) st = study_warn(s, "%s; what was changed for all runs is unknown.", jem_error_message());
    if (!root) goto done;
    json_array_foreach(json_object_get(json_object_get(root, "rescue"), "events"), i, event)
    {
        if (i == CHANGES_MAX) break;
        TRY(study_warn(s, "All runs began anew with %s, because %s had diverged at iteration %lld (%s): their "
                          "settings are equal, and other than those that the sweep was asked for.",
                       word_of(json_object_get(event, "change"), "a change"),
                       word_of(json_array_get(json_object_get(root, "runs"), i), "one"),
                       (long long)json_integer_value(json_object_get(event, "iteration")),
                       word_of(json_object_get(event, "reason"), "no reason is known")));
    }
done:
    json_decref(root);
    mem_free(path);
    return st;
}

/* How many runs were trained with the settings of this one, alpha and seed apart, on the same data. */
static int64_t count_alike(const study *s, const study_run *r)
{
    int64_t n = 0;
    for (int64_t i = 0; i < s->count; i++)
        n += !s->runs[i].beside && strcmp(s->runs[i].settings_hash, r->settings_hash) == 0;
    return n;
}

/* Warns about runs that are not of the same experiment as most others. */
static jem_status check_settings(study *s)
{
    const study_run *usual = NULL;
    int64_t alike = 0;
    jem_status st = JEM_OK;

    for (int64_t i = 0; i < s->count; i++) {
        const study_run *r = &s->runs[i];
        const int64_t n = r->settings_hash[0] && !r->beside ? count_alike(s, r) : 0;
        if (n > alike) usual = r, alike = n;
    }
    for (int64_t i = 0; usual && i < s->count; i++) {
        const study_run *r = &s->runs[i];
        if (r->beside || !r->settings_hash[0] || strcmp(r->settings_hash, usual->settings_hash) == 0) continue;
        TRY(study_warn(s, "%s differs from %s in more than alpha and seed: in its settings (compare their "
                          "config.yaml) or its training images; it is not the same experiment.",
                       r->name, usual->name));
    }
done:
    return st;
}

/* ---- networks beside the study */

/* Alphas that the network of run `at` has, then its runs; 0 of one that nothing is known of. */
static double weight_of_network(const study *s, const study_run *at)
{
    int64_t alphas = 0, runs = 0;
    if (at->beside || isnan(at->alpha) || !at->model[0]) return 0;
    for (int64_t i = 0; i < s->count; i++) {
        const study_run *r = &s->runs[i];
        bool seen = false;
        if (isnan(r->alpha) || strcmp(r->model, at->model) != 0) continue;
        for (int64_t k = 0; k < i && !seen; k++)
            seen = s->runs[k].alpha == r->alpha && strcmp(s->runs[k].model, at->model) == 0;
        alphas += !seen;
        runs++;
    }
    return (double)alphas + (double)runs / (double)(s->count + 1);
}

/* Once for each network: a study may have thousands of runs. */
static bool is_weighed(const study *s, int64_t at)
{
    for (int64_t i = 0; i < at; i++) {
        const study_run *r = &s->runs[i];
        if (!r->beside && !isnan(r->alpha) && strcmp(r->model, s->runs[at].model) == 0) return true;
    }
    return false;
}

/* A curve along alpha is of one network; the others are no points of it. */
static void set_beside(study *s)
{
    const study_run *usual = NULL;
    double most = 0;

    for (int64_t i = 0; i < s->count; i++) {
        const double weight = is_weighed(s, i) ? 0 : weight_of_network(s, &s->runs[i]);
        if (weight > most) usual = &s->runs[i], most = weight;
    }
    for (int64_t i = 0; usual && i < s->count; i++) {
        study_run *r = &s->runs[i];
        if (r->beside || !r->model[0] || strcmp(r->model, usual->model) == 0) continue;
        r->beside = true;
        r->trained_alpha = r->alpha;
        r->alpha = NAN;
    }
}

bool study_beside_alike(const study_run *a, const study_run *b)
{
    if (!a->beside || !b->beside) return false;
    if (a == b) return true;
    return a->seed >= 0 && b->seed >= 0 && strcmp(a->model, b->model) == 0 &&
           strcmp(a->settings_hash, b->settings_hash) == 0 &&
           (a->trained_alpha == b->trained_alpha || (isnan(a->trained_alpha) && isnan(b->trained_alpha)));
}

bool study_beside_first(const study *s, int64_t at)
{
    for (int64_t i = 0; i < at; i++)
        if (study_beside_alike(&s->runs[i], &s->runs[at])) return false;
    return s->runs[at].beside;
}

static int compare_runs(const void *a, const void *b)
{
    const study_run *p = a, *q = b;
    if (isnan(p->alpha) != isnan(q->alpha)) return isnan(p->alpha) ? 1 : -1;
    if (p->alpha != q->alpha && !isnan(p->alpha)) return p->alpha < q->alpha ? -1 : 1;
    if (p->seed != q->seed) return p->seed < q->seed ? -1 : 1;
    return strcmp(p->name, q->name);
}

jem_status study_read(study **out, const char *path)
{
    jem_status st;
    study *s = NULL;
    char **names = NULL, *child = NULL;
    int name_count = 0;

    if (!dir_exists(path))
        return jem_error(JEM_EDATA, "%s: no such folder; give a run or a study", path);
    TRY(MEM_NEW(s, 1));
    TRY(mem_strdup(&s->path, path));
    for (size_t n = strlen(s->path); n > 1 && s->path[n - 1] == '/';) s->path[--n] = '\0';
    s->single = is_run(s->path);
    if (s->single) {
        TRY(add_run(s, s->path));
    } else {
        TRY(dir_list(&names, &name_count, s->path));
        for (int i = 0; i < name_count; i++) {
            mem_free(child);
            child = NULL;
            TRY(str_format(&child, "%s/%s", s->path, names[i]));
            if (is_run(child)) TRY(add_run(s, child));
        }
        set_beside(s);
        TRY(check_plan(s));
        TRY(tell_changes(s));
    }
    if (!s->count) {
        st = jem_error(JEM_EDATA,
                       "%s: neither a run nor a folder of runs (no run.json and config.yaml); "
                       "make one with jem train or jem sweep",
                       path);
        goto done;
    }
    qsort(s->runs, (size_t)s->count, sizeof *s->runs, compare_runs);
    TRY(check_settings(s));
    *out = s;
    s = NULL;
done:
    mem_free(child);
    strings_free(names, name_count);
    study_free(s);
    return st;
}

void study_free(study *s)
{
    if (!s) return;
    for (int64_t i = 0; i < s->count; i++) run_clear(&s->runs[i]);
    mem_free(s->runs);
    strings_free(s->warnings, (int)s->warning_count);
    mem_free(s->warning_passes);
    mem_free(s->path);
    mem_free(s);
}

jem_status study_read_scored(study **out, const char *path)
{
    jem_status st = study_read(out, path);
    if (st == JEM_EDATA && dir_exists(path))
        return jem_error(JEM_EDATA, "%s: neither a run, nor a folder of runs, nor one of recorded answers' "
                                    "scores (which jem bench makes)", path);
    for (int64_t i = 0; st == JEM_OK && i < (*out)->warning_count; i++) log_warning("%s", (*out)->warnings[i]);
    return st;
}
