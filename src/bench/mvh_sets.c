/* The reader of people's trials in the layout of model-vs-human: see mvh_sets.h. */
#include "bench/mvh_sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/image_name.h"

/* ---- people's trials */

/* "colour_subject-01_session_1.csv": *size letters of `name` name the observer's files. */
static bool is_person(size_t *size, const char *name, const mvh_set *set)
{
    size_t prefix = strlen(set->name), length = strlen(name);
    static const char who[] = "_subject-";
    if (strncmp(name, set->name, prefix) != 0) return false;
    if (strncmp(name + prefix, who, strlen(who)) != 0) return false;
    if (length < 4 || strcmp(name + length - 4, ".csv") != 0) return false;
    *size = prefix + strlen(who);
    *size += strspn(name + *size, "0123456789");
    return true;
}

/* Sessions of one observer follow one another in the sorted names and become one list. */
static jem_status read_lists(mvh_people *p, const char *folder)
{
    jem_status st;
    char **names = NULL, *path = NULL;
    int count = 0;
    size_t size, last_size = 0;
    const char *last = NULL;

    TRY(dir_list_data(&names, &count, folder));
    TRY(MEM_NEW(p->lists, count));
    for (int i = 0; i < count; i++) {
        if (!is_person(&size, names[i], p->set)) continue;
        if (!last || size != last_size || strncmp(last, names[i], size) != 0) p->observers++;
        last = names[i];
        last_size = size;
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        TRY(trial_list_read(&p->lists[p->observers - 1], path));
    }
    if (p->observers == 0)
        st = jem_error(JEM_EDATA,
                       "%s: no trials of people; expected files such as "
                       "%s_subject-01_session_1.csv",
                       folder, p->set->name);
done:
    mem_free(path);
    strings_free(names, count);
    return st;
}

const char *mvh_observer(const mvh_people *p, int64_t o)
{
    return p->lists[o].count > 0 ? p->lists[o].trials[0].subj : "an observer without trials";
}

static jem_status check_lists(const mvh_people *p)
{
    for (int64_t o = 0; o < p->observers; o++) {
        const trial_list *list = &p->lists[o];
        for (int64_t i = 0; i < list->count; i++)
            if (mvh_condition_find(p->set, list->trials[i].condition) < 0)
                return jem_error(JEM_EDATA,
                                 "%s, trial %lld: the set has no condition '%s'; it begins with "
                                 "'%s', '%s'",
                                 mvh_observer(p, o), (long long)list->trials[i].trial,
                                 list->trials[i].condition, p->set->conditions[0],
                                 p->set->conditions[1]);
        if (list->count != p->lists[0].count)
            return jem_error(JEM_EDATA, "%s has %lld trials, %s has %lld: a file is cut off",
                             mvh_observer(p, o), (long long)list->count, mvh_observer(p, 0),
                             (long long)p->lists[0].count);
    }
    return JEM_OK;
}

