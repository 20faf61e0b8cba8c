/* Matching trials by condition and image. */
#include "record/trial_matrix.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/try.h"
#include "record/image_name.h"

typedef struct entry {
    int64_t condition;
    const char *image;
    bool right;
} entry;

static int compare_entries(const void *a, const void *b)
{
    const entry *p = a, *q = b;
    if (p->condition != q->condition) return p->condition < q->condition ? -1 : 1;
    return strcmp(p->image, q->image);
}

static int64_t find_condition(const char *name, const char *const *condition, int64_t conditions)
{
    if (conditions == 0) return 0;
    for (int64_t c = 0; c < conditions; c++)
        if (condition_equal(name, condition[c])) return c;
    return -1;
}

static const char *observer_name(const trial_list *list)
{
    return list->count > 0 ? list->trials[0].subj : "an observer without trials";
}

static jem_status check_answer(const trial *t)
{
    if (category_find(t->category) < 0)
        return jem_error(JEM_EDATA, "%s, trial %lld: '%s' is not one of the %d categories", t->subj,
                         (long long)t->trial, t->category, CATEGORY_COUNT);
    if (category_find(t->object_response) < 0 && strcasecmp(t->object_response, "na") != 0)
        return jem_error(JEM_EDATA,
                         "%s, trial %lld: response '%s' is neither one of the %d "
                         "categories nor 'na'",
                         t->subj, (long long)t->trial, t->object_response, CATEGORY_COUNT);
    return JEM_OK;
}

/* entries [list->count], sorted; *count of them are of kept conditions. */
static jem_status sort_trials(entry *entries, int64_t *count, const trial_list *list,
                              const char *const *condition, int64_t conditions)
{
    int64_t n = 0;
    for (int64_t i = 0; i < list->count; i++) {
        const trial *t = &list->trials[i];
        jem_status st = check_answer(t);
        if (st != JEM_OK) return st;
        int64_t c = find_condition(t->condition, condition, conditions);
        if (c < 0) continue;
        entries[n++] =
            (entry){c, image_id(t->imagename), strcmp(t->category, t->object_response) == 0};
    }
    if (n > 1) qsort(entries, (size_t)n, sizeof *entries, compare_entries);
    for (int64_t i = 1; i < n; i++)
        if (compare_entries(&entries[i - 1], &entries[i]) == 0)
            return jem_error(JEM_EDATA, "%s: image %s occurs twice in condition %s",
                             observer_name(list), entries[i].image,
                             conditions ? condition[entries[i].condition] : "(all)");
    *count = n;
    return JEM_OK;
}

/* The first observer decides which images there are. */
static jem_status lay_out(trial_matrix *m, const entry *entries, int64_t n, int64_t observers,
                          const char *const *condition, const char *name)
{
    jem_status st;

    m->observers = observers;
    m->images = n;
    TRY(MEM_NEW(m->start, m->conditions + 1));
    TRY(MEM_NEW(m->right, observers * n));
    TRY(MEM_NEW(m->image, n));
    for (int64_t i = 0; i < n; i++) {
        m->image[i] = entries[i].image;
        m->start[entries[i].condition + 1]++;
    }
    for (int64_t c = 0; c < m->conditions; c++) {
        if (m->start[c + 1] == 0) {
            st = jem_error(JEM_EDATA, "%s has no trials of condition %s", name,
                           condition ? condition[c] : "(all)");
            goto done;
        }
        m->start[c + 1] += m->start[c];
    }
done:
    return st;
}

static jem_status fill_row(trial_matrix *m, int64_t o, const entry *entries, int64_t n,
                           const char *name)
{
    int64_t c = 0;
    for (int64_t i = 0; i < n || i < m->images; i++) {
        while (i < m->images && i >= m->start[c + 1]) c++;
        entry expected = {c, i < m->images ? m->image[i] : NULL, false};
        int order = i >= m->images ? -1 : i >= n ? 1 : compare_entries(&entries[i], &expected);
        if (order != 0)
            return jem_error(JEM_EDATA,
                             "observers saw different images: %s %s %s, unlike the first "
                             "observer",
                             name, order < 0 ? "saw" : "did not see",
                             order < 0 ? entries[i].image : expected.image);
        m->right[o * m->images + i] = entries[i].right;
    }
    return JEM_OK;
}

jem_status trial_matrix_build(trial_matrix *out, const trial_list *const *observer,
                              int64_t observers, const char *const *condition, int64_t conditions)
{
    jem_status st = JEM_OK;
    trial_matrix m = TRIAL_MATRIX_INIT;
    entry *entries = NULL;
    int64_t n = 0;

    m.conditions = conditions ? conditions : 1;
    if (observers < 1) return jem_error(JEM_EDATA, "no observers");
    for (int64_t o = 0; o < observers; o++) {
        mem_free(entries);
        entries = NULL;
        TRY(MEM_NEW(entries, observer[o]->count));
        TRY(sort_trials(entries, &n, observer[o], condition, conditions));
        if (o == 0)
            TRY(lay_out(&m, entries, n, observers, conditions ? condition : NULL,
                        observer_name(observer[0])));
        TRY(fill_row(&m, o, entries, n, observer_name(observer[o])));
    }
    *out = m;
    m = (trial_matrix)TRIAL_MATRIX_INIT;
done:
    mem_free(entries);
    trial_matrix_clear(&m);
    return st;
}

void trial_matrix_clear(trial_matrix *m)
{
    mem_free(m->image);
    mem_free(m->right);
    mem_free(m->start);
    *m = (trial_matrix)TRIAL_MATRIX_INIT;
}
