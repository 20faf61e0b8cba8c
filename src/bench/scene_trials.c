/* Trials about rendered scenes: see scene_trials.h. */
#include "bench/scene_trials.h"

#include <math.h>
#include <stdio.h>

#include "base/fields.h"
#include "base/try.h"

static jem_status add(trial_list *list, const scene_rows *r, const char *question, int64_t i, const char *said,
                      const char *was)
{
    char name[SCENE_NAME_MAX];
    r->name(name, r->ctx, i);
    return trial_list_append(list, &(trial){.subj = r->who,
                                            .session = 1,
                                            .trial = i + 1,
                                            .rt = NAN,
                                            .object_response = said,
                                            .category = was,
                                            .condition = question,
                                            .imagename = name});
}

jem_status scene_trials_labels(trial_list *list, const scene_rows *r, const char *question, const int32_t *answer,
                               const int32_t *truth)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < r->n; i++) {
        char said[16], was[16];
        snprintf(said, sizeof said, "%d", (int)answer[i]);
        snprintf(was, sizeof was, "%d", (int)truth[i]);
        TRY(add(list, r, question, i, said, was));
    }
done:
    return st;
}

jem_status scene_trials_heights(trial_list *list, const scene_rows *r, const double *yhat, const double *y)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < r->n; i++) {
        char said[NUMBER_TEXT_MAX], was[NUMBER_TEXT_MAX];
        TRY(add(list, r, "relief", i, number_text(said, yhat[i]), number_text(was, y[i])));
    }
done:
    return st;
}
