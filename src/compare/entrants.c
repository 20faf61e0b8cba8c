/* Scores and trials that belong together: see entrants.h. */
#include "compare/entrants.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

/* What is asked of a model. */
typedef struct question {
    const measures *of;
    const measure_spot *line;
    int score;
} question;

/* ---- scores */

/* Rows about people, one by one or together, and about no model at all. */
static bool is_reference(const score *s)
{
    static const char *const names[] = {"human", "oracle", "uniform"};
    for (size_t i = 0; s->model && i < sizeof names / sizeof *names; i++)
        if (strcmp(s->model, names[i]) == 0) return true;
    return s->model && strncmp(s->model, "subject-", 8) == 0;
}

/* The network's own score; *second, if there is one, of another model in the same folder.  Beside a
 * run on latents its autoencoder may be scored: nobody's own. */
static const score *own_score(const compare_network *n, bool run, const question *q, const score **second)
{
    const measure *m = q->line->score[q->score];
    const score *found = NULL;
    for (int64_t k = 0; k < n->scores->count; k++) {
        const score *s = &n->scores->scores[k];
        if (strcmp(s->benchmark, q->of->benchmark) != 0 || strcmp(s->metric, m->metric) != 0 ||
            !measure_shows(m, s->dataset, s->condition) || is_reference(s) ||
            (run && s->model && strcmp(s->model, "autoencoder") == 0))
            continue;
        if (!found)
            found = s;
        else if (!str_same(found->model, s->model))
            *second = s;
    }
    return found;
}

static jem_status find_scores(entrant *e, const compare_model *m, const question *q)
{
    jem_status st = JEM_OK;
    int64_t there = 0;

    e->networks = m->count;
    TRY(MEM_NEW(e->row, m->count));
    for (int64_t j = 0; j < m->count; j++) {
        const score *second = NULL;
        const compare_network *n = &m->network[j];
        e->row[j] = own_score(n, m->runs != NULL, q, &second);
        there += e->row[j] != NULL;
        if (e->reason || !e->row[j]) continue;
        if (second)
            TRY(str_format(&e->reason, "%s has scores of two models, %s and %s: give each a folder of its own",
                           n->path, e->row[j]->model, second->model));
        else if (!isfinite(e->row[j]->value))
            TRY(str_format(&e->reason, "the score of %s is no number", n->path));
        else if (q->line->score[q->score]->needs_head && n->alpha >= 1)
            TRY(str_format(&e->reason, "%s has alpha = 1, which never trained a classifier", n->path));
    }
    e->has = there > 0;
    if (!e->has)
        TRY(str_format(&e->reason, "%s has no such score (jem bench %s)", m->name, q->of->benchmark));
    else if (there < m->count && !e->reason)
        TRY(str_format(&e->reason, "%lld of %lld runs of %s have such a score", (long long)there,
                       (long long)m->count, m->name));
done:
    return st;
}

/* ---- settings */

/* What follows the last `wanted` that begins a word of the command, or NULL. */
static const char *last_said(const char *command, const char *wanted)
{
    const char *found = NULL;
    for (const char *at = command; at && (at = strstr(at, wanted)); at++)
        if (at > command && strchr(" ='", at[-1])) found = at + strlen(wanted);
    return found;
}

/* value <- what the command of a score says of a benchmark's key, with --set or an option of its own, else `usual`. */
static void setting_of(char *value, size_t size, const score *s, const char *benchmark, const char *key,
                       const char *usual)
{
    char wanted[3][128];

    snprintf(wanted[0], sizeof *wanted, "%s.%s=", benchmark, key);
    snprintf(wanted[1], sizeof *wanted, "--%s=", key);
    snprintf(wanted[2], sizeof *wanted, "--%s ", key);
    snprintf(value, size, "%s", usual);
    for (int i = 0; i < 3; i++) {
        const char *from = last_said(s->command, wanted[i]);
        if (from) snprintf(value, size, "%.*s", (int)strcspn(from + (*from == '\''), " '") + (*from == '\''), from);
    }
}

/* Was the first model's score made with the same settings, as far as they change what it says? */
static jem_status check_settings(entrant *e, const entrant *first, const question *q)
{
    char key[64], usual[64], own[128], other[128];
    int used;
    for (const char *list = q->of->settings; list && sscanf(list, " %63[^= ]=%n", key, &used) == 1;) {
        const int length = (int)strcspn(list + used, " ");
        snprintf(usual, sizeof usual, "%.*s", length, list + used);
        list += used + length;
        for (int64_t j = 0; j < e->networks; j++) {
            setting_of(own, sizeof own, e->row[j], q->of->benchmark, key, usual);
            setting_of(other, sizeof other, first->row[0], q->of->benchmark, key, usual);
            if (!usual[0]) { /* whether it is given counts alone */
                snprintf(own, sizeof own, "%s", own[0] ? "given" : "not");
                snprintf(other, sizeof other, "%s", other[0] ? "given" : "not");
            }
            if (strcmp(own, other) != 0)
                return str_format(&e->reason, "scored with other settings: %s.%s is %s, of the first model %s",
                                  q->of->benchmark, key, own, other);
        }
    }
    return JEM_OK;
}

