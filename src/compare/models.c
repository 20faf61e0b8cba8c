/* Folders and STUDY@ALPHA as models: see models.h. */
#include "compare/models.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/try.h"

/* ---- one model */

/* path (owned) and alpha <- of "PATH@ALPHA", where no folder has all of that name. */
static jem_status split(char **path, double *alpha, const char *given)
{
    const char *at = strrchr(given, '@');
    char *end = NULL;
    jem_status st = mem_strdup(path, given);

    *alpha = NAN;
    if (st != JEM_OK || !at || at == given || !at[1] || dir_exists(given)) return st;
    *alpha = strtod(at + 1, &end);
    if (*end || !(*alpha >= 0 && *alpha <= 1))
        return jem_error(JEM_EUSAGE, "%s: '%s' is no alpha from 0 to 1, and no folder has this name", given,
                         at + 1);
    (*path)[at - given] = '\0';
    return JEM_OK;
}

/* "0, 0.3, 0.6" */
static void list_alphas(strbuf *out, const study *s)
{
    const char *comma = "";
    for (int64_t i = 0; i < s->count; i++) {
        if (isnan(s->runs[i].alpha) || (i && s->runs[i].alpha == s->runs[i - 1].alpha)) continue;
        plain_printf(out, "%s%g", comma, s->runs[i].alpha);
        comma = ", ";
    }
    if (!*comma) strbuf_add(out, "none");
}

/* Networks beside a study are no runs of it. */
static bool is_left_out(const study *s, int64_t i) { return s->runs[i].beside && !s->runs[0].beside; }

static bool one_alpha(const study *s)
{
    for (int64_t i = 0; i < s->count; i++)
        if (!is_left_out(s, i) && s->runs[i].alpha != s->runs[0].alpha) return s->count == 1; /* NaN is no alpha of several */
    return true;
}

/* The runs at this alpha; NaN: all, which then have one. */
static jem_status take_runs(compare_model *m, double alpha)
{
    jem_status st = JEM_OK;
    strbuf there = STRBUF_INIT;
    const study *s = m->runs;

    list_alphas(&there, s);
    TRY(strbuf_status(&there));
    if (isnan(alpha) && !one_alpha(s)) {
        st = jem_error(JEM_EDATA, "%s has runs at several alphas (%s); name one: %s@ALPHA, or a run", m->given,
                       there.data, m->given);
        goto done;
    }
    TRY(MEM_NEW(m->network, s->count));
    for (int64_t i = 0; i < s->count; i++) {
        const study_run *r = &s->runs[i];
        if (is_left_out(s, i) || (!isnan(alpha) && !(fabs(r->alpha - alpha) < 1e-9))) continue;
        m->network[m->count++] = (compare_network){r->path, &r->scores, r->alpha, r->rescue_count > 0};
    }
    if (m->count == 0)
        st = jem_error(JEM_EDATA, "%s has no run at alpha %g; there are %s", m->path, alpha, there.data);
done:
    strbuf_clear(&there);
    return st;
}

/* *name (owned) <- the last part of what was typed, without slashes at its end. */
static jem_status short_name(char **name, const char *given)
{
    size_t end = strlen(given), start;
    while (end > 1 && given[end - 1] == '/') end--;
    for (start = end; start > 0 && given[start - 1] != '/';) start--;
    return str_format(name, "%.*s", (int)(end - start), given + start);
}

static jem_status read_model(compare_model *m)
{
    jem_status st;
    double alpha;
    bool answers = false;
    int64_t scores = 0;

    TRY(split(&m->path, &alpha, m->given));
    TRY(short_name(&m->name, m->given));
    TRY(score_folder_is_answers(&answers, m->path));
    if (answers && !isnan(alpha)) {
        st = jem_error(JEM_EDATA, "%s: %s holds scores of recorded answers, which have no alpha", m->given, m->path);
        goto done;
    }
    if (answers) {
        TRY(score_list_load(&m->answers, m->path));
        TRY(MEM_NEW(m->network, 1));
        m->network[m->count++] = (compare_network){m->path, &m->answers, NAN, false};
    } else {
        TRY(study_read_scored(&m->runs, m->path));
        TRY(take_runs(m, alpha));
    }
    for (int64_t j = 0; j < m->count; j++) scores += m->network[j].scores->count;
    if (!scores)
        st = jem_error(JEM_EDATA, "%s: there are no scores; jem eval and jem bench make them", m->given);
done:
    return st;
}

/* ---- all of them */

static bool same_place(const char *a, const char *b)
{
    char *x = realpath(a, NULL), *y = realpath(b, NULL);
    const bool same = x && y && strcmp(x, y) == 0;
    free(x);
    free(y);
    return same;
}

/* No network stands on both sides. */
static jem_status check_twice(const compare_model *a, const compare_model *b)
{
    for (int64_t j = 0; j < a->count; j++)
        for (int64_t k = 0; k < b->count; k++)
            if (same_place(a->network[j].path, b->network[k].path))
                return jem_error(JEM_EDATA, "%s is in both %s and %s: a model is not compared with itself",
                                 b->network[k].path, a->given, b->given);
    return JEM_OK;
}

/* Two of one name are called what was typed. */
static jem_status tell_apart(compare_models *m)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < m->count; i++) {
        bool alike = false;
        for (int64_t k = 0; k < m->count; k++) {
            char *other = NULL;
            if (k == i) continue;
            TRY(short_name(&other, m->model[k].given));
            alike = alike || strcmp(other, m->model[i].name) == 0;
            mem_free(other);
        }
        if (!alike) continue;
        mem_free(m->model[i].name);
        m->model[i].name = NULL;
        TRY(mem_strdup(&m->model[i].name, m->model[i].given));
    }
done:
    return st;
}

jem_status compare_models_read(compare_models *out, const char *const *given, int count)
{
    jem_status st;
    compare_models m = COMPARE_MODELS_INIT;

    TRY(MEM_NEW(m.model, count));
    for (int i = 0; i < count; i++) {
        m.model[m.count++] = (compare_model){.given = given[i], .answers = SCORE_LIST_INIT};
        TRY(read_model(&m.model[i]));
        for (int k = 0; k < i; k++) TRY(check_twice(&m.model[k], &m.model[i]));
    }
    TRY(tell_apart(&m));
    *out = m;
    m = (compare_models)COMPARE_MODELS_INIT;
done:
    compare_models_clear(&m);
    return st;
}

void compare_models_clear(compare_models *m)
{
    for (int64_t i = 0; i < m->count; i++) {
        mem_free(m->model[i].name);
        mem_free(m->model[i].path);
        mem_free(m->model[i].network);
        study_free(m->model[i].runs);
        score_list_clear(&m->model[i].answers);
    }
    mem_free(m->model);
    *m = (compare_models)COMPARE_MODELS_INIT;
}
