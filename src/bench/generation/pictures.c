/* Pictures: real images, the replay buffer, chains from one shared start (as the
 * study's Fig. 6: same start, same noise for every alpha), chains per class. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/generation/pictures.h"
#include "bench/predict.h"
#include "data/pictures/image.h"
#include "record/sample_pictures.h"
#include "sample/replay_buffer.h"

enum { SHOWN_PIXELS = 64 };

/* How much is shown.  Decoding a picture costs a hundred times a Langevin step, and they are
 * large: fewer of them. */
typedef struct sheet_size {
    int64_t columns, pictures, class_rows;
} sheet_size;

static sheet_size size_of(const bench_request *q)
{
    if (generative_of(q)->latents) return (sheet_size){4, eval_options_of(q)->samples < 16 ? eval_options_of(q)->samples : 16, 4};
    return (sheet_size){8, eval_options_of(q)->samples, 10};
}

/* Pictures [n] of size m that n inputs of the network stand for. */
typedef struct seen {
    shape m;
    const float *x;
    float *decoded; /* owned; NULL: x is the input */
} seen;

static jem_status see(seen *s, const bench_request *q, const char *name, const float *x, int64_t n)
{
    jem_status st = JEM_OK;
    const latent_space *latents = generative_of(q)->latents;

    *s = (seen){generative_of(q)->image, x, NULL};
    if (!latents) return JEM_OK;
    s->m = (shape){3, latents->picture, latents->picture};
    TRY(MEM_NEW(s->decoded, n * shape_count(s->m)));
    TRY(latent_space_decode(latents, name, s->decoded, x, n, generative_of(q)->image));
    s->x = s->decoded;
done:
    return st;
}

static jem_status save_seen(const bench_request *q, const char *name, const seen *s, int64_t n)
{
    jem_status st;
    image sheet = IMAGE_INIT;
    char *folder = NULL, *path = NULL;
    const shape m = s->m;
    int64_t zoom = m.w < SHOWN_PIXELS ? SHOWN_PIXELS / m.w : 1;

    TRY(str_format(&folder, "%s/samples", q->out));
    TRY(dir_ready(folder));
    TRY(str_format(&path, "%s/%s.png", folder, name));
    TRY(image_grid(&sheet, s->x, n, m.c, m.h, m.w, size_of(q).columns, zoom));
    TRY(image_write_png(&sheet, path));
done:
    image_clear(&sheet);
    mem_free(folder);
    mem_free(path);
    return st;
}

static jem_status save_sheet(const bench_request *q, const char *name, const float *x, int64_t n)
{
    seen s;
    jem_status st = see(&s, q, name, x, n);
    if (st == JEM_OK) st = save_seen(q, name, &s, n);
    mem_free(s.decoded);
    return st;
}

/* The first column of a sheet of chains, one file per number of steps. */
static jem_status save_trajectory(const bench_request *q, const char *group, const seen *s,
                                  int64_t columns)
{
    jem_status st;
    image one = IMAGE_INIT;
    char *path = NULL, cell[32];

    TRY(sample_pictures_remove(q->out, group));
    TRY(image_init(&one, s->m.h, s->m.w, s->m.c));
    for (int k = 0; k < eval_options_of(q)->steps.count; k++) {
        mem_free(path);
        path = NULL;
        snprintf(cell, sizeof cell, "%04.0f", eval_options_of(q)->steps.values[k]);
        TRY(sample_picture_path(&path, q->out, group, "0", cell));
        image_from_floats(&one, s->x + k * columns * shape_count(s->m));
        TRY(image_write_png(&one, path));
    }
done:
    image_clear(&one);
    mem_free(path);
    return st;
}

static jem_status show_source(const bench_request *q, const char *name, const image_source *s)
{
    jem_status st;
    float *x = NULL;
    TRY(MEM_NEW(x, s->n * shape_count(s->image)));
    TRY(s->fill(s, x, 0, s->n));
    TRY(save_sheet(q, name, x, s->n));
done:
    mem_free(x);
    return st;
}

/* x <- noise number i, the same for every run of a study: a picture of it, or its latent. */
static jem_status noise_start(const bench_request *q, float *x, int64_t i)
{
    const rng_stream start = {(uint64_t)eval_options_of(q)->seed, RNG_SAMPLE, 0, 0};
    if (generative_of(q)->latents) return latent_space_encode_noise(generative_of(q)->latents, x, &start, (uint32_t)i);
    chain_start_uniform.fill(chain_start_uniform.ctx, x, 1, shape_count(generative_of(q)->image), -1, &start,
                             (uint32_t)i);
    return JEM_OK;
}

