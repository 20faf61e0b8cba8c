/* The device's table: memory and graphs; and that of the energy steps, as launches. */
#include "backend/cuda/cuda.h"

#include "base/try.h"

static bool repeatable;

bool cuda_repeatable(void)
{
    return repeatable;
}

static void set_repeatable(bool on)
{
    repeatable = on;
}

static int64_t blocks(int64_t n, int64_t size)
{
    return n * blocks_of(size);
}

static jem_status batch(const energy_batch *a)
{
    return launch_batch(a, blocks(a->n, a->c * a->h * a->w));
}

static jem_status start(const energy_start *a)
{
    return launch_start(a, blocks(a->n, a->size));
}

static jem_status gaussian(const energy_gaussian *a)
{
    return launch_gaussian(a, a->n * a->size);
}

static jem_status langevin(const energy_langevin *a)
{
    return launch_langevin(a, blocks(a->n, a->size));
}

static jem_status cotangent(const energy_cotangent *a)
{
    return launch_cotangent(a, a->n);
}

static jem_status norms(const energy_norms *a)
{
    const fold rows = {a->sums, a->parts, ENERGY_SUM_PARTS};
    jem_status st;
    TRY(launch_norms(a, (int64_t)ENERGY_SUMS * ENERGY_SUM_PARTS));
    TRY(launch_fold(&rows, 3 * ENERGY_SUMS));
done:
    return st;
}

static jem_status moved(const energy_moved *a)
{
    const fold rows = {a->moved, a->parts, ENERGY_MOVED_PARTS};
    jem_status st;
    TRY(launch_moved(a, a->n * ENERGY_MOVED_PARTS));
    TRY(launch_fold(&rows, 2 * a->n));
done:
    return st;
}

static jem_status finish(const energy_finish *a)
{
    return launch_finish(a, 1);
}

static jem_status ascend(const energy_ascend *a)
{
    const fold rows = {a->sums, a->parts, ENERGY_SUM_PARTS}, whole = {a->square, a->sums, ENERGY_SUMS};
    jem_status st;
    TRY(launch_slope_norm(a, (int64_t)ENERGY_SUMS * ENERGY_SUM_PARTS));
    TRY(launch_fold(&rows, ENERGY_SUMS));
    TRY(launch_fold(&whole, 1));
    TRY(launch_ascend(a, a->n));
done:
    return st;
}

static jem_status adam(const energy_update *a)
{
    return launch_adam(a, a->n);
}

static jem_status sgd(const energy_update *a)
{
    return launch_sgd(a, a->n);
}

static jem_status store(const energy_store *a)
{
    return launch_store(a, blocks(a->n, a->size));
}

static jem_status mix(const energy_mix *a)
{
    return launch_mix(a, a->n);
}

static jem_status add(const energy_add *a)
{
    return launch_add(a, a->n);
}

static jem_status mixture(const energy_mixture *a)
{
    const fold lines = {a->line_loss, a->pixel_loss, a->w}, images = {a->loss, a->line_loss, a->h};
    jem_status st;
    TRY(launch_mixture(a, a->n * a->h * a->w));
    TRY(launch_fold(&lines, a->n * a->h));
    TRY(launch_fold(&images, a->n));
done:
    return st;
}

static jem_status likelihood(const energy_likelihood *a)
{
    return launch_likelihood(a, 1);
}

const device cuda_device = {
    .describe = cuda_describe,
    .set_repeatable = set_repeatable,
    .alloc = gpu_alloc,
    .free = gpu_free,
    .available = gpu_available,
    .copy = gpu_copy,
    .wait = gpu_wait,
    .capture = gpu_capture,
    .capture_end = gpu_capture_end,
    .graph_launch = gpu_graph_launch,
    .graph_free = gpu_graph_free,
};

const energy_steps cuda_energy = {
    .batch = batch,
    .start = start,
    .gaussian = gaussian,
    .langevin = langevin,
    .cotangent = cotangent,
    .norms = norms,
    .moved = moved,
    .finish = finish,
    .ascend = ascend,
    .adam = adam,
    .sgd = sgd,
    .store = store,
    .mix = mix,
    .add = add,
    .mixture = mixture,
    .likelihood = likelihood,
};
