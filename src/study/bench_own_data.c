/* Lending a run's data to the benchmarks it is scored on. */
#include "study/bench_own_data.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/options_table.h"
#include "base/try.h"
#include "run/import.h"

/* A folder of this kind with this file in it serves as `key`. */
static const struct {
    const char *kind, *sign, *key;
} images[] = {{"cifar10", "test_batch.bin", "cifar10h.images"},
              {"gloss", "scene_log.csv", "gloss.scenes"}};

/* What must then be as it was in training, so that the images tested are the run's. */
static const struct {
    const char *key, *of_run;
} gloss_keys[] = {{"gloss.test_fraction", "data.test_fraction"},
                  {"gloss.label", "data.label"},
                  {"gloss.light", "data.light"},
                  {"gloss.bump", "data.bump"},
                  {"gloss.size", "data.size"}};

static bool is_given(const char *const *given, int count, const char *key)
{
    size_t n = strlen(key);
    for (int i = 0; i < count; i++)
        if (strncmp(given[i], key, n) == 0 && given[i][n] == '=') return true;
    return false;
}

static bool same_folder(const char *a, const char *b)
{
    char *x = realpath(a, NULL), *y = realpath(b, NULL);
    bool same = x && y && strcmp(x, y) == 0;
    free(x);
    free(y);
    return same;
}

static jem_status lend_images(bench_settings *s, const run *r, const char *const *given,
                              int count)
{
    jem_status st = JEM_OK;
    char *sign = NULL;

    for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
        if (is_given(given, count, images[i].key) || strcmp(images[i].kind, r->cfg.data.kind) != 0)
            continue;
        mem_free(sign);
        sign = NULL;
        TRY(str_format(&sign, "%s/%s", r->cfg.data.path, images[i].sign));
        TRY(options_set(s->groups, images[i].key, file_exists(sign) ? r->cfg.data.path : "",
                        "the run's data.path"));
    }
done:
    mem_free(sign);
    return st;
}

/* Share of scenes that is tested: of split "[train, val, test]" or, if it is "[]", fraction.
 * rounding: by how much it may differ from the share that numbers of images are rounded from. */
static double tested_share(double *rounding, const char *split, const char *fraction)
{
    double part = 0, all = 0;
    char *end;
    for (const char *text = split + 1; *text; text = *end ? end + 1 : end) {
        part = strtod(text, &end);
        if (end == text) break;
        all += part;
    }
    *rounding = all > 0 ? 0.5 / all : 0;
    return all > 0 ? part / all : strtod(fraction, NULL);
}

static jem_status check_split(const bench_settings *s, const run *r)
{
    jem_status st;
    char split[OPTION_STRING_MAX], fraction[64];
    double rounding, own = r->cfg.data.test_fraction;

    TRY(options_get(s->groups, "gloss.split", split, sizeof split));
    TRY(options_get(s->groups, "gloss.test_fraction", fraction, sizeof fraction));
    double tested = tested_share(&rounding, split, fraction);
    if (tested < own - rounding)
        log_warning("gloss: %.4g of the scenes are tested, this run left the last %.4g out of its "
                    "training (its data.test_fraction): the probes are fitted on the others",
                    tested, own);
    if (tested > own + rounding)
        st = jem_error(JEM_EUSAGE,
                       "gloss: %.4g of the scenes would be tested, all but the last %.4g of which "
                       "this run was trained on (its data.test_fraction): leave gloss.split and "
                       "gloss.test_fraction out to test those",
                       tested, own);
done:
    return st;
}

/* An imported network was trained for no chains: pictures are shown as they are. */
static jem_status choose_steps(bench_settings *s, const run *r, const char *const *given, int count)
{
    static const char key[] = "cue-conflict.steps";
    option_place p;

    if (is_given(given, count, key) || options_find(&p, s->groups, key, key) != JEM_OK) return JEM_OK;
    return options_set(s->groups, key, import_made(r) ? "[0]" : p.option->default_text, "the run's weights");
}

jem_status bench_own_data(bench_settings *s, run *r, const char *const *given, int count)
{
    jem_status st;
    char text[OPTION_STRING_MAX];

    TRY(choose_steps(s, r, given, count));
    TRY(lend_images(s, r, given, count));
    TRY(options_get(s->groups, "gloss.scenes", text, sizeof text));
    if (strcmp(r->cfg.data.kind, "gloss") != 0 || !text[0]) goto done;
    if (!same_folder(text, r->cfg.data.path)) {
        log_warning("gloss: %s is not the folder this run was trained on (its data.path, %s): if it "
                    "holds the same scenes, some that are tested may be some it was trained on",
                    text, r->cfg.data.path);
        goto done;
    }
    for (size_t i = 0; i < sizeof gloss_keys / sizeof *gloss_keys; i++) {
        if (is_given(given, count, gloss_keys[i].key)) continue;
        TRY(options_get(config_groups(&r->cfg), gloss_keys[i].of_run, text, sizeof text));
        TRY(options_set(s->groups, gloss_keys[i].key, text, "the run's settings"));
    }
    TRY(check_split(s, r));
done:
    return st;
}
