/* Pictures of files as an open model takes them: jem_model_picture of jem/model.h, over bench/subject_view.h. */
#include "jem/model.h"

#include "base/try.h"
#include "bench/subject_view.h"
#include "lib/lib_call.h"
#include "lib/lib_model.h"

static jem_status check_takes_pictures(const jem_model *m, const char *function)
{
    const int64_t channels = model_get_spec(m->m)->channels;
    if ((!m->r || !m->r->info.latents.vae[0]) && (channels == 1 || channels == 3)) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: the model takes latents of %lld channels; jem_autoencoder_encode makes them of pictures",
                     function, (long long)channels);
}

jem_status jem_model_picture(float *x, const jem_model *m, const char *path)
{
    LIB_CALL;
    jem_status st;
    image picture = IMAGE_INIT;
    view v = {.ops = NULL};

    HOST_NEED(x);
    HOST_NEED(m);
    HOST_NEED(path);
    TRY(check_takes_pictures(m, __func__));
    TRY(view_of_pixels(&v, m->m));
    TRY(image_read(&picture, path));
    TRY(v.ops->load(v.ctx, x, &(stimulus){.name = path, .picture = &picture}, 1));
done:
    image_clear(&picture);
    view_clear(&v);
    return st;
}
