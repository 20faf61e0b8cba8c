/* jem/train.h: a training in the host's process, over run/loop.h. */
#include "jem/train.h"

#include "base/mem.h"
#include "base/try.h"
#include "lib/lib_call.h"
#include "run/loop.h"

static const jem_train_options no_options = JEM_TRAIN_INIT;

static jem_status check(const jem_train_options *o, const char *function)
{
    if (o->set_count < 0 || (o->set_count > 0 && !o->set))
        return jem_error(JEM_EUSAGE, "%s: o->set_count = %d, o->set is %sNULL", function,
                         o->set_count, o->set ? "not " : "");
    for (int i = 0; i < o->set_count; i++)
        if (!o->set[i]) return jem_error(JEM_EUSAGE, "%s: o->set[%d] is NULL", function, i);
    return JEM_OK;
}

static jem_status load_settings(config *c, const char *path, const jem_train_options *o)
{
    jem_status st;
    if (path) return config_load(c, &config_builtin, path, o->set, o->set_count);
    TRY(config_defaults(c, &config_builtin));
    TRY(config_assign(c, o->set, o->set_count));
    TRY(config_check(c));
done:
    return st;
}

jem_status jem_train(const char *config_path, const char *out, const jem_train_options *o)
{
    LIB_CALL;
    jem_status st;
    config *c = NULL;

    HOST_NEED(out);
    if (!o) o = &no_options;
    TRY(check(o, __func__));
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
    LIB_CALL;
    jem_status st;
    config *c = NULL;

    if (!folder) return jem_error(JEM_EUSAGE, "%s: run is NULL", __func__);
    if (!o) o = &no_options;
    TRY(check(o, __func__));
    TRY(MEM_NEW(c, 1));
    TRY(run_load_config(c, &config_builtin, folder));
    TRY(run_override(c, o->set, o->set_count));
    const train_request r = {.cfg = c, .out = folder, .resume = true, .stop = o->stop};
    TRY(train_run(&r));
done:
    mem_free(c);
    return st;
}
