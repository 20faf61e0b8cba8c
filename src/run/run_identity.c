/* Whose a file is: see run_identity.h. */
#include "run/run_identity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/options_table.h"
#include "base/try.h"
#include "tensor/safetensors_checksum.h"
#include "train/config.h"

#define KEY_RUN "jem.run"
#define KEY_SETTINGS "jem.settings"
#define KEY_HASH "jem.settings_hash"

enum { SETTINGS_MEMORY = 4 << 20 };

/* ---- making one */

/* Those that a run is told from others by. */
static bool is_kept(const char *key)
{
    return config_key_role(key) < CONFIG_FREE;
}

/* What of them changes bits.  Alpha and seed, in which the runs of a study differ, are named beside it. */
static bool is_hashed(const char *key)
{
    return config_key_role(key) < CONFIG_KEEPS && strcmp(key, "alpha") != 0 && strcmp(key, "seed") != 0;
}

/* A key that earlier versions did not have says nothing where it means what they did: the runs of a
 * study that was begun with one of them have the same hash. */
static bool is_as_ever(const char *key, const char *value)
{
    return (strcmp(key, "train.objective") == 0 && strcmp(value, "auto") == 0) ||
           (strcmp(key, "train.init_sha256") == 0 && !value[0]);
}

static jem_status settings_text(char **out, config *cfg, bool (*wanted)(const char *key))
{
    jem_status st;
    char key[OPTION_KEY_MAX], value[OPTION_TEXT_MAX];
    const option_group *groups = config_groups(cfg);
    json_t *root = json_object();

    for (option_place p = {NULL, NULL, 0}; options_next(groups, &p);) {
        options_full_key(&p, key);
        if (!wanted(key)) continue;
        options_value_text(&p, value, sizeof value);
        if (is_as_ever(key, value)) continue;
        if (json_object_set_new(root, key, json_string(value)) == 0) continue;
        st = json_text_error(JEM_EUSAGE, value, key);
        goto done;
    }
    TRY(json_text(out, root, JSON_COMPACT));
done:
    json_decref(root);
    return st;
}

jem_status run_identity_init(run_identity *r, config *cfg)
{
    *r = (run_identity){.lists = &cfg->lists, .alpha = cfg->alpha, .seed = cfg->seed};
    return settings_text(&r->settings, cfg, is_kept);
}

jem_status run_identity_hash(run_identity *r, config *cfg, uint64_t data_hash)
{
    jem_status st;
    char *bits = NULL, *hashed = NULL;

    TRY(settings_text(&bits, cfg, is_hashed));
    TRY(str_format(&hashed, "%s\n%016" PRIx64, bits, data_hash));
    safetensors_checksum_text(r->settings_hash, XXH3_128bits(hashed, strlen(hashed)));
done:
    mem_free(bits);
    mem_free(hashed);
    return st;
}

void run_identity_clear(run_identity *r)
{
    mem_free(r->settings);
    *r = (run_identity)RUN_IDENTITY_INIT;
}

jem_status run_identity_draw(run_identity *r)
{
    uint64_t bits[2];
    ssize_t n;

    while ((n = getrandom(bits, sizeof bits, 0)) < 0 && errno == EINTR) continue;
    if (n != sizeof bits)
        return jem_error(JEM_EIO, "cannot draw random bits that name the run: %s",
                         n < 0 ? strerror(errno) : "too few");
    snprintf(r->id, sizeof r->id, "%016" PRIx64 "%016" PRIx64, bits[0], bits[1]);
    return JEM_OK;
}

bool run_identity_is(const char *id)
{
    return strlen(id) == RUN_IDENTITY_TEXT - 1 &&
           strspn(id, "0123456789abcdef") == RUN_IDENTITY_TEXT - 1;
}

jem_status run_identity_put(const run_identity *r, safetensors_writer *w)
{
    jem_status st;
    TRY(safetensors_writer_metadata(w, KEY_RUN, r->id));
    TRY(safetensors_writer_metadata(w, KEY_SETTINGS, r->settings));
    TRY(safetensors_writer_metadata(w, KEY_HASH, r->settings_hash));
done:
    return st;
}

/* ---- comparing */

typedef struct difference {
    char refused[3 * OPTION_STRING_MAX]; /* "train.lr is 0.001 there and 0.0005 here"; may be "" */
    char allowed[3 * OPTION_STRING_MAX];
} difference;

static void note(difference *d, const char *key, const char *there, const char *here)
{
    const config_role role = config_key_role(key);
    char *text = role == CONFIG_DECIDES ? d->refused : d->allowed;

    if (role == CONFIG_FREE || text[0] || strcmp(there, here) == 0) return;
    snprintf(text, sizeof d->refused, "%s is %s there and %s here", key, there, here);
}

