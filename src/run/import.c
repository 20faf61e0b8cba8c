/* Runs made of weights from elsewhere: see import.h. */
#include "run/import.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/try.h"
#include "model/weights.h"
#include "model/weights_fit.h"
#include "record/run_facts.h"
#include "run/checkpoint_store.h"
#include "tensor/tensor_file.h"

static const char by_import[] = "import"; /* run_info.selected_by */

bool import_made(const run *r)
{
    return strcmp(r->info.selected_by, by_import) == 0;
}

jem_status import_refuse_resume(const char *folder)
{
    if (!run_folder_is_imported(folder)) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: its weights were imported: there is no state of a training to go on "
                     "from (no optimiser, no replay buffer)", folder);
}

/* ---- making the run */

static jem_status settle(config *c, const import_request *r)
{
    jem_status st;
    char named[OPTION_STRING_MAX + 16];
    const char *const first[] = {named, "alpha=0", "data.kind=none"};

    TRY(config_defaults(c, r->lists));
    snprintf(named, sizeof named, "model.name=%s", r->model);
    TRY(config_assign(c, first, 3));
    for (int i = 0; i < r->assignment_count; i++)
        if (strncmp(r->assignments[i], "model.", 6) != 0 && strncmp(r->assignments[i], "data.", 5) != 0)
            return jem_error(JEM_EUSAGE, "setting %s: weights are imported with model.* and data.* alone; engine.* is for "
                             "the commands that use them", r->assignments[i]);
    TRY(config_assign(c, r->assignments, r->assignment_count));
    TRY(config_check(c));
    const model_spec *usual = c->model.network->usual;
    if (!usual && (r->classes < 1 || r->side < 1))
        return jem_error(JEM_EUSAGE, "%s is of no one size: say how many classes it has and how large its pictures are", r->model);
    c->model.channels = usual ? usual->channels : 3;
    c->model.classes = r->classes > 0 ? r->classes : usual->classes;
    c->model.height = c->model.width = r->side > 0 ? r->side : usual->height;
done:
    return st;
}

static void warn_not_finite(const char *file, const weights_not_finite *bad)
{
    if (bad->tensors == 0) return;
    log_warning("%s: tensor '%s' holds %g; %lld of its tensors hold %lld values that are not finite. They are kept as "
                "they are, and nothing is computed with them", file, bad->tensor, bad->value, (long long)bad->tensors,
                (long long)bad->values);
}

/* RUN/import.json. */
static jem_status keep_provenance(const import_request *r, const weights_not_finite *bad)
{
    jem_status st;
    struct stat about = {.st_size = 0};
    char *path = NULL, *text = NULL, sha[SHA256_HEX];
    const char *name = strrchr(r->file, '/');
    json_t *root = NULL;

    TRY(sha256_file(sha, r->file));
    if (stat(r->file, &about) != 0) about.st_size = 0;
    root = json_pack("{s:o s:I s:s s:s s:s}", "file", json_plain_string(name ? name + 1 : r->file), "bytes",
                     (json_int_t)about.st_size, "sha256", sha, "model", r->model, "version", JEM_VERSION);
    if (bad->tensors > 0)
        json_object_set_new(root, "not_finite",
                            json_pack("{s:o s:I s:I}", "first_tensor", json_plain_string(bad->tensor), "tensors",
                                      (json_int_t)bad->tensors, "values", (json_int_t)bad->values));
    TRY(json_text(&text, root, JSON_INDENT(2)));
    TRY(str_format(&path, "%s/" RUN_IMPORTED, r->out));
    TRY(file_write(path, text, strlen(text)));
done:
    json_decref(root);
    mem_free(path);
    mem_free(text);
    return st;
}

/* RUN/replay-buffer.safetensors <- the last pictures of the chains that trained it, if the file holds some of the
 * network's own size: JEM's checkpoints do, as replay_buffer [N,C,H,W] beside the weights. */
