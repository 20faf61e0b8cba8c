/* Recorded answers of people and networks, for the tests of src/stats. */
#ifndef STATS_TRIALS_H
#define STATS_TRIALS_H

#include <dirent.h>

#include "record/image_name.h"
#include "record/trial_matrix.h"
#include "support/check.h"

enum { OBSERVERS_MAX = 16 };

typedef struct answers {
    int64_t people, models; /* people first, then the models asked for */
    trial_list lists[OBSERVERS_MAX];
    const trial_list *all[OBSERVERS_MAX];
} answers;

static int compare_names(const void *a, const void *b) { return strcmp(a, b); }

static inline void answers_add(answers *a, const char *path)
{
    int64_t at = a->people + a->models;
    assert_true(at < OBSERVERS_MAX);
    a->lists[at] = (trial_list)TRIAL_LIST_INIT;
    check_ok(trial_list_read(&a->lists[at], path));
    a->all[at] = &a->lists[at];
}

/* All people of a set in order of their names, and these networks (NULL ends them). */
static inline answers *answers_open(const char *set, const char *const *models)
{
    char folder[4096], name[200], path[8192], names[OBSERVERS_MAX][200];
    snprintf(name, sizeof name, "model-vs-human/raw-data/%s", set);
    check_data(folder, sizeof folder, name);
    answers *a = calloc(1, sizeof *a);
    DIR *dir = opendir(folder);
    assert_true(a && dir);
    int found = 0;
    for (struct dirent *e; (e = readdir(dir));)
        if (strstr(e->d_name, "_subject-")) {
            assert_true(found < OBSERVERS_MAX);
            snprintf(names[found++], sizeof names[0], "%.199s", e->d_name);
        }
    closedir(dir);
    qsort(names, (size_t)found, sizeof names[0], compare_names);
    for (int i = 0; i < found; i++, a->people++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        answers_add(a, path);
    }
    for (; models && *models; models++, a->models++) {
        snprintf(path, sizeof path, "%s/%s_%s_session-1.csv", folder, set, *models);
        answers_add(a, path);
    }
    return a;
}

static inline void answers_close(answers *a)
{
    for (int64_t i = 0; i < a->people + a->models; i++) trial_list_clear(&a->lists[i]);
    free(a);
}

#endif
