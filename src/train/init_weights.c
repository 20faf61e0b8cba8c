/* Trainings that begin with weights: see init_weights.h. */
#include "train/init_weights.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/try.h"
#include "model/weights_fit.h"
#include "model/weights.h"

/* *path, owned <- the file that train.init means. */
static jem_status find_file(char **path, const config *c)
{
    const char *init = c->train.init;
    jem_status st;

    TRY(dir_exists(init) ? str_format(path, "%s/best.safetensors", init) : mem_strdup(path, init));
    if (!file_exists(*path))
        st = jem_error(JEM_EDATA, "train.init: %s: %s", *path,
                       dir_exists(init) ? "there is no such file; name a run with selected weights, or a file of weights"
                                        : "there is no such file; name a run or a file of weights");
done:
    return st;
}

jem_status init_weights_settle(config *c)
{
    jem_status st;
    char *path = NULL, hex[SHA256_HEX];

    if (!c->train.init[0] || c->train.init_sha256[0]) return JEM_OK;
    TRY(find_file(&path, c));
    TRY(sha256_file(hex, path));
    memcpy(c->train.init_sha256, hex, sizeof hex);
done:
    mem_free(path);
    return st;
}

static jem_status check_sha256(const config *c, const char *path)
{
    jem_status st;
    char hex[SHA256_HEX];

    TRY(sha256_file(hex, path));
    if (c->train.init_sha256[0] && strcmp(hex, c->train.init_sha256) != 0)
        st = jem_error(JEM_EDATA, "train.init: %s: its SHA-256 is %s, not %s as train.init_sha256 says; restore the file, "
                       "or for a new run leave train.init_sha256 empty", path, hex, c->train.init_sha256);
done:
    return st;
}

jem_status init_weights_load(model *m, const config *c)
{
    jem_status st;
    char *path = NULL;
    safetensors *f = NULL;
    bool new_head = false;

    if (!c->train.init[0]) return JEM_OK;
    TRY(find_file(&path, c));
    TRY(check_sha256(c, path));
    TRY(weights_open(&f, path));
    st = weights_check_names(&c->model, model_graph(m), f);
    if (st == JEM_OK) st = weights_get_begin(model_params(m), &new_head, &c->model, model_graph(m), f);
    if (st == JEM_EDATA) st = weights_explain(st, path, c->lists.networks, &c->model);
    if (st != JEM_OK) {
        jem_error_context(st, "train.init");
        goto done;
    }
    log_info("beginning with the weights of %s%s", path,
             new_head ? "; its head is for other classes: a new one is drawn" : "");
done:
    safetensors_close(f);
    mem_free(path);
    return st;
}
