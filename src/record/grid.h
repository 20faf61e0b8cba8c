/* A study over settings beside alpha: a folder of studies, one for each combination of the settings' values, each with
 * all that a study has: equal settings, rescues, scores, a report.
 *
 *   GRID/grid.json            which settings, and the folders of their studies
 *   GRID/steps-10/            a study; "name-wrn-16-1_steps-10" of two settings
 *
 * Commands that take a study take a grid for its studies. */
#ifndef RECORD_GRID_H
#define RECORD_GRID_H

#include <stdbool.h>

#include "jem/status.h"

bool grid_is(const char *path);

/* *paths [*count] <- the folders of its studies, "GRID/steps-10", in the order of grid.json, owned (strings_free); of
 * what is no grid the path itself.  JEM_EDATA for a damaged file. */
jem_status grid_studies(char ***paths, int *count, const char *path);
/* The same of several, one after the other. */
jem_status grid_studies_of_all(char ***paths, int *count, const char *const *folders, int folder_count);

#endif
