/* One change for all runs of a study: see sweep_rescue.h. */
#include "study/sweep_rescue.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/json_file.h"
#include "run/run.h"
#include "study/sweep_config.h"

enum { LARGEST_RESCUE = 1 << 20 };

/* ---- settings */

static rescue_base base_of(const config *cfg)
{
    return (rescue_base){cfg->train.lr, cfg->train.energy_l2, cfg->sampler.steps, cfg->rescue.tries};
}

/* The settings that the base has become. */
static void change_settings(config *cfg, const study_rescue *r)
{
    cfg->train.lr = r->base.lr * r->state.rate_factor;
    cfg->train.energy_l2 = rescue_energy_l2(&r->state, r->base.energy_l2);
    cfg->sampler.steps = rescue_steps(&r->state, r->base.steps);
    cfg->rescue.tries = 0;
}

/* The rules without `noise`; false: none is left. */
static bool rules_for_all(rescue_options *o)
{
    char words[OPTION_STRING_MAX], *rest = NULL;

    snprintf(words, sizeof words, "%s", o->rules);
    o->rules[0] = '\0';
    for (char *w = strtok_r(words, ", ", &rest); w; w = strtok_r(NULL, ", ", &rest)) {
        if (strcmp(w, "noise") == 0) continue;
        const size_t used = strlen(o->rules);
        snprintf(o->rules + used, sizeof o->rules - used, "%s%s", used ? "," : "", w);
    }
    return o->rules[0] != '\0';
}

bool study_rescue_left(const study_rescue *r, const config *cfg)
{
    rescue_options o = cfg->rescue;
    o.tries = r->base.tries;
    return r->of_study && rules_for_all(&o) && rescue_left(&r->state, &o);
}

/* ---- STUDY/rescue.json */

static jem_status write_story(const study_rescue *r)
{
    json_t *runs = json_array();
    for (int i = 0; i < r->state.count; i++) json_array_append_new(runs, json_string(r->run[i]));
    json_t *root = json_pack("{s:o s:o s:b s:f s:f s:I s:I}", "rescue", rescue_to_json(&r->state), "runs",
                             runs, "pending", r->pending, "lr", r->base.lr, "energy_l2", r->base.energy_l2,
                             "steps", (json_int_t)r->base.steps, "tries", (json_int_t)r->base.tries);
    jem_status st = json_file_write(r->path, root);
    json_decref(root);
    return st;
}

static jem_status take_runs(study_rescue *r, const json_t *runs)
{
    jem_status st = JEM_OK;
    for (int i = 0; i < r->state.count; i++) {
        const char *name = json_string_value(json_array_get(runs, (size_t)i));
        if (!name) return jem_error(JEM_EDATA, "%s: there is no run to change number %d", r->path, i + 1);
        TRY(mem_strdup(&r->run[i], name));
    }
done:
    return st;
}

static jem_status read_story(study_rescue *r)
{
    jem_status st;
    json_t *root = NULL, *state, *runs;
    json_error_t e;
    json_int_t steps, tries;
    int pending;

    TRY(json_read(&root, r->path, LARGEST_RESCUE));
    if (json_unpack_ex(root, &e, JSON_STRICT, "{s:o s:o s:b s:F s:F s:I s:I}", "rescue", &state, "runs", &runs,
                       "pending", &pending, "lr", &r->base.lr, "energy_l2", &r->base.energy_l2, "steps",
                       &steps, "tries", &tries) != 0) {
        st = jem_error(JEM_EDATA, "%s: %s", r->path, e.text);
        goto done;
    }
    r->base.steps = steps;
    r->base.tries = tries;
    r->pending = pending;
    TRY(rescue_from_json(&r->state, state, r->path));
    TRY(take_runs(r, runs));
done:
    json_decref(root);
    return st;
}

/* ---- runs */

/* Every run of the study, whatever sweep made it, goes to STUDY/set-aside/N. */
static jem_status set_aside(const study_rescue *r, const char *study)
{
    jem_status st;
    char **names = NULL, *from = NULL, *aside = NULL, *to = NULL;
    int count = 0;

    TRY(str_format(&aside, "%s/set-aside/%d", study, r->state.count));
    TRY(dir_make(aside));
    TRY(dir_list(&names, &count, study));
    for (int i = 0; i < count; i++) {
        mem_free(from);
        mem_free(to);
        from = to = NULL;
        TRY(str_format(&from, "%s/%s", study, names[i]));
        TRY(str_format(&to, "%s/%s", aside, names[i]));
        if (run_is(from)) TRY(file_rename(from, to));
    }
done:
    strings_free(names, count);
    mem_free(from);
    mem_free(to);
    mem_free(aside);
    return st;
}

