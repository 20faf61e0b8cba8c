/* jem/weights.h over run/import.h. */
#include "jem/weights.h"

#include "base/try.h"
#include "lib/lib_call.h"
#include "run/import.h"

jem_status jem_import(const char *file, const char *model_name, const char *folder, const jem_import_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_import_options o = JEM_IMPORT_INIT;

    HOST_NEED(file);
    if (!model_name) return jem_error(JEM_EUSAGE, "%s: model is NULL", __func__);
    if (!folder) return jem_error(JEM_EUSAGE, "%s: run is NULL", __func__);
    TRY(lib_options(&o, sizeof o, asked, __func__, "JEM_IMPORT_INIT"));
    TRY(lib_check_texts(o.set, o.set_count, "o->set", __func__));
    if (o.classes < 0 || o.classes > 1 << 20 || o.side < 0 || o.side > 1 << 14)
        return jem_error(JEM_EUSAGE, "%s: o->classes = %lld, o->side = %lld; choose 1 to 1048576 and 1 to 16384, or 0 as "
                                     "published", __func__, (long long)o.classes, (long long)o.side);
    TRY(import_run(&(import_request){.lists = &config_builtin,
                                     .file = file,
                                     .model = model_name,
                                     .out = folder,
                                     .classes = o.classes ? o.classes : -1,
                                     .side = o.side ? o.side : -1,
                                     .assignments = o.set,
                                     .assignment_count = o.set_count}));
done:
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
