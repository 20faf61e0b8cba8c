/* The rows of model-vs-human.csv: what the model answered, trial by trial. */
#include "bench/model_vs_human/trials.h"

#include <string.h>

#include "base/fields.h"
#include "base/mem.h"
#include "base/try.h"

jem_status mvh_trials_open(file_writer *w, const char *out)
{
    jem_status st;
    char *path = NULL;
    static const char head[] = "subj,session,trial,rt,object_response,category,condition,"
                               "imagename,set,counted,people\n";

    TRY(str_format(&path, "%s/trials", out));
    TRY(dir_ready(path));
    mem_free(path);
    path = NULL;
    TRY(str_format(&path, "%s/trials/model-vs-human.csv", out));
    TRY(file_writer_open(w, path));
    TRY(file_writer_put(w, head, strlen(head)));
done:
    mem_free(path);
    return st;
}

static jem_status add_row(file_writer *w, const trial *t, const char *set, bool counted,
                          const char *people)
{
    jem_status st;

    TRY(field_write(w, t->subj, ','));
    TRY(file_writer_printf(w, ",%lld,%lld,NaN,%s,%s,%s,", (long long)t->session,
                           (long long)t->trial, t->object_response, t->category, t->condition));
    TRY(field_write(w, t->imagename, ','));
    TRY(file_writer_printf(w, ",%s,%d,%s\n", set, counted, people));
done:
    return st;
}

jem_status mvh_trials_add(file_writer *w, const bench_request *r, const decision_set *set,
                          const int32_t *answer, const mvh_people *people, bool exclusions)
{
    jem_status st;
    const trial_matrix *m = &people->all;
    trial_list list = TRIAL_LIST_INIT;
    char *right = NULL;

    TRY(decisions_list(&list, r, set, answer, ""));
    TRY(mem_alloc(&right, (size_t)m->observers + 1, 1));
    for (int64_t i = 0; i < list.count; i++) {
        bool counted = !exclusions || mvh_conditions(set->set) == 0 ||
                       mvh_kept(set->set, set->condition[i]);
        for (int64_t o = 0; o < m->observers; o++)
            right[o] = m->right[o * m->images + i] ? '1' : '0';
        TRY(add_row(w, &list.trials[i], set->set->name, counted, right));
    }
done:
    mem_free(right);
    trial_list_clear(&list);
    return st;
}

jem_status mvh_trials_close(file_writer *w) { return file_writer_commit(w); }
