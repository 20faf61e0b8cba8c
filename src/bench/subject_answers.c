/* Recorded answers as a subject: each operation looks up what was answered (recording.h). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/plain.h"
#include "base/try.h"
#include "bench/label_map.h"
#include "bench/map_prepare.h"
#include "bench/recording.h"
#include "bench/subject.h"

enum { IMAGENET_CLASSES = 1000 };
/* What is left of a probability of 0 where its logarithm is asked for. */
static const double probability_floor = 1e-12;
/* Rows whose sum is as near to 1 as this are probabilities: float16, up to 1000 classes. */
static const double probability_slack = 1e-3;
/* Percentages with one digit behind the point, of ten classes. */
static const double percent_slack = 0.6;

typedef struct answers_ctx {
    recording r;
    int64_t classes;
    bool probabilities;
    label_map *map;
    bool decided, resized;
} answers_ctx;

/* ---- answers */

static jem_status decide_trial(void *ctx, const stimulus *s, int64_t n, int32_t *category)
{
    const answers_ctx *k = ctx;
    const answer *a;
    for (int64_t i = 0; i < n; i++) {
        jem_status st = recording_find(&k->r, &s[i], s[i].condition, &a);
        if (st != JEM_OK) return st;
        category[i] = (int32_t)a->value;
    }
    return JEM_OK;
}

static jem_status distance(void *ctx, const stimulus *a, const stimulus *b, int64_t n, float *d)
{
    const answers_ctx *k = ctx;
    const answer *found;
    for (int64_t i = 0; i < n; i++) {
        jem_status st = recording_find(&k->r, &a[i], b[i].condition, &found);
        if (st != JEM_OK) return st;
        d[i] = (float)found->value;
    }
    return JEM_OK;
}

/* out [n][k] <- rows of the files as they are. */
static jem_status rows(const answers_ctx *k, const stimulus *s, int64_t n, double *out)
{
    const answer_file *f;
    int64_t row;
    for (int64_t i = 0; i < n; i++) {
        jem_status st = recording_row(&k->r, &s[i], &f, &row);
        if (st != JEM_OK) return st;
        for (int64_t c = 0; c < k->classes; c++)
            out[i * k->classes + c] = tensor_number(&f->values, row * k->classes + c);
    }
    return JEM_OK;
}

static jem_status logits(void *ctx, const stimulus *s, int64_t n, double *out)
{
    const answers_ctx *k = ctx;
    jem_status st = rows(k, s, n, out);
    if (st != JEM_OK || !k->probabilities) return st;
    for (int64_t i = 0; i < n * k->classes; i++) out[i] = log(fmax(out[i], probability_floor));
    return JEM_OK;
}

static jem_status decide(void *ctx, const stimulus *s, int64_t n, int32_t *category)
{
    jem_status st;
    answers_ctx *k = ctx;
    double *f = NULL;

    if (!k->map)
        return jem_error(JEM_EUSAGE,
                         "%s: logits of %lld classes, not 1000 (ImageNet); say which "
                         "class is which of the 16 categories with a mapping",
                         k->r.path, (long long)k->classes);
    TRY(MEM_NEW(f, n * k->classes));
    TRY(rows(k, s, n, f));
    TRY(label_map_decide(k->map, category, f, n, k->classes, k->probabilities));
    k->decided = true;
done:
    mem_free(f);
    return st;
}

static jem_status saliency(void *ctx, const stimulus *s, const saliency_request *how, float *map,
                           int64_t height, int64_t width)
{
    jem_status st;
    answers_ctx *k = ctx;
    const answer_file *f;
    int64_t row;
    double *own = NULL, *resized = NULL;
    (void)how; /* the map was made for whatever class it was made for */

    TRY(recording_row(&k->r, s, &f, &row));
    int64_t h = f->values.shape[1], w = f->values.shape[2];
    TRY(MEM_NEW(own, h * w));
    TRY(MEM_NEW(resized, height * width));
    for (int64_t i = 0; i < h * w; i++) own[i] = tensor_number(&f->values, row * h * w + i);
    TRY(map_resize(resized, height, width, own, h, w));
    for (int64_t i = 0; i < height * width; i++) map[i] = (float)resized[i];
    k->resized = k->resized || h != height || w != width;
done:
    mem_free(own);
    mem_free(resized);
    return st;
}

