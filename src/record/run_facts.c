/* run.json as a table of its keys (run_facts.h). */
#include "record/run_facts.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/try.h"

typedef enum field_kind { TEXT, WHOLE, REAL } field_kind;

typedef struct field {
    const char *key;
    field_kind kind;
    size_t offset;
    bool needed;  /* every version has written it */
    bool of_best; /* within "best" */
} field;

#define FIELD(name, kind, needed) {#name, kind, offsetof(run_facts, name), needed, false}
#define OF_BEST(key, kind, name) {key, kind, offsetof(run_facts, name), true, true}
static const field fields[] = {
    FIELD(status, TEXT, true),        FIELD(version, TEXT, true),
    FIELD(model, TEXT, true),         FIELD(seed, WHOLE, true),
    FIELD(classes, WHOLE, true),      FIELD(channels, WHOLE, true),
    FIELD(height, WHOLE, true),       FIELD(width, WHOLE, true),
    FIELD(params, WHOLE, true),       FIELD(data_hash, TEXT, true),
    FIELD(iteration, WHOLE, true),    FIELD(iterations, WHOLE, true),
    FIELD(alpha, REAL, true),         FIELD(epoch, REAL, true),
    FIELD(wall_s, REAL, true),        OF_BEST("iteration", WHOLE, best_iteration),
    OF_BEST("epoch", REAL, best_epoch), OF_BEST("score", REAL, best_score),
    OF_BEST("selected_by", TEXT, selected_by),
    FIELD(rank, WHOLE, false),        FIELD(ranks, WHOLE, false),
    FIELD(message, TEXT, false),      FIELD(id, TEXT, false),
    FIELD(settings_hash, TEXT, false), FIELD(log_hash, TEXT, false),
    FIELD(log_bytes, WHOLE, false),
};

/* Takes a value of the field's kind; false for another one. */
static bool take(run_facts *f, const field *d, const json_t *v)
{
    void *to = (char *)f + d->offset;
    if (d->kind == TEXT && json_is_string(v))
        *(const char **)to = json_string_value(v);
    else if (d->kind == WHOLE && json_is_integer(v))
        *(int64_t *)to = json_integer_value(v);
    else if (d->kind == REAL && json_is_number(v))
        *(double *)to = json_number_value(v);
    else /* null stands for a number that is not finite */
        return d->kind == REAL && json_is_null(v);
    return true;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int64_t whole_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static jem_status take_lists(run_facts *f)
{
    jem_status st;
    const json_t *events = json_object_get(f->root, "events");
    const json_t *names = json_object_get(f->root, "class_names");

    TRY(MEM_NEW(f->rescues, json_array_size(events)));
    TRY(MEM_NEW(f->class_names, json_array_size(names)));
    for (; f->rescue_count < (int64_t)json_array_size(events); f->rescue_count++) {
        const json_t *e = json_array_get(events, (size_t)f->rescue_count);
        f->rescues[f->rescue_count] = (run_rescue){whole_of(e, "iteration"), whole_of(e, "back_to"),
                                                   text_of(e, "reason"), text_of(e, "change")};
    }
    for (; f->class_count < (int64_t)json_array_size(names); f->class_count++) {
        const char *name = json_string_value(json_array_get(names, (size_t)f->class_count));
        f->class_names[f->class_count] = name ? name : "";
    }
done:
    return st;
}

jem_status run_facts_read(run_facts *out, const char *path)
{
    jem_status st;
    run_facts f = {.seed = -1, .ranks = 1, .alpha = NAN, .epoch = NAN, .wall_s = NAN,
                   .best_epoch = NAN, .best_score = NAN};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].kind == TEXT) *(const char **)(void *)((char *)&f + fields[i].offset) = "";
    TRY(json_read(&f.root, path, RUN_FACTS_MAX_BYTES));
    if (!json_is_object(f.root)) {
        st = jem_error(JEM_EDATA, "%s: expected an object", path);
        goto done;
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const field *d = &fields[i];
        const json_t *in = d->of_best ? json_object_get(f.root, "best") : f.root;
        const json_t *v = json_object_get(in, d->key);
        if (!(v ? take(&f, d, v) : !d->needed) && !f.lacks) f.lacks = d->key;
    }
    TRY(take_lists(&f));
    *out = f;
    f = (run_facts)RUN_FACTS_INIT;
done:
    run_facts_clear(&f);
    return st;
}

void run_facts_clear(run_facts *f)
{
    json_decref(f->root);
    mem_free(f->rescues);
    mem_free(f->class_names);
    *f = (run_facts)RUN_FACTS_INIT;
}

bool run_folder_is_imported(const char *folder)
{
    char *path = NULL;
    const bool is = str_format(&path, "%s/" RUN_IMPORTED, folder) == JEM_OK && file_exists(path);
    mem_free(path);
    return is;
}
