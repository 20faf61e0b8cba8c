/* Finding recorded answers by set, name and condition, or by place. */
#include "bench/recording_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/image_name.h"

enum { BESIDE_TEXT = 60 << 20 };

/* ---- adding and sorting */

/* What identifies an image whoever saw it, in whatever format: no path, no prefix, no
 * extension. */
static void cut_key(answer *a, const char *name)
{
    const char *slash = strrchr(name, '/'), *back = strrchr(name, '\\');
    if (back && (!slash || back > slash)) slash = back;
    a->key = image_id(slash ? slash + 1 : name);
    const char *dot = strrchr(a->key, '.');
    a->key_size = dot ? (size_t)(dot - a->key) : strlen(a->key);
}

jem_status recording_reserve(recording *r, int64_t rows, int64_t beside, const char *path)
{
    jem_status st;
    answer *larger = NULL;
    int64_t size, room = r->count + r->count / 2 + rows;

    TRY(file_size(&size, path));
    if (beside + rows * (int64_t)sizeof *larger > 3 * size + BESIDE_TEXT)
        return jem_error(JEM_EDATA,
                         "%s: %lld rows in %lld bytes: too many short ones to be "
                         "answers",
                         path, (long long)rows, (long long)size);
    if (r->count + rows <= r->room) goto done;
    TRY(MEM_NEW(larger, room));
    if (r->count) memcpy(larger, r->answers, (size_t)r->count * sizeof *larger);
    mem_free(r->answers);
    r->answers = larger;
    r->room = room;
done:
    return st;
}

jem_status recording_add(recording *r, const answer *a)
{
    jem_status st = MEM_GROW(r->answers, r->count, r->room);
    if (st != JEM_OK) return st;
    r->answers[r->count] = *a;
    cut_key(&r->answers[r->count++], a->key);
    return JEM_OK;
}

/* Files cannot have a "/" in their name and write "-". */
static int compare_sets(const char *a, const char *b)
{
    for (;; a++, b++) {
        char x = *a == '/' ? '-' : *a, y = *b == '/' ? '-' : *b;
        if (x != y) return x < y ? -1 : 1;
        if (!x) return 0;
    }
}

static int compare_keys(const answer *x, const answer *y)
{
    int order = compare_sets(x->set, y->set);
    size_t n = x->key_size < y->key_size ? x->key_size : y->key_size;
    if (order == 0) order = memcmp(x->key, y->key, n);
    if (order == 0) order = (x->key_size > y->key_size) - (x->key_size < y->key_size);
    return order;
}

