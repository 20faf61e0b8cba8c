/* What is changed after a divergence: see rescue.h.  Grathwohl et al. 2020 went on with
 * another seed; fewer rate, more steps and an L2 penalty on energies are the advice of
 * the authors' issue tracker. */
#include "train/rescue.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/options_table.h"
#include "base/try.h"
#include "train/config.h"

enum { STEPS_MAX = 100000 }; /* of the key sampler.steps */

#define AT(field) offsetof(rescue_options, field)
const option rescue_option_table[] = {
    {"tries", OPTION_INT, AT(tries), "5", 0, RESCUE_TRIES_MAX, NULL,
     "attempts to go on after a divergence; 0: stop at the first"},
    {"rules", OPTION_STRING, AT(rules), "noise,rate,steps,rate,energy_l2", 0, 0, NULL,
     "what each attempt changes: noise, rate, steps or energy_l2; the last one repeats"},
    {"rate_factor", OPTION_REAL, AT(rate_factor), "0.5", 1e-6, 1, NULL,
     "rule rate: factor on train.lr"},
    {"steps_factor", OPTION_REAL, AT(steps_factor), "1.5", 1, 1000, NULL,
     "rule steps: factor on sampler.steps"},
    {"energy_l2", OPTION_REAL, AT(energy_l2), "0.1", 1e-12, 1e6, NULL,
     "rule energy_l2: least train.energy_l2, doubled when it applies again"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};
#undef AT

rescue_state rescue_none(void)
{
    return (rescue_state){.rate_factor = 1, .steps_factor = 1};
}

/* ---- rules */

typedef enum rule { RULE_NOISE, RULE_RATE, RULE_STEPS, RULE_ENERGY_L2, RULES } rule;
static const char *const rule_names[RULES] = {"noise", "rate", "steps", "energy_l2"};

/* The next word of a list; NULL at its end.  *length excludes spaces around it. */
static const char *next_word(const char **list, int *length)
{
    const char *word = *list, *end;
    if (!word) return NULL;
    word += strspn(word, " ");
    end = word + strcspn(word, ",");
    *list = *end ? end + 1 : NULL;
    while (end > word && end[-1] == ' ') end--;
    *length = (int)(end - word);
    return word;
}

static rule find_rule(const char *word, int length)
{
    int r = 0;
    while (r < RULES && (strlen(rule_names[r]) != (size_t)length ||
                         strncmp(rule_names[r], word, (size_t)length) != 0))
        r++;
    return (rule)r;
}

static jem_status unknown_rule(const char *word, int length)
{
    char name[64];
    int nearest = 0, distance = INT32_MAX;
    snprintf(name, sizeof name, "%.*s", length, word);
    for (int r = 0; r < RULES; r++) {
        int d = options_distance(name, rule_names[r]);
        if (d < distance) distance = d, nearest = r;
    }
    return jem_error(JEM_EUSAGE,
                     "rescue.rules: unknown rule '%s'; did you mean '%s'?  (a list of noise, rate, "
                     "steps, energy_l2)",
                     name, rule_names[nearest]);
}

jem_status rescue_check(const rescue_options *o)
{
    const char *list = o->rules, *word;
    int length;
    while ((word = next_word(&list, &length)))
        if (find_rule(word, length) == RULES) return unknown_rule(word, length);
    return JEM_OK;
}

bool rescue_left(const rescue_state *s, const rescue_options *o)
{
    return s->count < o->tries && s->count < RESCUE_TRIES_MAX;
}

/* The rule of attempt `number` from 0.  If none of the list can change anything, the
 * last one is taken all the same. */
static rule pick_rule(const rescue_options *o, int number, bool chains)
{
    rule last = RULE_NOISE;
    for (int pass = 0; pass < 2; pass++) {
        const char *list = o->rules, *word;
        int length, found = 0;
        while ((word = next_word(&list, &length))) {
            rule r = find_rule(word, length);
            if (!chains && pass == 0 && r != RULE_RATE) continue;
            last = r;
            if (found++ == number) return r;
        }
        if (found > 0) break;
    }
    return last;
}

static void apply(rescue_state *s, char change[RESCUE_TEXT], rule r, const rescue_options *o,
                  const config *cfg)
{
    double rate = cfg->train.lr * s->rate_factor;
    int64_t steps = rescue_steps(s, cfg->sampler.steps);
    double strength = rescue_energy_l2(s, cfg->train.energy_l2);
    switch (r) {
    case RULE_RATE:
        s->rate_factor *= o->rate_factor;
        snprintf(change, RESCUE_TEXT, "train.lr %g -> %g", rate, cfg->train.lr * s->rate_factor);
        break;
    case RULE_STEPS:
        s->steps_factor *= o->steps_factor;
        snprintf(change, RESCUE_TEXT, "sampler.steps %lld -> %lld", (long long)steps,
                 (long long)rescue_steps(s, cfg->sampler.steps));
        break;
    case RULE_ENERGY_L2:
        s->energy_l2 = strength < o->energy_l2 ? o->energy_l2 : 2 * strength;
        snprintf(change, RESCUE_TEXT, "train.energy_l2 %g -> %g", strength, s->energy_l2);
        break;
    case RULE_NOISE:
    case RULES:
        s->reseeds++;
        snprintf(change, RESCUE_TEXT, "fresh noise for the chains, number %lld",
                 (long long)s->reseeds);
        break;
    }
}

/* Reasons end up in JSON and on pages: printable ASCII only. */
static void copy_reason(char out[RESCUE_TEXT], const char *text)
{
    int n = 0;
    for (; text[n] && n < RESCUE_TEXT - 1; n++)
        out[n] = text[n] < ' ' || text[n] > '~' ? '?' : text[n];
    out[n] = '\0';
}

void rescue_next(rescue_state *s, const rescue_options *o, const config *cfg, int64_t iteration,
                 int64_t back_to, const char *reason)
{
    rescue_event *e = &s->events[s->count];
    *e = (rescue_event){.iteration = iteration, .back_to = back_to};
    copy_reason(e->reason, reason);
    apply(s, e->change, pick_rule(o, s->count, config_runs_chains(cfg)), o, cfg);
    s->count++;
}

/* ---- effective settings */

/* Multiples of an odd constant: the seeds 1, 2, 3 of a study never meet. */
uint64_t rescue_seed(const rescue_state *s, uint64_t seed)
{
    return seed + (uint64_t)s->reseeds * UINT64_C(0x9e3779b97f4a7c15);
}

int64_t rescue_steps(const rescue_state *s, int64_t steps)
{
    return (int64_t)fmin(ceil((double)steps * s->steps_factor), STEPS_MAX);
}

double rescue_energy_l2(const rescue_state *s, double strength)
{
    return fmax(strength, s->energy_l2);
}

/* ---- JSON */

json_t *rescue_to_json(const rescue_state *s)
{
    json_t *events = json_array();
    for (int i = 0; i < s->count; i++) {
        const rescue_event *e = &s->events[i];
        json_t *one = json_pack("{s:I s:I s:s s:s}", "iteration", (json_int_t)e->iteration,
                                "back_to", (json_int_t)e->back_to, "reason", e->reason, "change",
                                e->change);
        if (json_array_append_new(events, one) != 0) {
            json_decref(events);
            return NULL;
        }
    }
    /* takes `events` over, and fails if that is NULL */
    return json_pack("{s:I s:f s:f s:f s:o}", "reseeds", (json_int_t)s->reseeds, "rate_factor",
                     s->rate_factor, "steps_factor", s->steps_factor, "energy_l2", s->energy_l2,
                     "events", events);
}

static bool read_event(rescue_event *e, json_t *o)
{
    json_int_t iteration, back_to;
    const char *reason, *change;
    if (json_unpack_ex(o, NULL, JSON_STRICT, "{s:I s:I s:s s:s}", "iteration", &iteration,
                       "back_to", &back_to, "reason", &reason, "change", &change) != 0)
        return false;
    if (back_to < 0 || iteration < back_to || strlen(reason) >= RESCUE_TEXT ||
        strlen(change) >= RESCUE_TEXT)
        return false;
    e->iteration = iteration;
    e->back_to = back_to;
    memcpy(e->reason, reason, strlen(reason) + 1);
    memcpy(e->change, change, strlen(change) + 1);
    return true;
}

/* What RESCUE_TRIES_MAX attempts with any options could have made at most. */
static bool plausible(const rescue_state *s)
{
    static const double least_factor = 1e-6, most_factor = 1000, most_energy_l2 = 1e6;
    return s->reseeds >= 0 && s->reseeds <= s->count && s->rate_factor <= 1 &&
           s->rate_factor >= 0.5 * pow(least_factor, s->count) && s->steps_factor >= 1 &&
           s->steps_factor <= 2 * pow(most_factor, s->count) && s->energy_l2 >= 0 &&
           s->energy_l2 <= most_energy_l2 * pow(2, RESCUE_TRIES_MAX);
}

bool rescue_follows(const rescue_state *s, const rescue_options *o, const config *cfg)
{
    rescue_state b = rescue_none();
    while (b.count < s->count) rescue_next(&b, o, cfg, 0, 0, "");
    return s->reseeds == b.reseeds && s->rate_factor == b.rate_factor &&
           s->steps_factor == b.steps_factor && s->energy_l2 == b.energy_l2;
}

static jem_status take_apart(rescue_state *s, json_t *root, const char *origin)
{
    rescue_state b = rescue_none();
    json_error_t e = {.text = "an event is not as it should be"};
    json_int_t reseeds;
    json_t *events;
    bool ok = json_unpack_ex(root, &e, JSON_STRICT, "{s:I s:F s:F s:F s:o}", "reseeds", &reseeds,
                             "rate_factor", &b.rate_factor, "steps_factor", &b.steps_factor,
                             "energy_l2", &b.energy_l2, "events", &events) == 0 &&
              json_is_array(events) && json_array_size(events) <= RESCUE_TRIES_MAX;
    if (ok) {
        b.reseeds = reseeds;
        b.count = (int)json_array_size(events);
        for (int i = 0; ok && i < b.count; i++)
            ok = read_event(&b.events[i], json_array_get(events, (size_t)i));
        ok = ok && plausible(&b);
    }
    if (!ok)
        return jem_error(JEM_EDATA, "%s: the record of rescues is damaged: %s", origin, e.text);
    *s = b;
    return JEM_OK;
}

jem_status rescue_from_json(rescue_state *s, json_t *root, const char *origin)
{
    json_watch();
    return json_verdict(take_apart(s, root, origin), origin);
}

jem_status rescue_save(const rescue_state *s, safetensors_writer *w)
{
    jem_status st;
    char *text = NULL;
    json_t *root = rescue_to_json(s);
    TRY(json_text(&text, root, JSON_COMPACT | JSON_REAL_PRECISION(17)));
    TRY(safetensors_writer_metadata(w, "jem.rescue", text));
done:
    mem_free(text);
    json_decref(root);
    return st;
}

/* For the record as JSON: a checkpoint is read beside it. */
enum { RECORD_MEMORY = 4 << 20 };

jem_status rescue_restore(rescue_state *s, const safetensors *f)
{
    jem_status st;
    json_t *root = NULL;
    const char *path = safetensors_path(f), *text = safetensors_metadata(f, "jem.rescue");
    if (!text)
        return jem_error(JEM_EDATA, "%s: jem.rescue is missing: not a checkpoint of a training",
                         path);
    st = json_parse(&root, text, strlen(text), "jem.rescue", RECORD_MEMORY);
    if (st != JEM_OK) return jem_error_context(st, "%s", path);
    st = rescue_from_json(s, root, path);
    json_decref(root);
    return st;
}
