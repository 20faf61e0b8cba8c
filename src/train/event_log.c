/* TensorBoard's view of a training: see event_log.h. */
#include "train/event_log.h"

#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "data/image.h"
#include "record/event_file.h"

enum {
    GRID_SIDE = 8,
    GRID_PIXELS = 1024, /* pictures too large for 8 in this width become fewer */
};

struct event_log {
    event_file *file;
};

jem_status event_log_open(event_log **out, const char *run, int64_t iteration)
{
    jem_status st;
    event_log *l = NULL;
    char *folder = NULL;

    TRY(str_format(&folder, "%s/events", run));
    TRY(event_files_check(folder));
    TRY(MEM_NEW(l, 1));
    TRY(event_file_open(&l->file, folder, iteration + 1));
    *out = l;
    l = NULL;
done:
    mem_free(folder);
    event_log_close(l);
    return st;
}

void event_log_close(event_log *l)
{
    if (!l) return;
    event_file_close(l->file);
    mem_free(l);
}

jem_status event_log_row(event_log *l, const metrics_row *r)
{
    double v[METRICS_COLUMNS];
    event_scalar scalars[METRICS_COLUMNS];

    if (!l) return JEM_OK;
    metrics_values(v, r);
    for (int i = 0; i < METRICS_COLUMNS; i++)
        scalars[i] = (event_scalar){metrics_columns[i].tag, v[i]};
    return event_file_scalars(l->file, r->iteration, scalars, METRICS_COLUMNS);
}

/* Entries spread evenly, so that every class of a class-conditional buffer is shown; of latents
 * three channels as colours, black and white at three standard deviations. */
static jem_status compose(image *out, const replay_buffer *r)
{
    jem_status st;
    float *x = NULL;
    int64_t fit = GRID_PIXELS / r->image.w, side = fit < GRID_SIDE ? fit : GRID_SIDE;
    const int64_t shown = r->image.c < 3 ? 1 : 3, pixels = shown * r->image.h * r->image.w;
    const float scale = r->image.c > 3 ? 1.0f / 3 : 1;
    int64_t n;

    if (side < 1) side = 1;
    n = r->size < side * side ? r->size : side * side;
    TRY(MEM_NEW(x, n * pixels));
    for (int64_t i = 0; i < n; i++)
        memcpy(x + i * pixels, r->images + i * r->size / n * shape_count(r->image),
               (size_t)pixels * sizeof *x);
    for (int64_t i = 0; i < n * pixels; i++) x[i] *= scale;
    TRY(image_grid(out, x, n, shown, r->image.h, r->image.w, side, 1));
done:
    mem_free(x);
    return st;
}

jem_status event_log_images(event_log *l, const replay_buffer *r, int64_t iteration)
{
    jem_status st;
    image grid = IMAGE_INIT;
    event_image m = {.tag = "replay_buffer"};
    char *png = NULL;

    if (!l || r->size < 1 || !r->images) return JEM_OK;
    TRY(compose(&grid, r));
    TRY(image_encode_png(&png, &m.size, &grid));
    m.height = grid.height;
    m.width = grid.width;
    m.channels = grid.channels;
    m.encoded = png;
    TRY(event_file_image(l->file, iteration, &m));
done:
    mem_free(png);
    image_clear(&grid);
    return st;
}

jem_status event_log_rewind(event_log *l, int64_t iteration)
{
    return l ? event_file_restart(l->file, iteration + 1) : JEM_OK;
}
