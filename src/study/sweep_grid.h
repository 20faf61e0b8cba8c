/* The studies of jem sweep --grid: every combination of some settings' values (record/grid.h). */
#ifndef STUDY_SWEEP_GRID_H
#define STUDY_SWEEP_GRID_H

#include "base/name.h"
#include "study/sweep.h"

enum { GRID_KEYS = 8, GRID_STUDIES = 256, GRID_ASSIGNMENTS = 32 };

/* A study of it. */
typedef struct grid_study {
    char name[NAME_MOST + 1];  /* of its folder: "name-wrn-16-1_steps-10" */
    char *set[GRID_KEYS];      /* "sampler.steps=10", in the order of the settings; owned */
    char *assignments[GRID_ASSIGNMENTS]; /* the same one by one, with what the values bring along; owned */
    int assignment_count;
} grid_study;

typedef struct sweep_grid {
    int keys, count;
    grid_study studies[GRID_STUDIES];
} sweep_grid;

/* texts [count]: "sampler.steps=10,20" each.  A value may bring settings along that others do without:
 * "model.name=wrn-10-1,vgg+model.norm=none+train.lr=1e-3".  The last setting varies fastest.  JEM_EUSAGE for what is no such text,
 * a setting twice, alpha or seed, two studies of one name, more than GRID_STUDIES. */
jem_status sweep_grid_parse(sweep_grid *g, const char *const *texts, int count);
/* Are the settings of all its studies settings?  Before the first one is trained.  As config_load; set, set_count: what
 * all have. */
jem_status sweep_grid_check(const sweep_grid *g, const config_lists *lists, const char *config_path,
                            const char *const *set, int set_count);
/* Writes FOLDER/grid.json; studies of an earlier call that are not among these stay listed.  JEM_EUSAGE if the
 * folder has something else in it, or a grid of other settings. */
jem_status sweep_grid_keep(const sweep_grid *g, const char *folder);
void sweep_grid_clear(sweep_grid *g); /* a zeroed one is fine */

/* sweep_runs of every study of the grid `texts` [count] in the folder q->out, one after the other; without texts of
 * q->out itself.  A study whose runs fail does not keep the others from theirs; the first one's code, the message
 * names all.  JEM_EUSAGE as above, and while jobs of a batch system train the study. */
jem_status sweep_studies(const sweep_request *q, const char *const *texts, int count);

#endif
