/* Decisions of a subject on an image set. */
#include "bench/decisions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/try.h"
#include "record/image_name.h"

/* Pictures in memory at a time: 64 of 224 x 224 take 10 MB. */
enum { PICTURES_AT_ONCE = 64 };

static const char *condition_of(const decision_set *set, int64_t i)
{
    return set->condition && set->set->conditions[0] ? set->set->conditions[set->condition[i]]
                                                     : NULL;
}

static jem_status check_subject(const bench_request *r, const char *bench, const decision_set *set,
                                const char *pictures_needed)
{
    const subject *s = r->subject;
    jem_status st = subject_can(s, s->ops->decide != NULL, bench,
                                "decisions among the 16 categories, or logits of classes that "
                                "are mapped to them");
    if (st != JEM_OK) return st;
    if (s->ops->has_set && !s->ops->has_set(s->ctx, set->set->name))
        return jem_error(JEM_EUSAGE, "%s: %s has no answers to the image set '%s'", bench, s->name,
                         set->set->name);
    if (s->needs_pictures && !set->picture)
        return jem_error(JEM_EUSAGE, "%s: %s needs the pictures of '%s': %s", bench, s->name,
                         set->set->name, pictures_needed);
    return JEM_OK;
}

jem_status decisions_ask(int32_t *answer, const bench_request *r, const char *bench,
                         const decision_set *set, const char *pictures_needed)
{
    jem_status st;
    const subject *s = r->subject;
    bool look = s->needs_pictures;
    int64_t at_once = look ? PICTURES_AT_ONCE : set->n;
    stimulus *stimuli = NULL;
    image pictures[PICTURES_AT_ONCE] = {IMAGE_INIT};
    progress shown;

    TRY(check_subject(r, bench, set, pictures_needed));
    TRY(MEM_NEW(stimuli, at_once));
    if (look) progress_begin(&shown, set->set->name, "images", set->n, 0);
    for (int64_t first = 0; first < set->n; first += at_once) {
        int64_t count = set->n - first < at_once ? set->n - first : at_once;
        for (int64_t i = 0; i < count; i++) {
            if (look) {
                image_clear(&pictures[i]);
                TRY(set->picture(set->ctx, &pictures[i], first + i));
            }
            stimuli[i] = (stimulus){.name = set->id[first + i],
                                    .set = set->set->name,
                                    .condition = condition_of(set, first + i),
                                    .place = first + i,
                                    .picture = look ? &pictures[i] : NULL};
        }
        TRY(s->ops->decide(s->ctx, stimuli, count, answer + first));
        if (look) progress_update(&shown, first + count, NULL);
    }
    if (look) progress_end(&shown, set->n);
done:
    for (int i = 0; i < PICTURES_AT_ONCE; i++) image_clear(&pictures[i]);
    mem_free(stimuli);
    return st;
}

/* ---- trials */

/* In file names the toolbox wants no "_" in an observer's name. */
static void file_name_of(char *text, size_t size, const char *name, const char *variant)
{
    char whole[160];
    snprintf(whole, sizeof whole, "%s%s", name, variant);
    name_make(text, size, whole, ".-");
}

static jem_status append(trial_list *list, const decision_set *set, const int32_t *answer,
                         int64_t i, const char *who)
{
    jem_status st;
    char *name = NULL;
    const char *condition = condition_of(set, i), *category = category_names[set->category[i]];

    if (!condition) condition = "0";
    TRY(str_format(&name, "%04lld_%s_dnn_%s_%s_00_%s", (long long)i + 1, set->set->code, condition,
                   category, set->id[i]));
    const trial t = {.subj = who,
                     .session = 1,
                     .trial = i + 1,
                     .rt = NAN,
                     .object_response = answer[i] < 0 ? "na" : category_names[answer[i]],
                     .category = category,
                     .condition = condition,
                     .imagename = name};
    TRY(trial_list_append(list, &t));
done:
    mem_free(name);
    return st;
}

jem_status decisions_list(trial_list *list, const bench_request *r, const decision_set *set,
                          const int32_t *answer, const char *variant)
{
    char who[160];
    file_name_of(who, sizeof who, r->subject->name, variant);
    for (int64_t i = 0; i < set->n; i++) {
        jem_status st = append(list, set, answer, i, who);
        if (st != JEM_OK) return st;
    }
    return JEM_OK;
}

jem_status decisions_save(const bench_request *r, const char *bench, const decision_set *set,
                          const int32_t *answer, const char *variant)
{
    jem_status st;
    trial_list list = TRIAL_LIST_INIT;
    char *folder = NULL, *path = NULL, who[160];

    if (!r->out) return JEM_OK;
    file_name_of(who, sizeof who, r->subject->name, variant);
    TRY(decisions_list(&list, r, set, answer, variant));
    TRY(str_format(&folder, "%s/trials/%s/%s", r->out, bench, set->set->name));
    TRY(dir_ready(folder));
    TRY(str_format(&path, "%s/%s_%s_session-1.csv", folder, set->set->name, who));
    TRY(trial_list_write(&list, path));
done:
    mem_free(path);
    mem_free(folder);
    trial_list_clear(&list);
    return st;
}
