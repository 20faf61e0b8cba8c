/* What jem speed measured as one JSON object: seconds, FLOPs, FLOP/s; null where nothing was measured. */
#ifndef ESTIMATE_SPEED_JSON_H
#define ESTIMATE_SPEED_JSON_H

#include <jansson.h>

#include "estimate/speed.h"

/* The caller's; NULL if memory ran out.  cfg: what was measured. */
json_t *speed_json(const speed_report *r, const config *cfg);

#endif
