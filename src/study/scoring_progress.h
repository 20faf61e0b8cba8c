/* How far a command is that scores several runs on several benchmarks: one line for all of it. */
#ifndef STUDY_SCORING_PROGRESS_H
#define STUDY_SCORING_PROGRESS_H

#include "base/log.h"
#include "bench/bench.h"

typedef struct scoring_progress {
    int64_t done;                    /* scorings behind it */
    int64_t left[BENCHMARKS_MAX];    /* to come, of each benchmark by its place */
    int64_t counted[BENCHMARKS_MAX]; /* behind it and whole, of each, */
    double took_s[BENCHMARKS_MAX];   /* and how long these took */
    double began_s;                  /* all of it */
    int place;                       /* of the benchmark under way; -1: none */
    double place_began_s;
    const char *name, *run; /* of the benchmark under way, and of the run; borrowed; run NULL: none */
} scoring_progress;

/* From here on to the end parts of benchmarks say nothing themselves (progress_set_whole); *p must stay
 * where it is. */
void scoring_progress_begin(scoring_progress *p);
/* A run (name NULL: recorded answers), and as many after it as make `runs`, will be scored on these: wanted [BENCHMARKS_MAX]. */
void scoring_progress_run(scoring_progress *p, const char *name, int64_t runs, const bool *wanted);
void scoring_progress_next(scoring_progress *p, int place, const char *name);
/* The one under way has ended; `whole`: it was scored, and others of its kind will take as long. */
void scoring_progress_scored(scoring_progress *p, bool whole);
void scoring_progress_end(scoring_progress *p);

/* Seconds that are left where `share` of the scoring under way is done (NaN: not known): each scoring takes
 * as long as those of its benchmark did, or as the others on average; NaN before anything is known. */
double scoring_progress_eta(const scoring_progress *p, double now_s, double share);

#endif
