/* Kept outcomes of ClickMe: see outcomes.h. */
#include "bench/clickme/outcomes.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/fields.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/map_prepare.h"
#include "jem/tensor.h"
#include "record/record.h"

const char *const clickme_metric_names[CLICKME_METRICS] = {"spearman", "iou", "dice"};

void clickme_outcomes_clear(clickme_outcomes *e)
{
    for (int64_t i = 0; i < e->n; i++) mem_free(e->images[i].name);
    for (int k = 0; k < e->source_count; k++) mem_free(e->sources[k]);
    mem_free(e->images);
    mem_free(e->maps);
}

static jem_status find_source(int *out, clickme_outcomes *e, const char *name)
{
    jem_status st = JEM_OK;
    for (*out = 0; *out < e->source_count; ++*out)
        if (strcmp(e->sources[*out], name) == 0) return JEM_OK;
    if (*out == CLICKME_SOURCES_MAX)
        return jem_error(JEM_EDATA, "index.tsv: more than %d sources of images", CLICKME_SOURCES_MAX);
    TRY(mem_strdup(&e->sources[*out], name));
    e->source_count++;
done:
    return st;
}

jem_status clickme_remember(clickme_outcomes *e, const clickme_image *m)
{
    jem_status st;
    clickme_outcome seen = {.label = m->label, .target = -1, .right = -1};

    TRY(find_source(&seen.source, e, m->source));
    TRY(MEM_GROW(e->images, e->n, e->capacity));
    TRY(mem_strdup(&seen.name, m->name));
    e->images[e->n++] = seen;
    e->hash = XXH64(m->map, sizeof m->map, e->hash);
done:
    return st;
}

jem_status clickme_keep_map(clickme_outcomes *e, const float *map)
{
    const jem_status st = MEM_GROW(e->maps, e->map_count, e->map_room);
    if (st == JEM_OK) memcpy(e->maps[e->map_count++].v, map, sizeof e->maps->v);
    return st;
}

/* ---- files */

static jem_status save_metric(const clickme_outcomes *e, const char *subject, const char *out, int k)
{
    jem_status st = JEM_OK;
    trial_list list = TRIAL_LIST_INIT;
    char response[NUMBER_TEXT_MAX], label[24], file[24];

    for (int64_t i = 0; i < e->n; i++) {
        const clickme_outcome *one = &e->images[i];
        snprintf(label, sizeof label, "%" PRId64, one->label);
        const trial t = {.subj = subject,
                         .session = 1,
                         .trial = i + 1,
                         .rt = NAN,
                         .object_response = number_text(response, one->value[k]),
                         .category = one->label < 0 ? "NA" : label,
                         .condition = e->sources[one->source],
                         .imagename = one->name};
        TRY(trial_list_append(&list, &t));
    }
    snprintf(file, sizeof file, "clickme%s%s", k == CLICKME_SPEARMAN ? "" : "-",
             k == CLICKME_SPEARMAN ? "" : clickme_metric_names[k]);
    TRY(trial_list_save(&list, out, file));
done:
    trial_list_clear(&list);
    return st;
}

static jem_status save_maps(const clickme_outcomes *e, const char *out)
{
    jem_status st;
    char *path = NULL;
    const jem_tensor t = {JEM_F32, 3, {e->map_count, CLICKME_SIDE, CLICKME_SIDE}, e->maps};

    TRY(str_format(&path, "%s/trials/clickme-maps.npy", out));
    TRY(jem_npy_write(path, &t));
done:
    mem_free(path);
    return st;
}

jem_status clickme_save_outcomes(const clickme_outcomes *e, const char *subject, const char *out)
{
    jem_status st = JEM_OK;
    if (!out) return JEM_OK;
    for (int k = 0; k < CLICKME_METRICS; k++) TRY(save_metric(e, subject, out, k));
    if (e->map_count > 0) TRY(save_maps(e, out));
done:
    return st;
}
