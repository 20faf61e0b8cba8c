/* STUDY/study.json, the list of the runs of a study: see sweep_study.h. */
#include "study/sweep_study.h"

#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/try.h"
#include "record/json_file.h"

enum { LARGEST_STUDY = 64 << 20 };

static json_t *describe_run(const sweep_run *r)
{
    json_t *entry = json_pack("{s:s s:f s:I s:s}", "path", r->name, "alpha", r->alpha, "seed",
                              (json_int_t)r->seed, "status", sweep_state_name(r->state));
    if (r->state > SWEEP_FINISHED && r->reason[0])
        json_object_set_new(entry, "reason", json_plain_string(r->reason));
    return entry;
}

static bool among(const sweep_run *runs, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(runs[i].name, name) == 0) return true;
    return false;
}

/* Appends the entries of the file that are not among `runs`; an unreadable file has none. */
static jem_status keep_others(json_t *list, const sweep_run *runs, int count, const char *path)
{
    jem_status st = JEM_OK;
    size_t i;
    json_t *before = NULL, *entry;

    if (!file_exists(path)) return JEM_OK;
    st = json_read(&before, path, LARGEST_STUDY);
    if (st != JEM_OK) return st == JEM_EDATA ? JEM_OK : st;
    json_array_foreach(json_object_get(before, "runs"), i, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "path"));
        if (name && !among(runs, count, name)) json_array_append(list, entry);
    }
    json_decref(before);
    return st;
}

/* A number where all alphas have as many, else one each. */
static json_t *seeds_json(const sweep_plan *p)
{
    bool equal = true;
    json_t *each = json_array();
    for (int i = 0; i < p->alpha_count; i++) {
        equal = equal && p->seeds[i] == p->seeds[0];
        json_array_append_new(each, json_integer((json_int_t)p->seeds[i]));
    }
    if (!equal) return each;
    json_decref(each);
    return json_integer((json_int_t)p->seeds[0]);
}

jem_status sweep_study_write(const sweep_plan *p, const sweep_run *runs, int count,
                             const char *folder)
{
    jem_status st;
    char *path = NULL;
    json_t *root = json_object(), *alphas = json_array(), *set = json_array(),
           *list = json_array();

    for (int i = 0; i < p->alpha_count; i++)
        json_array_append_new(alphas, json_real(p->alphas[i]));
    for (int i = 0; i < p->set_count; i++)
        json_array_append_new(set, json_plain_string(p->set[i]));
    for (int i = 0; i < count; i++) json_array_append_new(list, describe_run(&runs[i]));
    json_object_set_new(root, "version", json_string(JEM_VERSION));
    json_object_set_new(root, "config", json_text_or_null(p->config_path));
    json_object_set_new(root, "set", set);
    json_object_set_new(root, "alphas", alphas);
    json_object_set_new(root, "seeds", seeds_json(p));
    json_object_set_new(root, "runs", list);
    TRY(str_format(&path, "%s/study.json", folder));
    TRY(keep_others(list, runs, count, path));
    if ((int)json_array_size(list) < count) {
        st = jem_error(JEM_ENOMEM, "%s: out of memory", path);
        goto done;
    }
    TRY(json_file_write(path, root));
done:
    json_decref(root);
    mem_free(path);
    return st;
}

/* ---- reading */

static jem_status read_entry(sweep_run *r, const json_t *entry, const char *path, int number)
{
    jem_status st;
    const char *name;
    json_int_t seed;
    json_error_t e;

    if (json_unpack_ex((json_t *)(uintptr_t)entry, &e, 0, "{s:s s:F s:I}", "path", &name, "alpha", &r->alpha, "seed", &seed))
        return jem_error(JEM_EDATA, "%s: run %d: %s; restore the file, or begin the sweep again", path, number, e.text);
    if (strlen(name) >= SWEEP_NAME)
        return jem_error(JEM_EDATA, "%s: run %d: its name is longer than %d bytes", path, number, SWEEP_NAME - 1);
    st = name_check(name, "run");
    if (st != JEM_OK) return jem_error_context(st, "%s", path);
    r->seed = seed;
    memcpy(r->name, name, strlen(name) + 1);
    return JEM_OK;
}

jem_status sweep_study_read(sweep_run **runs, int *count, const char *folder)
{
    jem_status st;
    char *path = NULL;
    json_t *root = NULL, *list;
    sweep_run *read = NULL;

    TRY(str_format(&path, "%s/study.json", folder));
    if (!file_exists(path)) {
        st = jem_error(JEM_EDATA, "%s: not a study: there is no study.json in it", folder);
        goto done;
    }
    TRY(json_read(&root, path, LARGEST_STUDY));
    list = json_object_get(root, "runs");
    const int n = (int)json_array_size(list);
    if (n == 0) {
        st = jem_error(JEM_EDATA, "%s: lists no runs; restore the file, or begin the sweep again", path);
        goto done;
    }
    TRY(MEM_NEW(read, n));
    for (int i = 0; i < n; i++) TRY(read_entry(&read[i], json_array_get(list, (size_t)i), path, i));
    *runs = read;
    *count = n;
    read = NULL;
done:
    mem_free(read);
    json_decref(root);
    mem_free(path);
    return st;
}