/* Values [n], or [instances][n], of which every instance answers. */
static jem_status rate(void *ctx, const stimulus *s, int64_t n, double *out)
{
    const answers_ctx *k = ctx;
    const answer_file *f = &k->r.files[0];
    bool several = f->values.ndim == 2;
    int64_t row, count = several ? f->values.shape[0] : 1, length = several ? k->classes : 0;

    if (several && k->r.file_count > 1)
        return jem_error(JEM_EDATA,
                         "%s: [%lld][%lld] and other files; several instances of a "
                         "model are one file [instances][images]",
                         f->path, (long long)count, (long long)length);
    for (int64_t i = 0; i < n; i++) {
        if (several) {
            row = s[i].place;
            if (row < 0 || row >= length)
                return jem_error(JEM_EDATA,
                                 "%s: [%lld][%lld]; several instances of a model are "
                                 "[instances][images], and there are more images",
                                 f->path, (long long)count, (long long)length);
        } else {
            jem_status st = recording_row(&k->r, &s[i], &f, &row);
            if (st != JEM_OK) return st;
        }
        for (int64_t m = 0; m < count; m++)
            out[m * n + i] = tensor_number(&f->values, m * length + row);
    }
    return JEM_OK;
}

static jem_status features(void *ctx, const char *layer, const stimulus *s, int64_t n, float *out,
                           int64_t *dim)
{
    const answers_ctx *k = ctx;
    const answer_file *f;
    int64_t row;
    (void)layer; /* the file holds the layer it holds */

    *dim = k->classes;
    for (int64_t i = 0; out && i < n; i++) {
        jem_status st = recording_row(&k->r, &s[i], &f, &row);
        if (st != JEM_OK) return st;
        for (int64_t d = 0; d < *dim; d++)
            out[i * *dim + d] = (float)tensor_number(&f->values, row * *dim + d);
    }
    return JEM_OK;
}

static bool has_set(void *ctx, const char *set)
{
    return recording_has_set(&((const answers_ctx *)ctx)->r, set);
}

static jem_status use_mapping(void *ctx, struct label_map *map)
{
    answers_ctx *k = ctx;
    label_map_free(k->map);
    k->map = map;
    return JEM_OK;
}

static void describe(void *ctx, char *text, size_t size)
{
    const answers_ctx *k = ctx;
    text[0] = '\0';
    if (k->decided) label_map_describe(k->map, text, size);
    if (k->resized) snprintf(text, size, "maps resized");
}

static void release(void *ctx)
{
    answers_ctx *k = ctx;
    if (!k) return;
    recording_clear(&k->r);
    label_map_free(k->map);
    mem_free(k);
}

/* ---- what a recording is able to answer */

static const subject_ops ops[] = {
    /* [n][k]: logits or probabilities, or several instances of scalars */
    [RECORDING_AUTO] = {.logits = logits,
                        .decide = decide,
                        .rate = rate,
                        .has_set = has_set,
                        .use_mapping = use_mapping,
                        .describe = describe,
                        .free = release},
    [RECORDING_TRIALS] = {.decide = decide_trial, .has_set = has_set, .free = release},
    [RECORDING_LOGITS] = {.logits = logits,
                          .decide = decide,
                          .has_set = has_set,
                          .use_mapping = use_mapping,
                          .describe = describe,
                          .free = release},
    [RECORDING_DISTANCES] = {.distance = distance, .has_set = has_set, .free = release},
    [RECORDING_MAPS] = {.saliency = saliency,
                        .has_set = has_set,
                        .describe = describe,
                        .free = release},
    [RECORDING_SCALARS] = {.rate = rate, .has_set = has_set, .free = release},
    [RECORDING_FEATURES] = {.features = features, .has_set = has_set, .free = release},
};

/* All files have rows of one length, or maps that may differ in size. */
static jem_status check_widths(answers_ctx *k)
{
    const answer_file *files = k->r.files;
    if (files[0].values.ndim == 2) k->classes = files[0].values.shape[1];
    for (int64_t i = 1; i < k->r.file_count; i++)
        if (files[i].values.ndim != files[0].values.ndim ||
            (files[0].values.ndim == 2 && files[i].values.shape[1] != k->classes))
            return jem_error(JEM_EDATA, "%s: another shape than %s", files[i].path, files[0].path);
    return JEM_OK;
}

/* *sums <- how many rows sum to `whole`, *bad <- the first that does not; false if a value of
 * theirs is no part of it. */
static bool parts_of(const jem_tensor *t, double whole, double slack, int64_t *sums, int64_t *bad)
{
    int64_t k = t->shape[1];
    *sums = 0;
    *bad = -1;
    for (int64_t i = 0; i < t->shape[0]; i++) {
        double sum = 0;
        for (int64_t c = 0; c < k; c++) {
            double x = tensor_number(t, i * k + c);
            if (!(x >= 0 && x <= whole)) return false;
            sum += x;
        }
        if (fabs(sum - whole) <= slack)
            ++*sums;
        else if (*bad < 0)
            *bad = i;
    }
    return true;
}

