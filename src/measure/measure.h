/* What the scores of a benchmark mean: said once by the benchmark itself (bench/NAME/measure.c), and
 * handed from above to whatever shows scores or compares them: figures, cards, sweet spots, lists.
 *
 * A list of them ends with NULL; the order of the list is that of lists and figures, in which
 * comparisons with people come first. */
#ifndef MEASURE_MEASURE_H
#define MEASURE_MEASURE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

struct trial_rule;

/* A level that is drawn with the scores. */
typedef enum measure_level {
    LEVEL_NONE,
    LEVEL_FIXED,       /* `at` */
    LEVEL_HUMAN,       /* the measure's `human` */
    LEVEL_CHANCE,      /* 1 / classes of the network */
    LEVEL_CHANCE_NATS, /* ln classes */
} measure_level;

/* One score. */
typedef struct measure {
    const char *metric;              /* "2afc"; NULL ends an array */
    const char *dataset, *condition; /* of the score that is shown; NULL: any, none */
    const char *title, *unit;        /* "Error consistency", "κ with people"; title "": the metric */
    bool lower_is_better;
    bool needs_head;                 /* alpha = 1 never trained a classifier: grey in figures, no end of
                                        sweet spots */
    double least, most;              /* what it can be */
    double human;                    /* what people reach, in units of the score; the bound that stands
                                        for it where there are no people; compared with by panels and
                                        sweet spots, and else without a meaning */
    bool human_is_bound;             /* it is that bound */
    const char *human_metric;        /* of the row that has what people reach in the same files; NULL: the
                                        score's own */
    struct {
        measure_level kind;
        double at;
        const char *label;
    } level;
    struct {
        const char *metric; /* NULL: none */
        double at;
        bool whole;         /* said once of the data, whatever the condition */
    } chance;                        /* the score means something where the network decides better than by
                                        chance: where the interval of this score of it lies above `at` */
    const char *card;                /* the page's cards have its best value, called so; NULL: not */
    const char *card_condition;      /* of what begins so (then comes "against what"); NULL: any */
} measure;

/* A score that somebody published, of a model or of people ("human"). */
typedef struct published_score {
    const char *metric;              /* NULL ends an array */
    const char *dataset, *condition; /* NULL: that of the benchmark's headline score */
    const char *model;
    double value;
    const char *source;
} published_score;

enum { SPOT_SCORES_MAX = 2 };

/* A line in the table of sweet spots. */
typedef struct measure_spot {
    const char *title;   /* "CIFAR-10H"; NULL ends an array */
    const char *measure; /* "cross-entropy, nats" */
    int count;
    const measure *score[SPOT_SCORES_MAX]; /* whose distances to people count together */
    bool alignment;                        /* a comparison with people, not only a measure of the model */
    const char *source;                    /* of the human references */
    double paper_low, paper_high;          /* best alpha that the paper claims; NaN: none */
    /* How all its scores are drawn again; rule NULL: they cannot be. */
    const struct trial_rule *rule; /* measure/trials.h */
    const char *trials;            /* RUN/trials/TRIALS.csv; a "*" stands for the score's model */
    const char *question;          /* only rows of this condition; NULL: all */
    const char *column;            /* of the rows' numbers; NULL: object_response */
    double unit;                   /* that these are divided by; 0: none */
} measure_spot;

/* An axis of a panel of the paper's Fig. 2. */
typedef struct measure_axis {
    const char *benchmark; /* NULL: the panel's own */
    const char *metric;
    const char *label; /* "OOD accuracy" */
} measure_axis;

/* What people do against another ability. */
typedef struct measure_panel {
    measure_axis x, y;
    const char *human_label; /* of y's human reference; NULL: "people" and its value */
} measure_panel;

typedef struct measures {
    const char *benchmark;      /* as scores name it: "cifar10h" */
    const char *name;           /* for people: "CIFAR-10H" */
    const char *section;        /* of the page: "People", "Energy" */
    const char *title, *about;  /* of its figure; about: how to read it */
    bool headline;              /* only `scores` are drawn, and only where there are some */
    const measure *scores;      /* in the order of panels */
    const published_score *published; /* NULL: none */
    const measure_spot *spots;  /* NULL: none */
    const measure_panel *panel; /* NULL: none */
    const char *settings; /* "KEY=DEFAULT ...": its keys that change what a score says of a model, so
                             that scores by others are not compared ("KEY=": that are given for one
                             of them alone: weights differ between networks); NULL: none */
} measures;

extern const char measure_people[]; /* the section of comparisons with people */

/* For spots of measures of the model: no people to compare with, and no value in the paper. */
#define MEASURE_WITHOUT_PEOPLE                                                                     \
    .source = "1 is the metric's bound", .paper_low = NAN, .paper_high = NAN
/* A source: what the study itself says. */
#define MEASURE_PAPER "as drawn in arXiv 2605.23819"
/* A constant as it is written, for texts that name it. */
#define MEASURE_TEXT(constant) MEASURE_TEXT_OF(constant)
#define MEASURE_TEXT_OF(text) #text

/* NULL if there is none. */
const measures *measures_find(const measures *const *list, const char *benchmark);
const measure *measure_find(const measures *m, const char *metric);
/* What score number `score` of the line is called where there may be two: "2AFC (traditional, cnn)",
 * "shape bias". */
const char *measure_spot_name(const measure_spot *line, int score);
/* Does it show the score of its metric that has this data set and condition? */
bool measure_shows(const measure *m, const char *dataset, const char *condition);

/* What published_score calls the set: one named like its benchmark is the headline's, NULL. */
const char *published_dataset(const measures *m, const char *dataset);
/* The value, NaN where nothing is published.  dataset and condition may be NULL. */
double published_value(const measures *m, const char *metric, const char *dataset,
                       const char *condition, const char *model);
/* Is it a model's value of the score that `s` of benchmark `m` shows?  People are no model. */
bool published_is_model(const published_score *p, const measures *m, const measure *s);
/* What all of the list have, as lines of benchmark metric dataset condition model value source, with
 * a header. */
void published_tsv(strbuf *out, const measures *const *list);

#endif