/* Keys that one of the two versions does not know have their default value there. */
static jem_status compare(difference *d, const run_identity *r, json_t *there, json_t *here)
{
    jem_status st;
    config *defaults = NULL;
    char otherwise[OPTION_TEXT_MAX];
    const char *key, *name = json_string_value(json_object_get(here, "model.name"));
    json_t *value;

    TRY(MEM_NEW(defaults, 1));
    TRY(config_defaults(defaults, r->lists));
    TRY(model_spec_name(&defaults->model, r->lists->networks, name));
    json_object_foreach(here, key, value)
    {
        const char *was = json_string_value(json_object_get(there, key));
        TRY(options_get(config_groups(defaults), key, otherwise, sizeof otherwise));
        note(d, key, was ? was : otherwise, json_string_value(value));
    }
    json_object_foreach(there, key, value)
    {
        option_place p;
        if (json_object_get(here, key)) continue;
        if (options_find(&p, config_groups(defaults), key, "") != JEM_OK)
            note(d, key, json_is_string(value) ? json_string_value(value) : "?",
                 "unknown to this version of jem");
    }
done:
    mem_free(defaults);
    return st;
}

static jem_status parse(json_t **out, const char *text, const char *path)
{
    jem_status st = json_parse(out, text, strlen(text), KEY_SETTINGS, SETTINGS_MEMORY);
    if (st != JEM_OK) return jem_error_context(st, "%s", path);
    if (json_is_object(*out)) return JEM_OK;
    return jem_error(JEM_EDATA, "%s: " KEY_SETTINGS " is not an object", path);
}

static jem_status check_settings(const run_identity *r, const safetensors *f, bool resumed)
{
    jem_status st;
    const char *path = safetensors_path(f), *text = safetensors_metadata(f, KEY_SETTINGS);
    json_t *there = NULL, *here = NULL;
    difference *d = NULL;

    TRY(MEM_NEW(d, 1));
    TRY(parse(&there, text ? text : "{}", path));
    TRY(parse(&here, r->settings, path));
    TRY(compare(d, r, there, here));
    if (d->refused[0])
        st = jem_error(JEM_EUSAGE, "%s: of other settings than config.yaml has now (%s); put the "
                       "setting back, or begin a new run with the new one", path, d->refused);
    else if (d->allowed[0] && resumed)
        log_warning("%s: %s; from here on the new setting counts", path, d->allowed);
done:
    json_decref(there);
    json_decref(here);
    mem_free(d);
    return st;
}

jem_status run_identity_check(const run_identity *r, const safetensors *f, bool resumed)
{
    const char *id = safetensors_metadata(f, KEY_RUN), *text = safetensors_metadata(f, KEY_SETTINGS);

    if (!r || !r->id[0] || (!id && r->adopts)) return JEM_OK;
    if (!id || strcmp(id, r->id) != 0)
        return jem_error(JEM_EUSAGE, "%s: belongs to another run (%.32s; run.json says that this one "
                         "is %s); put the right file there", safetensors_path(f),
                         id ? id : "of an older version", r->id);
    return text && strcmp(text, r->settings) == 0 ? JEM_OK : check_settings(r, f, resumed);
}

/* ---- files of older versions */

static jem_status write_again(const run_identity *r, const safetensors *f, const char *path)
{
    jem_status st;
    safetensors_writer *w = NULL;
    const char *key;

    TRY(safetensors_writer_new(&w));
    for (int i = 0; (key = safetensors_metadata_key(f, i)); i++)
        if (strcmp(key, CHECKSUM_KEY) != 0)
            TRY(safetensors_writer_metadata(w, key, safetensors_metadata(f, key)));
    TRY(run_identity_put(r, w));
    for (int i = 0; i < safetensors_count(f); i++) {
        const jem_tensor t = safetensors_view(f, i);
        TRY(safetensors_writer_add(w, safetensors_name(f, i), t.dtype, t.ndim, t.shape, t.data));
    }
    TRY(safetensors_writer_save(w, path));
done:
    safetensors_writer_free(w);
    return st;
}

/* Weights say nothing of alpha and seed. */
static bool may_be_of(const run_identity *r, const safetensors *f)
{
    const char *alpha = safetensors_metadata(f, "jem.alpha");
    const char *seed = safetensors_metadata(f, "jem.seed");
    return (!alpha || strtod(alpha, NULL) == r->alpha) &&
           (!seed || strtoll(seed, NULL, 10) == r->seed);
}

jem_status run_identity_adopt(bool *done, const run_identity *r, const char *path)
{
    jem_status st;
    safetensors *f = NULL;

    *done = false;
    if (!file_exists(path)) return JEM_OK;
    TRY(safetensors_open_metadata(&f, path));
    if (safetensors_metadata(f, KEY_RUN)) goto done;
    safetensors_close(f);
    f = NULL;
    TRY(safetensors_open(&f, path));
    TRY(safetensors_require_checksum(f));
    if (!may_be_of(r, f)) goto done;
    TRY(write_again(r, f, path));
    *done = true;
done:
    safetensors_close(f);
    return st == JEM_EDATA ? JEM_OK : st;
}