/* *sheet (owned) <- one row per number of steps, one column per start. */
static jem_status walk_from_shared_start(float **sheet, const bench_request *q, bool first_epoch,
                                         int64_t columns)
{
    jem_status st;
    const generative *g = generative_of(q);
    const option_list *steps = &eval_options_of(q)->steps;
    int64_t size = shape_count(generative_of(q)->image), row = columns * size, done_steps = 0;
    float *x = NULL, *rows = NULL;

    TRY(MEM_NEW(x, row));
    TRY(MEM_NEW(rows, steps->count * row));
    for (int64_t i = 0; i < columns; i++) TRY(noise_start(q, x + i * size, i));
    for (int k = 0; k < steps->count; k++) {
        int64_t more = (int64_t)steps->values[k] - done_steps;
        if (more > 0)
            TRY(g->chain(g->ctx,
                         &(chain_request){.first_epoch = first_epoch,
                                          .steps = more,
                                          .seed = (uint64_t)eval_options_of(q)->seed,
                                          .part = CHAINS_SHARED,
                                          .stage = k},
                         x, columns));
        done_steps += more;
        memcpy(rows + k * row, x, (size_t)row * sizeof *x);
    }
    *sheet = rows;
    rows = NULL;
done:
    mem_free(x);
    mem_free(rows);
    return st;
}

static jem_status shared_start(const bench_request *q)
{
    jem_status st;
    const int64_t columns = size_of(q).columns, n = eval_options_of(q)->steps.count * columns;
    float *sheet = NULL;
    seen s = {.decoded = NULL};

    if (n == 0) return JEM_OK;
    TRY(walk_from_shared_start(&sheet, q, false, columns));
    TRY(see(&s, q, "shared_start", sheet, n));
    TRY(save_seen(q, "shared_start", &s, n));
    TRY(save_trajectory(q, "trajectory", &s, columns));
done:
    mem_free(s.decoded);
    mem_free(sheet);
    return st;
}

/* The first of these chains under the weights of the first epoch (the study's Fig. 5). */
static jem_status first_epoch(const bench_request *q)
{
    jem_status st;
    float *sheet = NULL;
    seen s = {.decoded = NULL};

    TRY(sample_pictures_remove(q->out, "first-epoch"));
    if (!generative_of(q)->first_epoch || eval_options_of(q)->steps.count == 0) return JEM_OK;
    TRY(walk_from_shared_start(&sheet, q, true, 1));
    TRY(see(&s, q, "first epoch", sheet, eval_options_of(q)->steps.count));
    TRY(save_trajectory(q, "first-epoch", &s, 1));
done:
    mem_free(s.decoded);
    mem_free(sheet);
    return st;
}

/* One row per class, from the buffer where there is one, else from noise. */
static jem_status class_rows(const bench_request *q)
{
    jem_status st = JEM_OK;
    const generative *g = generative_of(q);
    const option_list *list = &eval_options_of(q)->steps;
    const sheet_size sheet = size_of(q);
    int64_t classes = g->classes, size = shape_count(g->image);
    int64_t rows = classes < sheet.class_rows ? classes : sheet.class_rows, n = rows * sheet.columns;
    int64_t steps = list->count ? (int64_t)list->values[list->count - 1] : 0;
    image_source buffer = source_array(g->replay, g->replay_count, g->image, sheet.columns);
    float *x = NULL;
    int32_t *y = NULL;

    if (!g->learned_labels) return JEM_OK;
    TRY(MEM_NEW(x, n * size));
    TRY(MEM_NEW(y, n));
    for (int64_t i = 0; i < n; i++) {
        y[i] = (int32_t)(i / sheet.columns);
        /* every row begins at the same images: what differs is the class */
        int64_t column = i % sheet.columns;
        if (g->replay)
            TRY(buffer.fill(&buffer, x + i * size, column % buffer.n, 1));
        else
            TRY(noise_start(q, x + i * size, column));
    }
    if (steps > 0)
        TRY(g->chain(g->ctx,
                     &(chain_request){.y = y,
                                      .steps = steps,
                                      .seed = (uint64_t)eval_options_of(q)->seed,
                                      .part = CHAINS_CLASSES},
                     x, n));
    TRY(save_sheet(q, "classes", x, n));
done:
    mem_free(x);
    mem_free(y);
    return st;
}

/* A chain that leaves the numbers is a fact about the model, not a failure to evaluate. */
static jem_status tolerate_divergence(const bench_request *q, const char *what, jem_status st)
{
    if (st != JEM_EDIVERGED) return st;
    log_warning("%s: %s left out: %s", q->out, what, jem_error_message());
    return JEM_OK;
}

jem_status generation_pictures(const bench_request *q)
{
    jem_status st;
    const generative *g = generative_of(q);
    const int64_t shown = size_of(q).pictures;
    const image_source real = source_dataset(g->data->test, shown);
    const image_source buffer = source_array(g->replay, g->replay_count, g->image, shown);

    if (!g->latents && dataset_latents(g->data->test)) {
        log_info("%s: no pictures of latents: their autoencoder was not named", q->out);
        return JEM_OK;
    }
    if (!g->latents && g->image.c != 1 && g->image.c != 3) {
        log_info("%s: %lld channels: no pictures", q->out, (long long)g->image.c);
        return JEM_OK;
    }
    TRY(show_source(q, "data", &real));
    if (g->replay) TRY(show_source(q, "buffer", &buffer));
    TRY(tolerate_divergence(q, "chains from a shared start", shared_start(q)));
    TRY(tolerate_divergence(q, "chains of the first epoch", first_epoch(q)));
    TRY(tolerate_divergence(q, "chains per class", class_rows(q)));
done:
    return st;
}
