/* Trials of several observers, brought to the same images in the same order: rows
 * are matched by condition and image, never by their place in a file. */
#ifndef RECORD_TRIAL_MATRIX_H
#define RECORD_TRIAL_MATRIX_H

#include "record/record.h"

typedef struct trial_matrix {
    int64_t observers, conditions, images;
    int64_t *start;     /* [conditions+1]: images of condition c are start[c] .. start[c+1]-1 */
    uint8_t *right;     /* [observers][images]: 1 where the response is the category */
    const char **image; /* [images] image ids, ascending within a condition; borrowed from
                           the first observer's trials */
} trial_matrix;
#define TRIAL_MATRIX_INIT                                                                          \
    {                                                                                              \
        0, 0, 0, NULL, NULL, NULL                                                                  \
    }

/* observer [observers] are lists of trials, named for messages by their first subj.
 * condition [conditions] are the conditions to keep, in this order (condition_equal);
 * other trials are left out.  conditions = 0: the condition column is ignored and all
 * trials belong to one.  "na" is a wrong answer.  JEM_EDATA for a category or response
 * that is not one of the 16, a condition without trials, an image twice in a condition, or
 * observers who did not see the same images: the message names observer and image. */
jem_status trial_matrix_build(trial_matrix *out, const trial_list *const *observer,
                              int64_t observers, const char *const *condition, int64_t conditions);
void trial_matrix_clear(trial_matrix *m); /* TRIAL_MATRIX_INIT is fine */

#endif
