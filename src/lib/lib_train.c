/* jem/train.h: a training in the host's process, over run/loop.h. */
#include "jem/train.h"

#include "base/mem.h"
#include "base/try.h"
#include "lib/lib_call.h"
#include "lib/lib_train_data.h"
#include "run/loop.h"

/* *o <- what the caller asked for, NULL for nothing. */
static jem_status take(jem_train_options *o, const jem_train_options *asked, const char *function)
{
    const jem_status st = lib_options(o, sizeof *o, asked, function, "JEM_TRAIN_INIT");
    return st == JEM_OK ? lib_check_texts(o->set, o->set_count, "o->set", function) : st;
}

/* The host's function sees its own locale and rounding, as a log sink does. */
static void tell(void *ctx, const train_status *s)
{
    const jem_train_options *o = ctx;
    const jem_train_status told = {.iteration = s->iteration,
                                   .iterations = s->iterations,
                                   .epoch = s->epoch,
                                   .images_per_s = s->images_per_s,
                                   .eta_s = s->eta_s,
                                   .val_accuracy = s->val_accuracy,
                                   .verdict = verdict_name(s->verdict),
                                   .reason = s->reason ? s->reason : "",
                                   .rescues = s->rescues};
    lib_call plain;
    lib_call_back_begin(&plain);
    o->watch(o->watch_ctx, &told);
    lib_call_back_end(&plain);
}

static train_watch watch_of(jem_train_options *o)
{
    return (train_watch){o->watch ? tell : NULL, o};
}

jem_status jem_train(const char *config_path, const char *out, const jem_train_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_train_options o = JEM_TRAIN_INIT;
    config *c = NULL;

    HOST_NEED(out);
    TRY(take(&o, asked, __func__));
    TRY(MEM_NEW(c, 1));
    TRY(config_load(c, &config_builtin, config_path, o.set, o.set_count));
    if (o.data) TRY(lib_train_data(c, o.data, out, __func__));
    const train_request r = {
        .cfg = c, .out = out, .resume = o.resume, .stop = o.stop, .watch = watch_of(&o)};
    TRY(train_run(&r));
done:
    mem_free(c);
    return st;
}

jem_status jem_resume(const char *folder, const jem_train_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_train_options o = JEM_TRAIN_INIT;
    config *c = NULL;

    if (!folder) return jem_error(JEM_EUSAGE, "%s: run is NULL", __func__);
    TRY(take(&o, asked, __func__));
    TRY(MEM_NEW(c, 1));
    TRY(run_load_config(c, &config_builtin, folder));
    TRY(run_override(c, o.set, o.set_count));
    const train_request r = {
        .cfg = c, .out = folder, .resume = true, .stop = o.stop, .watch = watch_of(&o)};
    TRY(train_run(&r));
done:
    mem_free(c);
    return st;
}
