/* jem/sweetspot.h over sweetspot/. */
#include "lib/lib_sweetspot.h"

#include <math.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "lib/lib_call.h"

_Static_assert((int)JEM_SWEETSPOT_SCORES == (int)SPOT_SCORES_MAX, "a line has as many scores");

enum { METRIC_MAX = 256 };

/* What a jem_sweetspots owns: what was found, and what a row has to be given. */
typedef struct found_spots {
    sweetspot_list list;
    char **metrics, **words;        /* [list.count] */
    jem_sweetspot_alpha *alphas;    /* of all lines, one after the other */
    char *sentence;
} found_spots;

void jem_sweetspots_clear(jem_sweetspots *s)
{
    found_spots *own = s ? s->owner : NULL;
    if (!s) return;
    if (own) {
        strings_free(own->metrics, own->metrics ? (int)own->list.count : 0);
        strings_free(own->words, own->words ? (int)own->list.count : 0);
        sweetspot_list_clear(&own->list);
        mem_free(own->alphas);
        mem_free(own->sentence);
    }
    mem_free(own);
    mem_free(s->rows);
    *s = (jem_sweetspots)JEM_SWEETSPOTS_INIT;
}

/* *text <- what the buffer holds; it is empty then. */
static jem_status take_text(char **text, strbuf *b)
{
    jem_status st = strbuf_status(b);
    if (st == JEM_OK) st = mem_strdup(text, b->used ? b->data : "");
    strbuf_clear(b);
    return st;
}

/* Scores of the line that count: one, or both in their plane. */
static int score_of(const sweetspot *p, int i)
{
    return p->score < 0 ? i : p->score;
}

static jem_sweetspot_alpha alpha_row(const sweetspot *p, int64_t a)
{
    jem_sweetspot_alpha row = {.alpha = p->alpha[a],
                               .value = {NAN, NAN},
                               .sem = {NAN, NAN},
                               .seeds = p->seeds[a],
                               .advantage = p->at.advantage[a],
                               .least = p->at.least[a],
                               .p = p->at.p_alpha[a],
                               .in_set = p->at.in_set[a]};
    for (int i = 0; i < (p->score < 0 ? p->line->count : 1); i++) {
        row.value[i] = p->value[score_of(p, i) * p->alphas + a];
        row.sem[i] = p->sem[score_of(p, i) * p->alphas + a];
    }
    return row;
}

static jem_sweetspot_row spot_row(const sweetspot *p, const jem_sweetspot_alpha *alpha, const char *metric,
                                  const char *words)
{
    jem_sweetspot_row row = {.benchmark = p->of->benchmark,
                             .metric = metric,
                             .measure = sweetspot_measure(p),
                             .scores = p->score < 0 ? p->line->count : 1,
                             .human = {NAN, NAN},
                             .distance = p->distance,
                             .primary = p->primary,
                             .alphas = p->alphas,
                             .alpha = alpha,
                             .best_alpha = p->alpha[p->at.best],
                             .p = p->at.p,
                             .p_drop = p->at.p_drop,
                             .p_holm = p->p_holm,
                             .margin = p->at.margin,
                             .margin_low = p->at.margin_low,
                             .margin_cv = p->margin_cv,
                             .detectable = p->at.detectable,
                             .fewest_seeds = p->fewest,
                             .most_seeds = p->most,
                             .images = p->images,
                             .people = p->people,
                             .verdict = spot_verdict_text(p->verdict),
                             .words = words,
                             .basis = p->basis};
    for (int i = 0; i < row.scores; i++) row.human[i] = p->human[score_of(p, i)];
    return row;
}

/* s->owner has the list. */
static jem_status fill(jem_sweetspots *s)
{
    jem_status st;
    found_spots *own = s->owner;
    const sweetspot_list *list = &own->list;
    strbuf text = STRBUF_INIT;
    char metric[METRIC_MAX];
    int64_t all = 0, used = 0;

    for (int64_t i = 0; i < list->count; i++) all += list->spots[i].alphas;
    TRY(MEM_NEW(s->rows, list->count));
    TRY(MEM_NEW(own->metrics, list->count));
    TRY(MEM_NEW(own->words, list->count));
    TRY(MEM_NEW(own->alphas, all));
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *p = &list->spots[i];
        const jem_sweetspot_alpha *first = own->alphas + used;
        for (int64_t a = 0; a < p->alphas; a++) own->alphas[used++] = alpha_row(p, a);
        spot_metric(metric, sizeof metric, p->line, p->score);
        TRY(mem_strdup(&own->metrics[i], metric));
        sweetspot_words(&text, p);
        TRY(take_text(&own->words[i], &text));
        s->rows[i] = spot_row(p, first, own->metrics[i], own->words[i]);
    }
    sweetspots_sentence(&text, list);
    TRY(take_text(&own->sentence, &text));
    s->count = list->count;
    s->level = list->level;
    s->primaries = list->primaries;
    s->shown = list->shown;
    s->sentence = own->sentence;
done:
    return st;
}

jem_status lib_sweetspot_options(sweetspot_options *to, const jem_sweetspot_options *asked, const char *function)
{
    jem_status st;
    jem_sweetspot_options o = JEM_SWEETSPOT_OPTIONS_INIT;
    const option_group groups[] = {{"sweetspot", sweetspot_settings, to}, {NULL, NULL, NULL}};

    TRY(lib_options(&o, sizeof o, asked, function, "JEM_SWEETSPOT_OPTIONS_INIT"));
    TRY(lib_check_texts(o.set, o.set_count, "o->set", function));
    TRY(options_defaults(groups));
    for (int i = 0; i < o.set_count; i++) TRY(options_assign(groups, o.set[i]));
    TRY(lib_threads(&to->threads, o.threads, function));
done:
    return st;
}

jem_status lib_spot_search_run(lib_spot_search *q, sweetspot_list *found, const char *folder,
                               const jem_sweetspot_options *asked, const char *function)
{
    jem_status st;

    benchmark_meanings(q->known, benchmark_list);
    q->how.measures = q->known;
    TRY(lib_sweetspot_options(&q->how, asked, function));
    TRY(study_read(&q->s, folder));
    TRY(sweetspots_find(found, q->s, &q->how));
    for (int64_t i = 0; i < q->s->warning_count; i++) log_warning("%s", q->s->warnings[i]);
    TRY(sweetspots_check(found, q->s));
done:
    return st;
}

void lib_spot_search_clear(lib_spot_search *q)
{
    pool_free(q->how.threads);
    study_free(q->s);
    *q = (lib_spot_search){.s = NULL};
}

jem_status jem_sweetspot(jem_sweetspots *out, const char *folder, const jem_sweetspot_options *asked)
{
    LIB_CALL;
    jem_status st;
    lib_spot_search search = {.s = NULL};
    jem_sweetspots made = JEM_SWEETSPOTS_INIT;
    found_spots *own = NULL;

    HOST_NEED(out);
    if (!folder) return jem_error(JEM_EUSAGE, "%s: study is NULL", __func__);
    TRY(MEM_NEW(own, 1));
    own->list = (sweetspot_list)SWEETSPOT_LIST_INIT;
    made.owner = own;
    TRY(lib_spot_search_run(&search, &own->list, folder, asked, __func__));
    TRY(fill(&made));
    *out = made;
    made = (jem_sweetspots)JEM_SWEETSPOTS_INIT;
done:
    jem_sweetspots_clear(&made);
    lib_spot_search_clear(&search);
    return st;
}
