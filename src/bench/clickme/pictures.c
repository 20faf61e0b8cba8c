/* Photographs and maps of ClickMe, kept for the report. */
#include "bench/clickme/pictures.h"

#include <math.h>

#include "base/mem.h"
#include "base/try.h"
#include "record/sample_pictures.h"

/* RUN/samples/clickme/NAME/CELL.png */
static jem_status save_picture(const char *run, const char *name, const char *cell,
                               const image *m)
{
    char *path = NULL;
    jem_status st = sample_picture_path(&path, run, "clickme", name, cell);
    if (st == JEM_OK) st = image_write_png(m, path);
    mem_free(path);
    return st;
}

/* A map in grey, its least value black and its largest white. */
static jem_status save_map(const char *run, const char *name, const char *cell,
                           const double *map)
{
    jem_status st;
    image m = IMAGE_INIT;
    double least = map[0], most = map[0];

    for (int64_t p = 0; p < CLICKME_PIXELS; p++) {
        least = fmin(least, map[p]);
        most = fmax(most, map[p]);
    }
    const double range = most > least ? most - least : 1;
    TRY(image_init(&m, CLICKME_SIDE, CLICKME_SIDE, 1));
    for (int64_t p = 0; p < CLICKME_PIXELS; p++)
        m.pixels[p] = (uint8_t)lrint(255 * (map[p] - least) / range);
    TRY(save_picture(run, name, cell, &m));
done:
    image_clear(&m);
    return st;
}

jem_status clickme_show(const char *run, const clickme_image *m, const float *map)
{
    jem_status st;
    double *wide = NULL;
    TRY(MEM_NEW(wide, CLICKME_PIXELS));
    for (int64_t p = 0; p < CLICKME_PIXELS; p++) wide[p] = (double)map[p];
    TRY(save_picture(run, m->name, "picture", &m->picture));
    TRY(save_map(run, m->name, "people", m->map));
    TRY(save_map(run, m->name, "model", wide));
done:
    mem_free(wide);
    return st;
}