/* Probabilities: all values in [0,1] and most rows sum to 1; then all must. */
static jem_status find_probabilities(answers_ctx *k)
{
    for (int64_t i = 0; i < k->r.file_count; i++) {
        const answer_file *f = &k->r.files[i];
        int64_t sums = 0, bad = -1;
        if (f->values.shape[1] > 1 && parts_of(&f->values, 100, percent_slack, &sums, &bad) && bad < 0)
            return jem_error(JEM_EDATA,
                             "%s: all %lld rows sum to 100: percentages, where logits or probabilities "
                             "are expected; divide them by 100", f->path, (long long)sums);
        bool are = parts_of(&f->values, 1, probability_slack, &sums, &bad) &&
                   2 * sums > f->values.shape[0];
        if (are && bad >= 0)
            return jem_error(JEM_EDATA,
                             "%s: row %lld does not sum to 1, as the other rows of "
                             "probabilities do",
                             f->path, (long long)bad);
        if (i > 0 && are != k->probabilities)
            return jem_error(JEM_EDATA, "%s holds %s, %s does not", f->path,
                             are ? "probabilities" : "logits", k->r.files[0].path);
        k->probabilities = are;
    }
    return JEM_OK;
}

static jem_status parse_kind(recording_kind *kind, const char **observer, const char *text)
{
    static const struct {
        const char *name;
        recording_kind kind;
    } kinds[] = {{"auto", RECORDING_AUTO},        {"trials", RECORDING_TRIALS},
                 {"logits", RECORDING_LOGITS},    {"distances", RECORDING_DISTANCES},
                 {"maps", RECORDING_MAPS},        {"scalars", RECORDING_SCALARS},
                 {"features", RECORDING_FEATURES}};
    *observer = NULL;
    if (strncmp(text, "trials:", 7) == 0) {
        *observer = text + 7;
        *kind = RECORDING_TRIALS;
        return JEM_OK;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, text) != 0) continue;
        *kind = kinds[i].kind;
        return JEM_OK;
    }
    return jem_error(JEM_EUSAGE,
                     "'%s' is no kind of answers; there are auto, trials, logits, "
                     "distances, maps, scalars, features",
                     text);
}

/* "resnet50" from trials; else what the file is called. */
static void name_subject(char *name, size_t size, const recording *r)
{
    const char *last = r->path, *end = r->path + strlen(r->path);
    char raw[sizeof((subject *)0)->name];
    while (end > last + 1 && end[-1] == '/') end--;
    for (const char *p = r->path; p + 1 < end; p++)
        if (*p == '/') last = p + 1;
    const char *dot = end;
    for (const char *p = last + 1; p < end && r->file_count == 1; p++)
        if (*p == '.') dot = p;
    if (r->observer[0])
        snprintf(raw, sizeof raw, "%s", r->observer);
    else
        snprintf(raw, sizeof raw, "%.*s", (int)(dot - last), last);
    plain_format(name, size, "%s", raw);
}

jem_status subject_of_answers(subject *out, const char *path, const char *kind)
{
    jem_status st;
    answers_ctx *k = NULL;
    recording_kind asked = RECORDING_AUTO;
    const char *observer;

    TRY(parse_kind(&asked, &observer, kind));
    TRY(MEM_NEW(k, 1));
    TRY(recording_read(&k->r, path, asked, observer));
    TRY(check_widths(k));
    bool gives_logits = k->r.kind == RECORDING_AUTO || k->r.kind == RECORDING_LOGITS;
    if (gives_logits && k->classes == 0) {
        st = jem_error(JEM_EDATA, "%s: one number per image; logits are [n][classes]", path);
        goto done;
    }
    if (gives_logits) TRY(find_probabilities(k));
    if (gives_logits && k->classes == IMAGENET_CLASSES) TRY(label_map_imagenet(&k->map));
    *out = (subject){.alpha = NAN,
                     .seed = -1,
                     .classes = gives_logits ? k->classes : 0,
                     .logits_known = !k->probabilities,
                     .ops = &ops[k->r.kind],
                     .ctx = k};
    const answer_file *f = &k->r.files[0];
    if (f->values.ndim > 0 && !f->named && k->r.file_count == 1) out->places = f->values.shape[0];
    if (out->ops->rate && f->values.ndim == 2) out->instances = f->values.shape[0];
    if (k->r.kind == RECORDING_SCALARS && f->values.ndim == 2) out->places = f->values.shape[1];
    name_subject(out->name, sizeof out->name, &k->r);
    if (k->probabilities)
        snprintf(out->note, sizeof out->note, "from probabilities, clipped at 1e-12");
    k = NULL;
done:
    release(k);
    return st;
}
