/* The studies of a grid of settings: see sweep_grid.h. */
#include "study/sweep_grid.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/grid.h"
#include "record/json_file.h"
#include "study/failures.h"
#include "study/slurm.h"

enum { LARGEST_GRID = 1 << 20 };

static bool same_key(const char *a, const char *b)
{
    const size_t n = strcspn(a, "=");
    return strcspn(b, "=") == n && strncmp(a, b, n) == 0;
}

static jem_status check_text(const char *const *texts, int i)
{
    const char *is = strchr(texts[i], '=');

    if (!is || is == texts[i] || !is[1] || is[strlen(is) - 1] == ',' || strstr(is, ",,") || is[1] == ',')
        return jem_error(JEM_EUSAGE, "grid %s: expected a setting and its values, as in sampler.steps=10,20", texts[i]);
    if (same_key(texts[i], "alpha") || same_key(texts[i], "seed"))
        return jem_error(JEM_EUSAGE, "grid %s: alphas and seeds are given for all studies, beside the grid", texts[i]);
    for (int k = 0; k < i; k++)
        if (same_key(texts[i], texts[k]))
            return jem_error(JEM_EUSAGE, "grid %s: the setting stands in grid %s already", texts[i], texts[k]);
    return JEM_OK;
}

/* The first '+' behind which another assignment begins, or the end: "1e+3" has none. */
static const char *end_of_assignment(const char *text)
{
    const char *plus = strchr(text, '+');
    for (; plus; plus = strchr(plus + 1, '+')) {
        const size_t key = strspn(plus + 1, "abcdefghijklmnopqrstuvwxyz0123456789_.");
        if (key > 0 && plus[1 + key] == '=') return plus;
    }
    return text + strlen(text);
}

/* "_steps-10" is appended for sampler.steps=10, "+norm-none" for what it brings along: the key's last part is enough for
 * people, and names are compared. */
static void append_name(char name[NAME_MOST + 1], const char *assignment, const char *joint)
{
    char text[NAME_MOST + 1], plain[NAME_MOST + 1];
    const size_t key = strcspn(assignment, "="), used = strlen(name);
    size_t from = key;

    while (from > 0 && assignment[from - 1] != '.') from--;
    snprintf(text, sizeof text, "%s%.*s-%s", used ? joint : "", (int)(key - from), assignment + from, assignment + key + 1);
    name_make(plain, sizeof plain, text, "._-+");
    snprintf(name + used, NAME_MOST + 1 - used, "%s", plain);
}

/* Value number `which` of "key=a,b" as "key=b"; *values <- how many there are. */
static jem_status assignment_of(char **out, int *values, const char *text, int which)
{
    const char *is = strchr(text, '='), *value = is + 1;

    *values = 1;
    for (const char *c = value; *c; c++) *values += *c == ',';
    for (; which > 0; which--) value += strcspn(value, ",") + 1;
    return str_format(out, "%.*s=%.*s", (int)(is - text), text, (int)strcspn(value, ","), value);
}

/* The assignments of "a=1+b=2", and what the study's name is to say of them. */
static jem_status take_assignments(grid_study *s, const char *set)
{
    jem_status st = JEM_OK;
    for (const char *at = set; *at;) {
        const char *end = end_of_assignment(at);
        char **made = &s->assignments[s->assignment_count];
        if (s->assignment_count == GRID_ASSIGNMENTS)
            return jem_error(JEM_EUSAGE, "grid: a study of more than %d settings", GRID_ASSIGNMENTS);
        TRY(str_format(made, "%.*s", (int)(end - at), at));
        s->assignment_count++;
        if (same_key(*made, "alpha") || same_key(*made, "seed"))
            return jem_error(JEM_EUSAGE, "grid %s: alphas and seeds are given for all studies, beside the grid", set);
        append_name(s->name, *made, at == set ? "_" : "+");
        at = *end ? end + 1 : end;
    }
done:
    return st;
}

static jem_status make_study(sweep_grid *g, const char *const *texts, int count, int number)
{
    jem_status st = JEM_OK;
    grid_study *s = &g->studies[number];

    for (int k = count; k-- > 0;) { /* the last one varies fastest */
        int values = 1;
        for (const char *c = strchr(texts[k], '='); *c; c++) values += *c == ',';
        TRY(assignment_of(&s->set[k], &values, texts[k], number % values));
        number /= values;
    }
    for (int k = 0; k < count; k++) TRY(take_assignments(s, s->set[k]));
    for (const grid_study *other = g->studies; other < s; other++)
        if (strcmp(other->name, s->name) == 0)
            return jem_error(JEM_EUSAGE, "grid: two studies would have the name %s", s->name);
done:
    return st;
}

jem_status sweep_grid_parse(sweep_grid *g, const char *const *texts, int count)
{
    jem_status st = JEM_OK;
    int64_t all = 1;

    if (count > GRID_KEYS) return jem_error(JEM_EUSAGE, "grid: more than %d settings", GRID_KEYS);
    for (int i = 0; i < count; i++) {
        int64_t values = 1;
        TRY(check_text(texts, i));
        for (const char *c = texts[i]; *c; c++) values += *c == ',';
        all *= values;
        if (all > GRID_STUDIES) return jem_error(JEM_EUSAGE, "grid: more than %d studies", GRID_STUDIES);
    }
    g->keys = count;
    for (g->count = 0; g->count < all; g->count++) TRY(make_study(g, texts, count, g->count));
done:
    return st;
}