static jem_status keep_replay(const import_request *r, const model *m)
{
    jem_status st;
    safetensors *f = NULL;
    safetensors_writer *w = NULL;
    float *x = NULL;
    char *path = NULL;
    const model_spec *spec = model_get_spec(m);

    st = tensor_file_open(&f, r->file, "replay_buffer");
    if (st == JEM_EDATA) return JEM_OK; /* its weights were read: there is none */
    if (st != JEM_OK) return st;
    const int at = safetensors_find(f, "replay_buffer");
    if (at < 0) goto done;
    const jem_tensor t = safetensors_view(f, at);
    const int64_t size[] = {t.ndim == 4 ? t.shape[0] : 0, spec->channels, spec->height, spec->width};
    if (size[0] == 0 || memcmp(t.shape, size, sizeof size) != 0) {
        log_warning("%s: its replay buffer is left out: expected pictures [N,%lld,%lld,%lld]", r->file,
                    (long long)size[1], (long long)size[2], (long long)size[3]);
        goto done;
    }
    TRY(MEM_NEW(x, jem_tensor_count(&t)));
    st = safetensors_read_f32(f, "replay_buffer", x, 4, size);
    if (st == JEM_EDATA) {
        log_warning("%s; it is left out", jem_error_message());
        st = JEM_OK;
        goto done;
    }
    if (st != JEM_OK) goto done;
    TRY(safetensors_writer_new(&w));
    TRY(safetensors_writer_add(w, "replay_buffer", JEM_F32, 4, size, x));
    TRY(str_format(&path, "%s/" RUN_REPLAY, r->out));
    TRY(safetensors_writer_save(w, path));
    log_info("%s: %lld pictures of its replay buffer are kept, too", r->file, (long long)size[0]);
done:
    safetensors_writer_free(w);
    safetensors_close(f);
    mem_free(x);
    mem_free(path);
    return st;
}

static void describe(run_info *i, const config *c, const model *m, const run_identity *identity)
{
    *i = (run_info){.status = RUN_FINISHED, .alpha = c->alpha, .seed = c->seed, .ranks = 1,
                    .classes = c->model.classes, .channels = c->model.channels, .height = c->model.height,
                    .width = c->model.width, .params = graph_trained_elements(model_graph(m))};
    memcpy(i->id, identity->id, sizeof i->id);
    memcpy(i->settings_hash, identity->settings_hash, sizeof i->settings_hash);
    snprintf(i->version, sizeof i->version, "%s", JEM_VERSION);
    snprintf(i->model, sizeof i->model, "%.*s", (int)sizeof i->model - 1, c->model.name);
    snprintf(i->selected_by, sizeof i->selected_by, "%s", by_import);
}

/* The weights of m and all that is known of them; config.yaml, which makes it a run, comes last. */
static jem_status write_run(const import_request *r, config *c, model *m, const weights_not_finite *bad)
{
    jem_status st;
    run_identity identity = RUN_IDENTITY_INIT;
    run_info info;

    TRY(run_identity_init(&identity, c));
    TRY(run_identity_draw(&identity));
    TRY(run_identity_hash(&identity, c, 0));
    describe(&info, c, m, &identity);
    TRY(best_save_any(r->out, m, model_params(m), 0, &identity));
    TRY(keep_provenance(r, bad));
    TRY(keep_replay(r, m));
    TRY(run_write_info(&info, r->out));
    TRY(run_create(r->out, c));
done:
    run_identity_clear(&identity);
    return st;
}

static jem_status into_folder(const import_request *r, config *c, model *m, const weights_not_finite *bad)
{
    jem_status st;
    dir_held *lock = NULL;
    bool made = false;
    run_claim claim;

    if (run_is(r->out))
        return jem_error(JEM_EUSAGE, "%s: holds a run; choose another folder or remove it", r->out);
    TRY(run_lock_folder(&lock, &made, r->out));
    TRY(run_claim_folder(&claim, r->out, c));
    TRY(write_run(r, c, m, bad));
done:
    dir_unlock(lock);
    return st;
}

/* import_open; bad NULL: all weights must be finite. */
static jem_status open_weights(run **out, weights_not_finite *bad, const import_request *r, const char *const *overrides,
                               int count)
{
    jem_status st;
    run *x = NULL;

    TRY(MEM_NEW(x, 1));
    TRY(mem_strdup(&x->path, r->file));
    TRY(settle(&x->cfg, r));
    TRY(run_override(&x->cfg, overrides, count));
    TRY(model_new(&x->m, &x->cfg.model, &x->cfg.engine));
    st = bad ? model_load_any(x->m, bad, r->file) : model_load(x->m, r->file);
    if (st == JEM_EDATA) st = weights_explain(st, r->file, r->lists->networks, &x->cfg.model);
    if (st != JEM_OK) goto done;
    TRY(run_identity_init(&x->identity, &x->cfg));
    describe(&x->info, &x->cfg, x->m, &x->identity);
    *out = x;
    x = NULL;
done:
    run_close(x);
    return st;
}

jem_status import_open(run **out, const import_request *r, const char *const *overrides, int count)
{
    return open_weights(out, NULL, r, overrides, count);
}

jem_status import_run(const import_request *r)
{
    jem_status st;
    run *x = NULL;
    weights_not_finite bad = {.tensor = NULL};

    TRY(open_weights(&x, &bad, r, NULL, 0));
    warn_not_finite(r->file, &bad);
    TRY(into_folder(r, &x->cfg, x->m, &bad));
done:
    weights_not_finite_clear(&bad);
    run_close(x);
    return st;
}