int64_t mvh_image_find(const mvh_people *p, int64_t condition, const char *id)
{
    const trial_matrix *m = &p->all;
    int64_t low = m->start[condition], high = m->start[condition + 1] - 1;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (strcmp(m->image[middle], id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The right answers, on which all people's files must agree. */
static jem_status read_categories(mvh_people *p)
{
    jem_status st;

    TRY(MEM_NEW(p->category, p->all.images));
    for (int64_t i = 0; i < p->all.images; i++) p->category[i] = -1;
    for (int64_t o = 0; o < p->observers; o++)
        for (int64_t i = 0; i < p->lists[o].count; i++) {
            const trial *t = &p->lists[o].trials[i];
            int64_t at =
                mvh_image_find(p, mvh_condition_find(p->set, t->condition), image_id(t->imagename));
            int32_t category = category_find(t->category);
            if (p->category[at] >= 0 && p->category[at] != category) {
                st = jem_error(JEM_EDATA, "%s, trial %lld: %s is a %s here and a %s for %s",
                               mvh_observer(p, o), (long long)t->trial, t->imagename, t->category,
                               category_names[p->category[at]], mvh_observer(p, 0));
                goto done;
            }
            p->category[at] = category;
        }
done:
    return st;
}

static uint64_t hash_of(const mvh_people *p)
{
    const trial_matrix *m = &p->all;
    uint64_t hash = XXH64(m->right, (size_t)(m->observers * m->images), 0);
    hash = XXH64(p->category, (size_t)m->images * sizeof *p->category, hash);
    for (int64_t i = 0; i < m->images; i++)
        hash = XXH64(m->image[i], strlen(m->image[i]) + 1, hash);
    return hash;
}

static jem_status read_people(mvh_people *p, const char *folder)
{
    jem_status st;
    const trial_list **lists = NULL;

    TRY(read_lists(p, folder));
    TRY(check_lists(p));
    TRY(MEM_NEW(lists, p->observers));
    for (int64_t o = 0; o < p->observers; o++) lists[o] = &p->lists[o];
    TRY(trial_matrix_build(&p->all, lists, p->observers, p->set->conditions,
                           mvh_conditions(p->set)));
    TRY(read_categories(p));
    p->hash = hash_of(p);
done:
    mem_free(lists);
    return st;
}

/* FOLDER/raw-data/SET, else FOLDER/SET; owned. */
static jem_status set_folder(char **out, const char *folder, const mvh_set *set)
{
    jem_status st = str_format(out, "%s/raw-data/%s", folder, set->name);
    if (st != JEM_OK || dir_exists(*out)) return st;
    mem_free(*out);
    *out = NULL;
    return str_format(out, "%s/%s", folder, set->name);
}

bool mvh_people_exist(const char *folder, const mvh_set *set)
{
    char *path = NULL, **names = NULL;
    int count = 0;
    size_t size;
    bool found = false;
    if (set_folder(&path, folder, set) == JEM_OK && dir_exists(path) &&
        dir_list_data(&names, &count, path) == JEM_OK)
        for (int i = 0; i < count; i++) found = found || is_person(&size, names[i], set);
    strings_free(names, count);
    mem_free(path);
    return found;
}

jem_status mvh_people_read(mvh_people *out, const char *folder, const mvh_set *set)
{
    jem_status st;
    mvh_people p = MVH_PEOPLE_INIT;
    char *path = NULL;

    p.set = set;
    TRY(set_folder(&path, folder, set));
    if (!dir_exists(path)) {
        st = jem_error(JEM_EDATA,
                       "%s: no folder '%s' with people's trials, here or in raw-data/: 'jem data "
                       "fetch model-vs-human' gets them",
                       folder, set->name);
        goto done;
    }
    st = read_people(&p, path);
    if (st != JEM_OK) {
        st = jem_error_context(st, "%s", set->name);
        goto done;
    }
    *out = p;
    p = (mvh_people)MVH_PEOPLE_INIT;
done:
    mem_free(path);
    mvh_people_clear(&p);
    return st;
}

void mvh_people_clear(mvh_people *p)
{
    mem_free(p->category);
    trial_matrix_clear(&p->all);
    for (int64_t o = 0; o < p->observers; o++) trial_list_clear(&p->lists[o]);
    mem_free(p->lists);
    *p = (mvh_people)MVH_PEOPLE_INIT;
}

/* ---- is it the published data? */

jem_status mvh_people_check(bool *usable, const char *folder, const mvh_set *set, const bench_finder *found)
{
    bench_part part = {.name = set->name, .published_images = set->images, .published_people = set->people};
    mvh_people p = MVH_PEOPLE_INIT;
    char line[1024];
    jem_status st = mvh_people_read(&p, folder, set);
    if (st == JEM_EDATA) {
        *usable = false;
        part.state = mvh_people_exist(folder, set) ? BENCH_DAMAGED : BENCH_MISSING;
        part.line = jem_error_message();
        return found->part(found->ctx, &part);
    }
    if (st != JEM_OK) return st;

    bool same = p.observers == set->people && p.all.images == set->images;
    int64_t per_condition = set->images / p.all.conditions;
    for (int64_t c = 0; c < p.all.conditions; c++) {
        int64_t n = p.all.start[c + 1] - p.all.start[c];
        if (n == per_condition) continue;
        same = false;
        snprintf(line, sizeof line, "%s: %lld images of condition %s, %lld published", set->name,
                 (long long)n, set->conditions[0] ? set->conditions[c] : "(all)",
                 (long long)per_condition);
        found->remark(found->ctx, line);
    }
    snprintf(line, sizeof line, "%s: %lld people, %lld images%s", set->name, (long long)p.observers,
             (long long)p.all.images, same ? "" : ": not the published numbers");
    part.state = same ? BENCH_WHOLE : BENCH_UNPUBLISHED;
    part.images = p.all.images;
    part.people = p.observers;
    part.line = line;
    st = found->part(found->ctx, &part);
    if (st == JEM_OK && !same) {
        snprintf(line, sizeof line, "%s: %lld people, %lld images were published", set->name,
                 (long long)set->people, (long long)set->images);
        found->remark(found->ctx, line);
    }
    mvh_people_clear(&p);
    return st;
}
