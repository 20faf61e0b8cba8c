/* STUDY/config.yaml: the settings that all runs of a study have in common, which are all but
 * alpha and seed.  A sweep writes them once, when no run has begun, and every run, rerun and
 * later sweep reads them there, whatever has become of the file that they came from. */
#ifndef STUDY_SWEEP_CONFIG_H
#define STUDY_SWEEP_CONFIG_H

#include "train/config.h"

enum { SWEEP_CONFIG_SET = 24 };

typedef struct sweep_config {
    char *path;                   /* STUDY/config.yaml */
    bool kept;                    /* it is there and counts */
    int begun;                    /* runs of the study */
    char *set[SWEEP_CONFIG_SET];  /* "key=value": what this sweep has otherwise, of the keys that */
    int count;                    /* may differ (config_key_role) */
} sweep_config;
#define SWEEP_CONFIG_INIT {NULL, false, 0, {NULL}, 0}

/* Whether a sweep with these settings may work on the study; writes nothing, and makes cfg's paths
 * absolute.  JEM_EUSAGE naming the first key that the study, or a run of an older one that kept no
 * settings, has otherwise. */
jem_status sweep_config_check(sweep_config *s, config *cfg, const char *study);
/* Does this sweep have another value of `key` than the study? */
bool sweep_config_sets(const sweep_config *s, const char *key);
/* Writes the file if it is not there yet. */
jem_status sweep_config_keep(sweep_config *s, config *cfg);
void sweep_config_clear(sweep_config *s); /* SWEEP_CONFIG_INIT is fine; the file stays */

#endif
