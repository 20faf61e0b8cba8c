/* What views share: fitting pictures to a size, and maps of importance from gradients. */
#include "bench/subject_view.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/try.h"

void view_clear(view *v)
{
    if (v->ops) v->ops->free(v->ctx);
    *v = (view){.ops = NULL};
}

static const char *name_of(const stimulus *s) { return s->name ? s->name : "stimulus"; }

/* *out <- the picture in this size; it has its channels. */
static jem_status fit(image *out, bool *resized, const image *from, shape size, bool photograph, const char *name)
{
    if (from->height == size.h && from->width == size.w) {
        jem_status st = image_init(out, size.h, size.w, size.c);
        if (st) return st;
        memcpy(out->pixels, from->pixels, (size_t)shape_count(size));
        return JEM_OK;
    }
    if (size.h != size.w)
        return jem_error(JEM_EDATA,
                         "%s: %" PRId64 "x%" PRId64 " pixels; the network takes "
                         "%" PRId64 "x%" PRId64,
                         name, from->width, from->height, size.w, size.h);
    *resized = true;
    return photograph ? image_photograph(out, from, size.h) : image_resize_square(out, from, size.h);
}

jem_status view_picture(image *out, view_changes *done, const stimulus *s, shape size, bool photograph)
{
    jem_status st;
    const image *from = s->picture;
    image grey = IMAGE_INIT;

    if (from && from->channels == 3 && size.c == 1) {
        TRY(image_to_grey(&grey, from, &done->grey));
        from = &grey;
    }
    if (!from || from->channels != size.c) {
        st = jem_error(JEM_EDATA,
                       "%s: the network looks at pictures of %" PRId64 " channels, "
                       "this one has %" PRId64,
                       name_of(s), size.c, from ? from->channels : 0);
        goto done;
    }
    TRY(fit(out, &done->resized, from, size, photograph, name_of(s)));
done:
    image_clear(&grey);
    return st;
}

void view_reduce(double *map, const float *grad, int64_t channels, int64_t pixels, bool mean)
{
    for (int64_t p = 0; p < pixels; p++) {
        double most = 0, sum = 0;
        for (int64_t c = 0; c < channels; c++) {
            double value = fabs((double)grad[c * pixels + p]);
            most = fmax(most, value);
            sum += value;
        }
        map[p] = mean ? sum / (double)channels : most;
    }
}
