/* What figures that compare models are made of: whose scores stand beside each other, their dots in a
 * row, and the lines of numbers beside them. */
#ifndef REPORT_MODEL_ROWS_H
#define REPORT_MODEL_ROWS_H

#include "report/dot_chart.h"
#include "report/score_rows.h"
#include "sweetspot/trend.h"

/* Whose scores stand beside each other: a model that answered, a study or run, or a network beside a study. */
typedef struct model_entry {
    char *name; /* owned */
    const score_source *from;
    const char *model;        /* of answers; NULL: of runs */
    const study_run *network; /* beside the study: its first run, the others being like it (study_beside_alike); else NULL */
} model_entry;

/* As the scores of jem bench name them. */
#define AUTOENCODER_NAME "autoencoder"
#define PROBE_NAME "autoencoder-probe"
/* For every name that a figure shows: where one is the probe's, adds once to what the figure says that it is jem's choice. */
void model_say_probe(strbuf *says, const char *name);

typedef struct model_list {
    int64_t count, capacity;
    model_entry *entries;
} model_list;

/* Rows of a benchmark's figure. */
enum { GROUP_OWN, GROUP_PEOPLE, GROUP_PUBLISHED };

/* Which score: that of a panel, or of one of its parts. */
typedef struct score_wanted {
    const char *benchmark, *metric, *dataset, *condition; /* dataset NULL: any; condition NULL: none */
} score_wanted;

/* All models of the folders, in the order in which these were named, each study followed by the networks beside it;
 * names that several have get their folder beside them.  Borrows rows. */
jem_status model_list_find(model_list *list, const score_rows *rows);
/* The networks beside one study alone; or the study, without a name, before them. */
jem_status model_list_beside(model_list *list, const score_source *from);
jem_status model_list_with_beside(model_list *list, const score_source *from);
void model_list_clear(model_list *list);
/* Does the entry have runs along alpha? */
bool model_is_study(const model_entry *e);
/* Its name without a folder beside it; borrowed from what was read. */
const char *model_own_name(const model_entry *e);
/* One of the people, as `jem bench` names them? */
bool model_is_person(const char *model);

bool score_is_wanted(const score *s, const score_wanted *w);
/* The score of a model that answered; NULL: there is none. */
const score *model_answer(const score_list *list, const char *model, const score_wanted *w);
/* Its scores along alpha; of answers a single point whose alpha is NaN.  For trend_clear. */
jem_status model_scores(trend *t, const model_entry *e, const score_wanted *w, const measures *of);

/* Dots of a model in a row, as `at` says but for their values.  All alphas of a study stand a little
 * above each other. */
jem_status model_dots(dot_chart *c, const trend *t, dot at, const measure *m);
/* What people reach: by the rows about them, else as a score says, else as published. */
dot people_dot(const score_rows *rows, const score_wanted *w);

void model_tsv_header(strbuf *tsv);
/* value: the score and its interval. */
void model_tsv_line(strbuf *tsv, const score_wanted *w, const char *model, double alpha, const double value[3],
                    const char *source);
void model_tsv_trend(strbuf *tsv, const score_wanted *w, const model_entry *e, const trend *t);

#endif
