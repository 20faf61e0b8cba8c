/* What people answered to the image sets of model-vs-human (record/image_sets.h). */
#ifndef BENCH_MVH_SETS_H
#define BENCH_MVH_SETS_H

#include "bench/data_part.h"
#include "record/image_sets.h"
#include "record/trial_matrix.h"

/* The people of a set, their trials and the images in one order: condition after
 * condition, ascending ids within. */
typedef struct mvh_people {
    const mvh_set *set;
    int64_t observers;
    trial_list *lists; /* [observers] in order of their files' names */
    trial_matrix all;  /* of every condition (one where the set has none) */
    int32_t *category; /* [all.images] the right answer */
    uint64_t hash;     /* of images, categories and answers */
} mvh_people;
#define MVH_PEOPLE_INIT                                                                            \
    {                                                                                              \
        NULL, 0, NULL, TRIAL_MATRIX_INIT, NULL, 0                                                  \
    }

/* Reads FOLDER/SET/SET_subject-NN_session_K.csv, or the same in FOLDER/raw-data; files of
 * other observers are left alone.  JEM_EDATA for a missing folder, nobody in it, people
 * who did not see the same images, an unknown category, response or condition, a
 * condition without trials. */
jem_status mvh_people_read(mvh_people *out, const char *folder, const mvh_set *set);
void mvh_people_clear(mvh_people *p); /* MVH_PEOPLE_INIT is fine */
/* Place in `all` of an image that people saw in this condition (0 in a set without). */
int64_t mvh_image_find(const mvh_people *p, int64_t condition, const char *id);
/* Whether FOLDER has trials of people for this set. */
bool mvh_people_exist(const char *folder, const mvh_set *set);
const char *mvh_observer(const mvh_people *p, int64_t o); /* "subject-01" */

/* Says how the trials of a set differ from the published ones (one line when
 * they do not); *usable is set to false, with the reason as a line, when they cannot be
 * read.  The status is that of memory and of the disk. */
jem_status mvh_people_check(bool *usable, const char *folder, const mvh_set *set, const bench_finder *found);

#endif