/* ---- trials */

static jem_status read_items(entrant *e, const compare_model *m, const question *q)
{
    jem_status st = JEM_OK;

    TRY(MEM_NEW(e->items, e->networks));
    for (int64_t j = 0; j < e->networks && !e->reason; j++) {
        bool give;
        trial_items *items = &e->items[j];
        const char *path = m->network[j].path;
        st = trial_items_read(items, q->line, path, e->row[j]->model);
        if (st == JEM_EDATA) {
            TRY(mem_strdup(&e->reason, jem_error_message()));
            continue;
        }
        TRY(st);
        if (items->count == 0) {
            TRY(str_format(&e->reason, "%s has no trials/%s.csv: score it again", path, q->line->trials));
            continue;
        }
        TRY(trial_items_give(&give, items, q->line, q->score, e->row[j]->value));
        if (!give)
            TRY(str_format(&e->reason, "trials/%s.csv of %s does not give the score beside it: score it again",
                           q->line->trials, path));
        if (items->count > e->images) e->images = items->count;
    }
done:
    return st;
}

static bool same_images(const trial_items *a, const trial_items *b)
{
    if (a->count != b->count) return false;
    for (int64_t i = 0; i < a->count; i++)
        if (strcmp(a->name[i], b->name[i]) != 0) return false;
    return true;
}

/* Do people say the same of the images of `items`, all of which `of` has? */
static bool same_people(const trial_items *items, const trial_items *of)
{
    if (items->raters != of->raters) return false;
    for (int64_t i = 0, k = 0; i < items->count; i++) {
        while (strcmp(of->name[k], items->name[i]) != 0) k++;
        if (items->people && strcmp(items->people[i], of->people[k]) != 0) return false;
        for (int64_t r = 0; r < items->raters; r++)
            if (items->ratings[r * items->count + i] != of->ratings[r * of->count + k]) return false;
    }
    return true;
}

/* Leaves in network j of the entrant and in the first model's first network what both have. */
static jem_status join(entrant *e, int64_t j, entrant *first, const char *name)
{
    trial_items *own = &e->items[j], *common = &first->items[0];
    const char *hash = e->row[j]->data_hash, *other = first->row[0]->data_hash;

    if (own == common) return JEM_OK;
    if (same_images(own, common) && hash && other && strcmp(hash, other) != 0)
        return str_format(&e->reason, "scored on other data than %s: data_hash %s, not %s", name, hash, other);
    trial_items_keep(own, common);
    if (own->count < 2)
        return str_format(&e->reason, "%s in common with %s", own->count ? "one image" : "no images", name);
    if (!same_people(own, common))
        return str_format(&e->reason, "scored with other data than %s: people say other things of the same images",
                          name);
    trial_items_keep(common, own);
    return JEM_OK;
}

static jem_status find_common(entrants *e, const char *name)
{
    jem_status st = JEM_OK;
    entrant *first = &e->of[0];

    for (int64_t i = 0; i < e->count; i++)
        for (int64_t j = 0; j < e->of[i].networks && !e->of[i].reason && !first->reason; j++)
            TRY(join(&e->of[i], j, first, name));
    e->images = first->items[0].count;
    for (int64_t i = 0; i < e->count; i++)
        for (int64_t j = 0; j < e->of[i].networks && !e->of[i].reason; j++)
            trial_items_keep(&e->of[i].items[j], &first->items[0]);
done:
    return st;
}

/* ---- the whole */

/* Scores that cannot be drawn from images are compared by their seeds. */
static jem_status check_seeds(entrant *e, const compare_model *m)
{
    if (e->reason || m->count > 1) return JEM_OK;
    return str_format(&e->reason, "%s is one network, and this score is not drawn again from images", m->name);
}

jem_status entrants_find(entrants *out, const compare_models *models, const measures *of,
                         const measure_spot *line, int which)
{
    jem_status st;
    const question q = {of, line, which};
    entrants e = {.count = models->count};

    TRY(MEM_NEW(e.of, e.count));
    for (int64_t i = 0; i < e.count; i++) TRY(find_scores(&e.of[i], &models->model[i], &q));
    for (int64_t i = 0; i < e.count; i++) {
        entrant *own = &e.of[i];
        if (!own->reason && !e.of[0].reason) TRY(check_settings(own, &e.of[0], &q));
        if (own->reason || e.of[0].reason) continue;
        TRY(line->rule ? read_items(own, &models->model[i], &q) : check_seeds(own, &models->model[i]));
    }
    if (line->rule && !e.of[0].reason) TRY(find_common(&e, models->model[0].name));
    *out = e;
    e = (entrants){.count = 0};
done:
    entrants_clear(&e);
    return st;
}

void entrants_clear(entrants *e)
{
    for (int64_t i = 0; e->of && i < e->count; i++) {
        entrant *own = &e->of[i];
        for (int64_t j = 0; own->items && j < own->networks; j++) trial_items_clear(&own->items[j]);
        mem_free(own->items);
        mem_free(own->row);
        mem_free(own->reason);
    }
    mem_free(e->of);
    *e = (entrants){.count = 0};
}