/* What follows from a change that is written down; whole once the file says that nothing is pending. */
static jem_status carry_out(study_rescue *r, config *cfg, const char *study)
{
    jem_status st;
    sweep_config fresh = SWEEP_CONFIG_INIT;

    TRY(set_aside(r, study));
    TRY(config_absolute_paths(cfg));
    TRY(str_format(&fresh.path, "%s/config.yaml", study));
    TRY(sweep_config_keep(&fresh, cfg));
    r->pending = false;
    TRY(write_story(r));
done:
    sweep_config_clear(&fresh);
    return st;
}

/* ---- the study */

static jem_status has_runs(bool *yes, const char *study)
{
    jem_status st = JEM_OK;
    char **names = NULL, *folder = NULL;
    int count = 0;

    *yes = false;
    if (!dir_exists(study)) return JEM_OK;
    TRY(dir_list(&names, &count, study));
    for (int i = 0; i < count && !*yes; i++) {
        mem_free(folder);
        folder = NULL;
        TRY(str_format(&folder, "%s/%s", study, names[i]));
        *yes = run_is(folder);
    }
done:
    strings_free(names, count);
    mem_free(folder);
    return st;
}

static bool same_base(const rescue_base *a, const rescue_base *b)
{
    return a->lr == b->lr && a->energy_l2 == b->energy_l2 && a->steps == b->steps;
}

/* Are the settings those that the study was asked for with, or those that they have become? */
static jem_status take_settings(study_rescue *r, config *cfg, const char *study)
{
    const rescue_base given = base_of(cfg);
    config become = *cfg;
    change_settings(&become, r);
    const rescue_base now = base_of(&become);

    if (given.tries == 0 && same_base(&given, &now)) return JEM_OK; /* STUDY/config.yaml itself */
    if (r->state.count == 0)
        r->base = given;
    else if (!same_base(&given, &r->base))
        return jem_error(JEM_EUSAGE, "%s: was begun with train.lr %g, sampler.steps %lld, train.energy_l2 %g, and "
                         "what was changed since is in %s; choose another folder, or set them as they were", study,
                         r->base.lr, (long long)r->base.steps, r->base.energy_l2, r->path);
    r->base.tries = given.tries;
    change_settings(cfg, r);
    return JEM_OK;
}

jem_status study_rescue_open(study_rescue *r, sweep_rescue wanted, config *cfg, const char *study)
{
    jem_status st;
    study_rescue b = {.state = rescue_none(), .base = base_of(cfg)};
    bool begun = false;

    TRY(str_format(&b.path, "%s/rescue.json", study));
    TRY(has_runs(&begun, study));
    const bool told = file_exists(b.path);
    b.of_study = told || (!begun && wanted != SWEEP_RESCUE_RUN);
    if (wanted == (told ? SWEEP_RESCUE_RUN : SWEEP_RESCUE_STUDY) && (told || begun)) {
        st = jem_error(JEM_EUSAGE, "%s: was begun with a rescue of the %s; choose another folder, or go on as it was "
                       "begun", study, told ? "study" : "run");
        goto done;
    }
    if (told) TRY(read_story(&b));
    if (b.of_study) TRY(take_settings(&b, cfg, study));
    if (b.pending) TRY(carry_out(&b, cfg, study));
    *r = b;
    b = (study_rescue){.path = NULL};
done:
    study_rescue_clear(&b);
    return st;
}

jem_status study_rescue_look(study_rescue *r, const char *study)
{
    jem_status st;
    study_rescue b = {.state = rescue_none()};

    TRY(str_format(&b.path, "%s/rescue.json", study));
    b.of_study = file_exists(b.path);
    if (b.of_study) TRY(read_story(&b));
    *r = b;
    b = (study_rescue){.path = NULL};
done:
    study_rescue_clear(&b);
    return st;
}

jem_status study_rescue_keep(const study_rescue *r)
{
    return r->of_study ? write_story(r) : JEM_OK;
}

jem_status study_rescue_next(study_rescue *r, config *cfg, const char *study, const char *name,
                             int64_t iteration, const char *reason)
{
    jem_status st;
    rescue_options o = cfg->rescue;

    TRY(mem_strdup(&r->run[r->state.count], name));
    o.tries = r->base.tries;
    rules_for_all(&o);
    cfg->train.lr = r->base.lr; /* rules say what becomes of what was asked for */
    cfg->train.energy_l2 = r->base.energy_l2;
    cfg->sampler.steps = r->base.steps;
    rescue_next(&r->state, &o, cfg, iteration, 0, reason);
    change_settings(cfg, r);
    r->pending = true;
    TRY(write_story(r));
    TRY(carry_out(r, cfg, study));
done:
    return st;
}

void study_rescue_clear(study_rescue *r)
{
    for (int i = 0; i < RESCUE_TRIES_MAX; i++) mem_free(r->run[i]);
    mem_free(r->path);
    *r = (study_rescue){.path = NULL};
}
