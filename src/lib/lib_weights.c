/* jem/weights.h over run/import.h. */
#include "jem/weights.h"

#include "base/mem.h"
#include "base/try.h"
#include "lib/lib_call.h"
#include "lib/lib_engine.h"
#include "lib/lib_model.h"
#include "run/import.h"

/* *out <- what is asked for, borrowed from the caller. */
static jem_status take(import_request *out, const char *file, const char *model_name, const jem_import_options *asked,
                       const char *function)
{
    jem_status st;
    jem_import_options o = JEM_IMPORT_INIT;

    if (!file) return jem_error(JEM_EUSAGE, "%s: file is NULL", function);
    if (!model_name) return jem_error(JEM_EUSAGE, "%s: model is NULL", function);
    TRY(lib_options(&o, sizeof o, asked, function, "JEM_IMPORT_INIT"));
    TRY(lib_check_texts(o.set, o.set_count, "o->set", function));
    if (o.classes < 0 || o.classes > 1 << 20 || o.side < 0 || o.side > 1 << 14)
        return jem_error(JEM_EUSAGE, "%s: o->classes = %lld, o->side = %lld; choose 1 to 1048576 and 1 to 16384, or 0 as "
                                     "published", function, (long long)o.classes, (long long)o.side);
    *out = (import_request){.lists = &config_builtin,
                            .file = file,
                            .model = model_name,
                            .classes = o.classes ? o.classes : -1,
                            .side = o.side ? o.side : -1,
                            .assignments = o.set,
                            .assignment_count = o.set_count};
done:
    return st;
}

jem_status jem_import(const char *file, const char *model_name, const char *folder, const jem_import_options *o)
{
    LIB_CALL;
    jem_status st;
    import_request q;

    if (!folder) return jem_error(JEM_EUSAGE, "%s: run is NULL", __func__);
    TRY(take(&q, file, model_name, o, __func__));
    q.out = folder;
    TRY(import_run(&q));
done:
    return st;
}

jem_status jem_import_open(jem_model **out, const char *file, const char *model_name, const jem_import_options *o,
                           const jem_engine_options *engine)
{
    LIB_CALL;
    jem_status st;
    import_request q;
    lib_engine set;
    jem_model *m = NULL;

    HOST_NEED(out);
    TRY(take(&q, file, model_name, o, __func__));
    TRY(lib_engine_take(&set, engine, __func__));
    TRY(MEM_NEW(m, 1));
    TRY(import_open(&m->r, &q, set.items, set.count));
    m->m = m->r->m;
    *out = m;
    m = NULL;
done:
    mem_free(m); /* nothing is open in it */
    return st;
}

jem_status jem_export(const char *folder, const char *file)
{
    LIB_CALL;
    jem_status st;
    run *r = NULL;

    if (!folder) return jem_error(JEM_EUSAGE, "%s: run is NULL", __func__);
    HOST_NEED(file);
    TRY(run_open(&r, &config_builtin, folder, NULL, 0));
    TRY(model_save(r->m, file, model_params(r->m)));
done:
    run_close(r);
    return st;
}
