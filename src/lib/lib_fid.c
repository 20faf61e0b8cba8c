/* jem/fid.h over study/measure_fid.h. */
#include "jem/fid.h"

#include "base/try.h"
#include "lib/lib_call.h"
#include "study/measure_fid.h"

jem_status jem_fid(jem_fid_result *out, const char *samples, const jem_fid_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_fid_options o = JEM_FID_INIT;
    fid_result r;

    HOST_NEED(out);
    HOST_NEED(samples);
    TRY(lib_options(&o, sizeof o, asked, __func__, "JEM_FID_INIT"));
    TRY(lib_check_texts(o.set, o.set_count, "o->set", __func__));
    TRY(measure_fid(&r, &(fid_request){.lists = &config_builtin,
                                       .samples = samples,
                                       .reference = o.reference,
                                       .weights = o.weights,
                                       .save = o.save,
                                       .set = o.set,
                                       .set_count = o.set_count,
                                       .stop = o.stop}));
    *out = (jem_fid_result){r.distance, r.samples, r.reference};
done:
    return st;
}
