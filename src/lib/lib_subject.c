/* A host's subject as benchmarks see it: see lib_subject.h. */
#include "lib/lib_subject.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/try.h"
#include "bench/label_map.h"
#include "lib/lib_call.h"

enum { IMAGENET_CLASSES = 1000 };

typedef struct host_subject {
    const jem_subject *host;
    subject_ops ops;
    label_map *map; /* NULL: decides nothing */
    bool decided;
} host_subject;

/* shown [n] <- as the host sees them; pictures are of three channels (image_read). */
static jem_status show(jem_stimulus **shown, const stimulus *s, int64_t n)
{
    jem_status st = MEM_NEW(*shown, n);
    if (st != JEM_OK) return st;
    for (int64_t i = 0; i < n; i++)
        (*shown)[i] = (jem_stimulus){.name = s[i].name,
                                     .set = s[i].set,
                                     .condition = s[i].condition,
                                     .place = s[i].place,
                                     .pixels = s[i].picture ? s[i].picture->pixels : NULL,
                                     .height = s[i].picture ? s[i].picture->height : 0,
                                     .width = s[i].picture ? s[i].picture->width : 0};
    return JEM_OK;
}

/* What the host's functions write has to be numbers. */
static jem_status check_numbers(const host_subject *h, const char *what, const stimulus *s, int64_t n, int64_t each,
                                const double *x)
{
    for (int64_t i = 0; i < n * each; i++)
        if (!isfinite(x[i]))
            return jem_error(JEM_EDATA, "%s of %s for %s: value %lld is not finite", what, h->host->name,
                             s[i / each].name ? s[i / each].name : "a stimulus", (long long)(i % each));
    return JEM_OK;
}

typedef jem_status (*host_numbers)(void *ctx, const jem_stimulus *s, int64_t n, double *out);

/* out [n][each] <- what the host's function says of the stimuli. */
static jem_status ask_numbers(const host_subject *h, host_numbers ask, const char *what, const stimulus *s, int64_t n,
                              int64_t each, double *out)
{
    jem_status st;
    jem_stimulus *shown = NULL;
    lib_call plain;

    TRY(show(&shown, s, n));
    lib_call_back_begin(&plain);
    st = ask(h->host->ctx, shown, n, out);
    lib_call_back_end(&plain);
    if (st == JEM_OK) st = check_numbers(h, what, s, n, each, out);
done:
    mem_free(shown);
    return st;
}

static jem_status logits(void *ctx, const stimulus *s, int64_t n, double *out)
{
    const host_subject *h = ctx;
    return ask_numbers(h, h->host->logits, "logits", s, n, h->host->classes, out);
}

static jem_status decide(void *ctx, const stimulus *s, int64_t n, int32_t *category)
{
    jem_status st;
    host_subject *h = ctx;
    double *f = NULL;

    TRY(MEM_NEW(f, n * h->host->classes));
    TRY(logits(ctx, s, n, f));
    TRY(label_map_decide(h->map, category, f, n, h->host->classes, false));
    h->decided = true;
done:
    mem_free(f);
    return st;
}

static jem_status distance(void *ctx, const stimulus *a, const stimulus *b, int64_t n, float *d)
{
    jem_status st;
    const host_subject *h = ctx;
    jem_stimulus *first = NULL, *second = NULL;
    lib_call plain;

    TRY(show(&first, a, n));
    TRY(show(&second, b, n));
    lib_call_back_begin(&plain);
    st = h->host->distance(h->host->ctx, first, second, n, d);
    lib_call_back_end(&plain);
    for (int64_t i = 0; st == JEM_OK && i < n; i++)
        if (!isfinite(d[i]))
            st = jem_error(JEM_EDATA, "distance of %s for %s: not finite", h->host->name,
                           a[i].name ? a[i].name : "a pair");
done:
    mem_free(second);
    mem_free(first);
    return st;
}

static jem_status rate(void *ctx, const stimulus *s, int64_t n, double *out)
{
    const host_subject *h = ctx;
    return ask_numbers(h, h->host->rate, "rating", s, n, 1, out);
}

static jem_status saliency(void *ctx, const stimulus *s, const saliency_request *how, float *map, int64_t height,
                           int64_t width)
{
    jem_status st;
    const host_subject *h = ctx;
    jem_stimulus *shown = NULL;
    lib_call plain;

    TRY(show(&shown, s, 1));
    lib_call_back_begin(&plain);
    st = h->host->saliency(h->host->ctx, shown, how->y, map, height, width);
    lib_call_back_end(&plain);
    for (int64_t i = 0; st == JEM_OK && i < height * width; i++)
        if (!isfinite(map[i]))
            st = jem_error(JEM_EDATA, "saliency of %s for %s: value %lld is not finite", h->host->name,
                           s->name ? s->name : "a stimulus", (long long)i);
done:
    mem_free(shown);
    return st;
}

static jem_status use_mapping(void *ctx, struct label_map *map)
{
    host_subject *h = ctx;
    jem_status st = label_map_check(map, h->host->classes);
    if (st != JEM_OK) return st;
    label_map_free(h->map);
    h->map = map;
    h->ops.decide = decide;
    return JEM_OK;
}

static void describe(void *ctx, char *text, size_t size)
{
    const host_subject *h = ctx;
    text[0] = 0;
    if (h->decided) label_map_describe(h->map, text, size);
}

void lib_subject_clear(subject *s)
{
    host_subject *h = s->ctx;
    if (h) label_map_free(h->map);
    mem_free(h);
    *s = (subject){.ops = NULL};
}

static jem_status check(const jem_subject *s)
{
    if (!s->name || !name_is_plain(s->name))
        return jem_error(JEM_EUSAGE, "subject->name = '%s' cannot name scores and files; choose 1 to %d bytes of plain "
                         "text without '/' that begin with neither '.' nor '-'", s->name ? s->name : "", NAME_MOST);
    if (!s->logits && !s->distance && !s->rate && !s->saliency)
        return jem_error(JEM_EUSAGE, "subject %s has no function: nothing can be asked", s->name);
    if (s->classes < 0 || s->classes > INT32_MAX || (s->logits && s->classes < 1))
        return jem_error(JEM_EUSAGE, "subject %s: classes = %lld; choose how many logits it gives", s->name,
                         (long long)s->classes);
    return JEM_OK;
}

jem_status lib_subject(subject *out, const jem_subject *s, const char *mapping)
{
    jem_status st;
    host_subject *h = NULL;
    subject made = {.ops = NULL};

    TRY(check(s));
    TRY(MEM_NEW(h, 1));
    made.ctx = h;
    h->host = s;
    if (s->logits && s->classes == IMAGENET_CLASSES) TRY(label_map_imagenet(&h->map));
    h->ops = (subject_ops){.logits = s->logits ? logits : NULL,
                           .decide = h->map ? decide : NULL,
                           .distance = s->distance ? distance : NULL,
                           .rate = s->rate ? rate : NULL,
                           .saliency = s->saliency ? saliency : NULL,
                           .use_mapping = s->logits ? use_mapping : NULL,
                           .describe = describe};
    snprintf(made.name, sizeof made.name, "%s", s->name);
    made.alpha = NAN;
    made.seed = -1;
    made.classes = s->logits ? s->classes : 0;
    made.logits_known = true;
    made.needs_pictures = true;
    made.ops = &h->ops;
    if (mapping) TRY(subject_use_mapping(&made, mapping));
    *out = made;
    made = (subject){.ops = NULL};
done:
    lib_subject_clear(&made);
    return st;
}