static int compare_answers(const void *a, const void *b)
{
    const answer *x = a, *y = b;
    int order = compare_keys(x, y);
    if (order == 0) order = strcmp(x->tag, y->tag);
    if (order == 0) order = (x->file > y->file) - (x->file < y->file);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

jem_status recording_sort(recording *r)
{
    if (r->count) qsort(r->answers, (size_t)r->count, sizeof *r->answers, compare_answers);
    for (int64_t i = 1; i < r->count; i++) {
        const answer *a = &r->answers[i - 1], *b = a + 1;
        if (compare_keys(a, b) || strcmp(a->tag, b->tag)) continue;
        return jem_error(JEM_EDATA,
                         "%s: '%.*s'%s%s is answered twice (rows %lld of %s and %lld of "
                         "%s)",
                         r->path, (int)b->key_size, b->key, b->tag[0] ? ", " : "", b->tag,
                         (long long)a->row, r->files[a->file].path, (long long)b->row,
                         r->files[b->file].path);
    }
    return JEM_OK;
}

/* ---- observers */

static bool is_person(const char *observer) { return strncmp(observer, "subject-", 8) == 0; }

enum { OBSERVERS_MAX = 512 };

/* Distinct observers in order of appearance; those past the last are left out. */
static int list_observers(const char *names[OBSERVERS_MAX], const recording *r)
{
    int count = 0;
    for (int64_t i = 0; i < r->count && count < OBSERVERS_MAX; i++) {
        int k = 0;
        while (k < count && strcmp(names[k], r->answers[i].by) != 0) k++;
        if (k == count) names[count++] = r->answers[i].by;
    }
    return count;
}

static jem_status several(const recording *r, const char *const *names, int count,
                          const char *wanted)
{
    char list[400] = "";
    for (int i = 0; i < count; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    }
    if (wanted)
        return jem_error(JEM_EUSAGE, "%s: no trials of '%s'; there are: %s", r->path, wanted, list);
    return jem_error(JEM_EUSAGE,
                     "%s: trials of several observers (%s); choose one as the "
                     "observer",
                     r->path, list);
}

jem_status recording_choose_observer(recording *r, const char *name)
{
    const char *names[OBSERVERS_MAX], *chosen = NULL;
    int count = list_observers(names, r), networks = 0;
    int64_t kept = 0;

    for (int i = 0; i < count; i++) {
        if (name ? strcmp(names[i], name) == 0 : count == 1) chosen = names[i];
        if (is_person(names[i])) continue;
        if (networks++ == 0 && !name) chosen = names[i];
    }
    if (!chosen || (!name && networks > 1)) return several(r, names, count, name);
    for (int64_t i = 0; i < r->count; i++)
        if (strcmp(r->answers[i].by, chosen) == 0) r->answers[kept++] = r->answers[i];
    r->count = kept;
    snprintf(r->observer, sizeof r->observer, "%s", chosen);
    return JEM_OK;
}

/* ---- finding */

static const char *name_of(const stimulus *s) { return s->name ? s->name : "(unnamed)"; }

bool recording_has_set(const recording *r, const char *set)
{
    for (int64_t i = 0; i < r->count; i++)
        if (!r->answers[i].set[0] || compare_sets(r->answers[i].set, set) == 0) return true;
    for (int64_t i = 0; i < r->file_count; i++)
        if (r->files[i].values.ndim > 0 && !r->files[i].named &&
            (!r->files[i].set[0] || compare_sets(r->files[i].set, set) == 0))
            return true;
    return false;
}

jem_status recording_row(const recording *r, const stimulus *s, const answer_file **file,
                         int64_t *row)
{
    const answer *a;
    const answer_file *f = NULL;
    jem_status st;

    for (int64_t i = 0; i < r->file_count; i++) {
        const answer_file *g = &r->files[i];
        if (!g->set[0] || (s->set ? compare_sets(g->set, s->set) == 0 : r->file_count == 1)) f = g;
    }
    if (!f)
        return jem_error(JEM_EDATA, "%s: no answers to the image set '%s'", r->path,
                         s->set ? s->set : "(unnamed)");
    if (f->named) {
        st = recording_find(r, s, s->condition, &a);
        if (st != JEM_OK) return st;
        *file = &r->files[a->file];
        *row = a->row;
        return JEM_OK;
    }
    if (s->place < 0 || s->place >= f->values.shape[0])
        return jem_error(JEM_EDATA,
                         "%s: %lld rows, but answers to at least %lld images are needed, "
                         "in the data set's order (%s)",
                         f->path, (long long)f->values.shape[0], (long long)s->place + 1,
                         name_of(s));
    *file = f;
    *row = s->place;
    return JEM_OK;
}

/* First answer that does not come before the key. */
static int64_t lower_bound(const recording *r, const answer *key)
{
    int64_t low = 0, high = r->count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (compare_keys(&r->answers[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The set by which answers to s are filed: its own, or none where files belong to no set. */
static const char *filed_set(const recording *r, const stimulus *s)
{
    if (r->count == 0) return "";
    if (!r->answers[0].set[0]) return ""; /* "" sorts first; a file for all sets */
    return s->set ? s->set : r->answers[0].set;
}

jem_status recording_find(const recording *r, const stimulus *s, const char *tag,
                          const answer **out)
{
    answer key = {.set = filed_set(r, s)};
    const answer *found = NULL;
    int fitting = 0;

    cut_key(&key, name_of(s));
    for (int64_t i = lower_bound(r, &key); i < r->count && compare_keys(&r->answers[i], &key) == 0;
         i++) {
        if (tag && r->answers[i].tag[0] && !condition_equal(tag, r->answers[i].tag)) continue;
        found = &r->answers[i];
        fitting++;
    }
    if (fitting == 1) {
        *out = found;
        return JEM_OK;
    }
    return jem_error(JEM_EDATA, "%s: %s answer to '%.*s' of set '%s'%s%s", r->path,
                     fitting ? "more than one" : "no", (int)key.key_size, key.key,
                     s->set ? s->set : key.set, tag ? ", condition " : "", tag ? tag : "");
}
