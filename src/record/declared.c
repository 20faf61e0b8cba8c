/* What was declared before training, in study.yaml and declared.json: see declared.h. */
#include "record/declared.h"

#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text_file.h"
#include "base/try.h"
#include "record/json_file.h"

enum { LARGEST_FILE = 1 << 20, LARGEST_RECORD = 8 << 20 };

typedef struct places {
    char *yaml, *json;
} places;

static void places_clear(places *p)
{
    mem_free(p->yaml);
    mem_free(p->json);
}

static jem_status places_of(places *p, const char *study)
{
    jem_status st;
    *p = (places){NULL, NULL};
    TRY(str_format(&p->yaml, "%s/study.yaml", study));
    TRY(str_format(&p->json, "%s/declared.json", study));
done:
    return st;
}

/* The text of a study.yaml as JSON has it. */
static jem_status read_text(json_t **out, const char *path)
{
    jem_status st;
    char *text = NULL;
    size_t size;

    TRY(text_read(&text, &size, path, LARGEST_FILE));
    *out = json_stringn(text, size);
    if (!*out) st = json_text_error(JEM_EDATA, text, path);
done:
    mem_free(text);
    return st;
}

/* *same <- false where there is no such file. */
static jem_status same_text(bool *same, const char *path, const json_t *text)
{
    jem_status st;
    json_t *now = NULL;

    *same = false;
    if (!file_exists(path)) return JEM_OK;
    TRY(read_text(&now, path));
    *same = json_equal(now, text);
done:
    json_decref(now);
    return st;
}

/* *root <- NULL where nothing is kept. */
static jem_status read_kept(json_t **root, const char *path)
{
    jem_status st;
    *root = NULL;
    if (!file_exists(path)) return JEM_OK;
    TRY(json_read(root, path, LARGEST_RECORD));
    if (json_is_string(json_object_get(*root, "date")) && json_is_string(json_object_get(*root, "text")) &&
        json_is_integer(json_object_get(*root, "runs")))
        goto done;
    st = jem_error(JEM_EDATA, "%s: expected date, runs and text, as jem sweep writes them; if it was damaged, remove "
                              "it: the study then counts as one whose study.yaml has no date", path);
done:
    if (st != JEM_OK) {
        json_decref(*root);
        *root = NULL;
    }
    return st;
}

jem_status declared_read(declared *out, const char *study)
{
    jem_status st;
    places p;
    json_t *root = NULL;
    declared d = {.path = NULL};
    bool same;

    TRY(places_of(&p, study));
    if (!file_exists(p.yaml)) goto done;
    TRY(read_kept(&root, p.json));
    if (root) {
        TRY(mem_strdup(&d.date, json_string_value(json_object_get(root, "date"))));
        d.runs = json_integer_value(json_object_get(root, "runs"));
        TRY(same_text(&same, p.yaml, json_object_get(root, "text")));
        d.changed = !same;
    }
    d.path = p.yaml;
    p.yaml = NULL;
done:
    if (st == JEM_OK) *out = d;
    else declared_clear(&d);
    json_decref(root);
    places_clear(&p);
    return st;
}

void declared_clear(declared *d)
{
    mem_free(d->path);
    mem_free(d->date);
    *d = (declared){.path = NULL};
}

jem_status declared_check(const char *study, const char *from, int64_t runs)
{
    jem_status st;
    places p;
    json_t *text = NULL;
    bool same = true;

    TRY(places_of(&p, study));
    if (!from) goto done;
    TRY(read_text(&text, from));
    TRY(same_text(&same, p.yaml, text));
    if (!same && runs > 0 && file_exists(p.yaml))
        st = jem_error(JEM_EUSAGE, "%s: %lld run%s of this study began with another study.yaml; give none, or "
                                   "choose another folder", from, (long long)runs, runs == 1 ? "" : "s");
done:
    json_decref(text);
    places_clear(&p);
    return st;
}

static json_t *record_of(json_t *text, int64_t runs)
{
    char date[32];
    struct tm now;
    const time_t clock = time(NULL);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&clock, &now));
    return json_pack("{s:s s:I s:O}", "date", date, "runs", (json_int_t)runs, "text", text);
}

jem_status declared_keep(const char *study, const char *from, int64_t runs)
{
    jem_status st;
    places p;
    json_t *text = NULL, *root = NULL, *kept = NULL;
    bool same = false;

    TRY(places_of(&p, study));
    if (from) {
        TRY(read_text(&text, from));
        TRY(same_text(&same, p.yaml, text));
        if (!same) TRY(file_copy(from, p.yaml));
    } else if (file_exists(p.yaml)) {
        TRY(read_text(&text, p.yaml));
    }
    if (!text) goto done;
    TRY(read_kept(&kept, p.json));
    if (kept && (runs > 0 || json_equal(json_object_get(kept, "text"), text))) goto done;
    root = record_of(text, runs);
    TRY(json_file_write(p.json, root));
done:
    json_decref(kept);
    json_decref(root);
    json_decref(text);
    places_clear(&p);
    return st;
}
