/* jem/train.h over train/. */
#include "jem/train.h"

#include "base/mem.h"
#include "base/try.h"
#include "train/loop.h"

static const jem_train_options no_options = JEM_TRAIN_INIT;

static jem_status load_settings(config *c, const char *path, const jem_train_options *o)
{
    jem_status st;
    if (path) return config_load(c, path, o->set, o->set_count);
    TRY(config_defaults(c));
    for (int i = 0; i < o->set_count; i++) TRY(options_assign(config_groups(c), o->set[i]));
    TRY(config_check(c));
done:
    return st;
}

jem_status jem_train(const char *config_path, const char *out, const jem_train_options *o)
{
    jem_status st;
    config *c = NULL;

    if (!o) o = &no_options;
    TRY(MEM_NEW(c, 1));
    TRY(load_settings(c, config_path, o));
    const train_request r = {.cfg = c, .out = out, .stop = o->stop};
    TRY(train_run(&r));
done:
    mem_free(c);
    return st;
}

jem_status jem_resume(const char *folder, const jem_train_options *o)
{
    jem_status st;
    config *c = NULL;

    if (!o) o = &no_options;
    TRY(MEM_NEW(c, 1));
    TRY(run_load_config(c, folder));
    TRY(run_override(c, o->set, o->set_count));
    const train_request r = {.cfg = c, .out = folder, .resume = true, .stop = o->stop};
    TRY(train_run(&r));
done:
    mem_free(c);
    return st;
}
