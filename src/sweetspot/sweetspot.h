/* Is some alpha between the ends closer to people than both, in which benchmarks, and how sure is that?
 *
 * The statistics are those of stats/best_alpha.h over the networks of a study: their scores are turned
 * so that larger is better; images and people come from the trials beside the scores.  A line is one
 * score of a benchmark; of two scores that belong together (BAPPS) there is a third line, of the
 * distance to people in their plane, for which each network's scores are projected onto the direction
 * from its alpha's mean to people.
 *
 * Holm's correction is made over primary lines: those that STUDY/study.yaml names (declaration.h), which
 * says by which rule, too; without that file the first line of each benchmark.  All others are exploratory.  Every draw is a function of (seed, number): threads change no bit. */
#ifndef SWEETSPOT_H
#define SWEETSPOT_H

#include "base/options.h"
#include "base/pool.h"
#include "base/strbuf.h"
#include "measure/measure.h"
#include "record/study.h"
#include "sweetspot/spot_only.h"
#include "stats/best_alpha.h"
#include "stats/two_lines.h"
#include "sweetspot/declaration.h"

typedef enum spot_verdict {
    SPOT_NOT_SHOWN,
    SPOT_SHOWN,   /* p, and p without any one network, are 1 - level at most */
    SPOT_UNEQUAL, /* so they are, but some runs are other experiments */
    SPOT_ONE_SEED /* one network per alpha: nothing is known of training again */
} spot_verdict;
const char *spot_verdict_text(spot_verdict v); /* "shown", "not shown", "unequal settings", "one seed" */

typedef struct sweetspot {
    const measures *of;       /* the benchmark, */
    const measure_spot *line; /* its line in the list of measures, */
    int score;                /* and which of its scores; -1: the distance in their plane */
    bool distance;            /* best is nearest to people; else lowest or largest */
    bool primary;
    const declaration *declared; /* of the study; the list's; NULL: there is none */
    int64_t other_latent;        /* networks whose latent space has another size than declared */
    double human[SPOT_SCORES_MAX]; /* the references: from the study's files, or as printed */
    bool from_files[SPOT_SCORES_MAX];
    int64_t alphas;
    double *alpha;   /* [alphas] ascending; the ends are the first and the last */
    double *value;   /* [scores of the line][alphas] mean over networks */
    double *sem;     /* [scores of the line][alphas] NaN with one network */
    int64_t *seeds;  /* [alphas] networks */
    int64_t networks;
    double *network; /* [networks] score of each, alpha after alpha; in the plane the distance */
    double *among;   /* [networks] its alpha */
    bool *at_chance; /* [networks] it decides no better than by chance (measure/standing.h) */
    int64_t *seed_of; /* [networks] its seed; -1: unknown */
    int64_t fewest, most;   /* networks at an alpha */
    int64_t images, people; /* that are drawn; 0: none */
    int64_t with_trials;    /* networks that have trials */
    double beyond[2];       /* alphas of runs below and above the ends that lack the score; NaN: none */
    double level;
    stats_variance variance;
    stats_best_alpha at;
    double margin_cv; /* cross-validated, at the reference of all images; NaN where nothing can be left out */
    double p_holm;    /* NaN where it is not primary or has one seed */
    spot_verdict verdict;
    char **unequal;   /* runs that are other experiments, each with the reason */
    int64_t unequal_count;
    bool *unequal_alpha; /* [alphas] has such a run */
    double p_equal;      /* p without those alphas; NaN: too few are left, or there are none */
    char *drop_name;     /* of the run without which p is largest; NULL: there is none */
    stats_slope below, above; /* of lines up to and from the leader, score against alpha: a description */
    double accuracy[3];  /* of the networks at the lower end, the best alpha, the upper end; or NaN */
    char basis[160];     /* what was drawn, in words */
} sweetspot;

typedef struct sweetspot_list {
    int64_t count, capacity;
    sweetspot *spots;
    declaration *declared; /* owned; NULL: the study has no study.yaml */
    spot_only only; /* the networks that were looked at */
    double level;
    int64_t primaries;     /* benchmarks that the correction is over, */
    int64_t shown;         /* and of these what is shown after it */
    double serves_p;       /* that one alpha beats both ends in all primaries; NaN: none lies between them */
    int64_t serves_count;  /* alphas of which that is said at the level: the first of these */
    double serves[64];
} sweetspot_list;
#define SWEETSPOT_LIST_INIT                                                                        \
    {                                                                                              \
        .count = 0                                                                                 \
    }

/* The settings `sweetspot.*`, and what the caller brings. */
typedef struct sweetspot_options {
    int variance;   /* a stats_variance */
    int rule;       /* 0: largest or lowest; 1: nearest to people */
    int64_t draws;  /* of the noise */
    int64_t rounds; /* of the bootstrap of images and people */
    int64_t seed;
    double level;
    double most_alpha, accuracy_within; /* of the networks that are looked at (spot_only.h); 0: all are */
    pool *threads; /* NULL: the calling thread alone */
    const measures *const *measures; /* whose spots are looked for */
} sweetspot_options;
extern const option sweetspot_settings[];
/* What they say to the statistics. */
stats_best_alpha_options sweetspot_statistics(const sweetspot_options *o);
/* The defaults of the settings. */
#define SWEETSPOT_OPTIONS_INIT                                                                     \
    {                                                                                              \
        .draws = STATS_ALPHA_DRAWS, .rounds = 10000, .level = 0.95                                 \
    }

/* JEM_EUSAGE, JEM_EDATA for a study.yaml that means nothing.
 * One entry per line of the list of measures whose scores are there at two alphas or more, comparisons
 * with people first.  An empty list is no error.  Trials that do not fit the score become a warning of
 * the study, and the score is used.  Borrows from the study only while it runs. */
jem_status sweetspots_find(sweetspot_list *out, study *s, const sweetspot_options *o);
/* JEM_EDATA, with the commands that make scores, where the list is empty. */
jem_status sweetspots_check(const sweetspot_list *list, const study *s);
void sweetspot_list_clear(sweetspot_list *list); /* SWEETSPOT_LIST_INIT is fine */

/* ---- as text */

/* What is shown and what is not, of one line: "shown (p = .004, ...": no full stop. */
void sweetspot_words(strbuf *out, const sweetspot *p);
/* "2AFC (traditional, cnn)", "shape bias" */
const char *sweetspot_measure(const sweetspot *p);
/* "{0.4, 0.5}" of alphas where take [n] is true; "{}" */
void sweetspot_alphas(strbuf *out, const double *alpha, const bool *take, int64_t n);
/* ".004", "< .001", ".41" */
void sweetspot_p(char *out, size_t size, double p);
/* ".021", "1.35": three decimals. */
void sweetspot_number(char *out, size_t size, double x);
/* All benchmarks in one sentence for a paper, and when primary scores were named; nothing where there is
 * nothing to say. */
void sweetspots_sentence(strbuf *out, const sweetspot_list *list);

/* For people: a table, then the words of each line, then the sentence. */
void sweetspots_table(strbuf *out, const sweetspot_list *list);
/* One line per benchmark and score. */
void sweetspots_tsv(strbuf *out, const sweetspot_list *list);
/* One line per benchmark, score and alpha: value, standard error, advantage and its lower limit. */
void sweetspots_curves_tsv(strbuf *out, const sweetspot_list *list);
/* *text (owned) <- an array with one object per line, curves included. */
jem_status sweetspots_json(char **text, const sweetspot_list *list);

#endif
