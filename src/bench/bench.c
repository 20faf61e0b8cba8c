/* What benchmarks share: the keys bench.* and how a score is put together. */
#include "bench/bench.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

#define AT(field) offsetof(bench_options, field)
const option bench_option_table[] = {
    {"rounds", OPTION_INT, AT(rounds), "10000", 100, 1e7, NULL, "resamples of the bootstrap"},
    {"seed", OPTION_INT, AT(seed), "0", 0, 1e15, NULL,
     "seed of the bootstrap and of random splits"},
    {"level", OPTION_REAL, AT(level), "0.95", 0.5, 0.9999, NULL, "of the intervals"},
    {"resample", OPTION_CHOICE, AT(resample), "both", 0, 0, "both|images",
     "draw images and people, which is conservative, or images alone: of these very people"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

bool bench_keeps_people(const bench_options *o) { return o->resample == BENCH_RESAMPLE_IMAGES; }

/* Where a person finds an image hard, drawing both has their meeting in it thrice: once with the images,
 * once with the people, once by itself. */
const char *bench_drawn_text(const bench_options *o)
{
    return bench_keeps_people(o)
               ? "images drawn, with all of these people"
               : "people and images drawn, which is conservative: their interaction counts three times";
}

/* *text <- "*text; more"; either may be empty. */
static jem_status append(char **text, const char *more)
{
    char *joined = NULL;
    jem_status st;
    if (!more || !more[0]) return JEM_OK;
    st = *text ? str_format(&joined, "%s; %s", *text, more) : mem_strdup(&joined, more);
    if (st != JEM_OK) return st;
    mem_free(*text);
    *text = joined;
    return JEM_OK;
}

/* The formula, and what the subject must say with every score. */
static jem_status join_formula(char **out, const char *formula, const subject *who)
{
    jem_status st;
    char said[256] = "";

    *out = NULL;
    TRY(append(out, formula));
    if (!who) goto done;
    TRY(append(out, who->note));
    if (who->ops->describe) who->ops->describe(who->ctx, said, sizeof said);
    TRY(append(out, said));
done:
    return st;
}

bench_score bench_human(const char *metric, const char *condition, double value,
                        const char *formula)
{
    return (bench_score){.metric = metric,
                         .condition = condition,
                         .value = value,
                         .interval = {NAN, NAN},
                         .ceiling = NAN,
                         .formula = formula,
                         .model = "human"};
}

jem_status bench_add(const bench_request *r, const bench_score *s)
{
    jem_status st;
    char *formula = NULL, hash[17] = "";
    /* Reference rows (human, oracle) are nobody's alpha and carry no note about the network. */
    const subject *who = s->model ? NULL : r->subject;
    score out = SCORE_INIT;

    if (r->stop && *r->stop) return jem_error(JEM_EINTERRUPTED, "stopped by a signal");
    TRY(join_formula(&formula, s->formula, who));
    if (s->data_hash) snprintf(hash, sizeof hash, "%016" PRIx64, s->data_hash);
    out.benchmark = s->benchmark;
    out.metric = s->metric;
    out.dataset = s->dataset;
    out.condition = s->condition;
    out.model = s->model ? s->model : who ? who->name : NULL;
    if (who) {
        out.alpha = who->alpha;
        out.seed = who->seed;
    }
    out.value = s->value;
    out.low = s->interval.low;
    out.high = s->interval.high;
    out.n = s->n;
    out.ceiling = s->ceiling;
    out.formula = formula;
    out.data_hash = s->data_hash ? hash : NULL;
    out.command = r->command;
    TRY(score_list_append(r->scores, &out));
done:
    mem_free(formula);
    return st;
}