jem_status sweep_grid_check(const sweep_grid *g, const config_lists *lists, const char *config_path,
                            const char *const *set, int set_count)
{
    jem_status st;
    const char **all = NULL;
    config *cfg = NULL;

    TRY(MEM_NEW(cfg, 1));
    TRY(MEM_NEW(all, set_count + GRID_ASSIGNMENTS));
    if (set_count) memcpy(all, set, (size_t)set_count * sizeof *all);
    for (int i = 0; i < g->count; i++) {
        const grid_study *s = &g->studies[i];
        for (int k = 0; k < s->assignment_count; k++) all[set_count + k] = s->assignments[k];
        TRY(config_load(cfg, lists, config_path, all, set_count + s->assignment_count));
    }
done:
    mem_free(all);
    mem_free(cfg);
    return st;
}

/* ---- grid.json */

static json_t *describe(const sweep_grid *g, const grid_study *s)
{
    json_t *set = json_array();
    for (int k = 0; k < g->keys; k++) json_array_append_new(set, json_plain_string(s->set[k]));
    return json_pack("{s:s s:o}", "path", s->name, "set", set);
}

static bool among(const sweep_grid *g, const char *name)
{
    for (int i = 0; i < g->count; i++)
        if (strcmp(g->studies[i].name, name) == 0) return true;
    return false;
}

/* Appends what an earlier call made. */
static jem_status keep_others(json_t *list, const sweep_grid *g, const char *path)
{
    jem_status st;
    json_t *before = NULL, *entry;
    size_t i, k;

    TRY(json_read(&before, path, LARGEST_GRID));
    json_array_foreach(json_object_get(before, "studies"), i, entry)
    {
        const json_t *set = json_object_get(entry, "set");
        const char *name = json_string_value(json_object_get(entry, "path"));
        bool same = name && (int)json_array_size(set) == g->keys;
        for (k = 0; same && k < json_array_size(set); k++) {
            const char *text = json_string_value(json_array_get(set, k));
            same = text && same_key(text, g->studies[0].set[k]);
        }
        if (!same) {
            st = jem_error(JEM_EUSAGE, "%s: is a grid of other settings; choose another folder, or give the same "
                           "settings in the same order", path);
            goto done;
        }
        if (!among(g, name)) json_array_append(list, entry);
    }
done:
    json_decref(before);
    return st;
}

jem_status sweep_grid_keep(const sweep_grid *g, const char *folder)
{
    jem_status st;
    char *path = NULL, **names = NULL;
    int count = 0;
    json_t *list = json_array(), *root = NULL;

    TRY(str_format(&path, "%s/grid.json", folder));
    for (int i = 0; i < g->count; i++) json_array_append_new(list, describe(g, &g->studies[i]));
    if (file_exists(path))
        TRY(keep_others(list, g, path));
    else if (dir_exists(folder))
        TRY(dir_list(&names, &count, folder));
    if (count > 0) {
        st = jem_error(JEM_EUSAGE, "%s: holds other files (%s ...) and is no grid; choose an empty or new folder", folder, names[0]);
        goto done;
    }
    TRY(dir_make(folder));
    root = json_pack("{s:s s:O}", "version", JEM_VERSION, "studies", list);
    TRY(json_file_write(path, root));
done:
    strings_free(names, count);
    json_decref(root);
    json_decref(list);
    mem_free(path);
    return st;
}

void sweep_grid_clear(sweep_grid *g)
{
    for (int i = 0; i < GRID_STUDIES; i++) {
        for (int k = 0; k < GRID_KEYS; k++) mem_free(g->studies[i].set[k]);
        for (int k = 0; k < GRID_ASSIGNMENTS; k++) mem_free(g->studies[i].assignments[k]);
    }
    *g = (sweep_grid){.keys = 0};
}

/* ---- training them */

static jem_status train_study(const sweep_request *q)
{
    const jem_status st = slurm_check_idle(q->out);
    return st == JEM_OK ? sweep_runs(q) : st;
}

/* Number i of the grid: what all have, then its own settings. */
static jem_status train_one_of(const sweep_request *q, const sweep_grid *g, int i)
{
    jem_status st;
    const grid_study *s = &g->studies[i];
    sweep_request own = *q;
    const char **set = NULL;
    char *out = NULL;

    TRY(MEM_NEW(set, q->plan.set_count + s->assignment_count));
    for (int k = 0; k < q->plan.set_count; k++) set[k] = q->plan.set[k];
    for (int k = 0; k < s->assignment_count; k++) set[q->plan.set_count + k] = s->assignments[k];
    TRY(str_format(&out, "%s/%s", q->out, s->name));
    own.out = out;
    own.plan.set = set;
    own.plan.set_count += s->assignment_count;
    log_info("study %s", out);
    TRY(train_study(&own));
done:
    mem_free(set);
    mem_free(out);
    return st;
}

static jem_status train_grid(const sweep_request *q, const sweep_grid *g)
{
    jem_status st;
    failures failed = FAILURES_INIT;
    const bool made = !dir_exists(q->out);

    TRY(sweep_grid_check(g, q->lists, q->plan.config_path, q->plan.set, q->plan.set_count));
    if (!q->dry) TRY(sweep_grid_keep(g, q->out));
    for (int i = 0; i < g->count; i++) {
        failed.of++;
        st = train_one_of(q, g, i);
        if (failure_ends_all(st)) goto done;
        if (st != JEM_OK) failures_note(&failed, g->studies[i].name, st, jem_error_message());
    }
    if (q->dry && made && rmdir(q->out) != 0) log_warning("%s: was made, and cannot be removed", q->out);
    st = failures_end(&failed, "failed");
done:
    return st;
}

jem_status sweep_studies(const sweep_request *q, const char *const *texts, int count)
{
    jem_status st;
    sweep_grid *g = NULL;

    if (count == 0) return train_study(q);
    TRY(MEM_NEW(g, 1));
    TRY(sweep_grid_parse(g, texts, count));
    TRY(train_grid(q, g));
done:
    if (g) sweep_grid_clear(g);
    mem_free(g);
    return st;
}
