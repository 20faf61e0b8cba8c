/* What a training needs as one JSON object: sizes in bytes, times in seconds; null where nothing was measured. */
#ifndef STUDY_TRAINING_PLAN_JSON_H
#define STUDY_TRAINING_PLAN_JSON_H

#include <jansson.h>

#include "study/training_plan.h"

/* The caller's; NULL if memory ran out. */
json_t *training_plan_json(const training_plan *r);

#endif
