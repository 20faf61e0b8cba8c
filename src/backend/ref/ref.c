/* The descriptor of the reference backend, and its kernels: a step, and the
 * parameters it was last given. */
#include "backend/ref/ref.h"

#include "base/mem.h"
#include "base/try.h"

typedef struct ref_kernel {
    step s;
    jem_dtype dtype;
    const void *params; /* borrowed from kernel_load */
} ref_kernel;

typedef struct ref_bound {
    const ref_kernel *kernel;
    char *arena;
} ref_bound;

static jem_status supports(jem_dtype precision)
{
    if (precision == JEM_F32 || precision == JEM_F64) return JEM_OK;
    return jem_error(JEM_EUSAGE,
                     "backend ref: precision %s is not supported; choose f32 or f64, or backend cpu",
                     jem_dtype_name(precision));
}

static format choose_format(const op *o, format src, jem_dtype precision, bool gradient)
{
    (void)o, (void)src, (void)gradient;
    return (format){precision == JEM_F64 ? JEM_F64 : JEM_F32, 1};
}

size_t ref_mask_bytes(format f, shape s, int64_t n)
{
    return (size_t)format_count(f, s, n);
}

static jem_status kernel_new(void **kernel, const step *s, void *shared)
{
    jem_status st;
    ref_kernel *k = NULL;

    (void)shared;
    TRY(MEM_NEW(k, 1));
    k->s = *s;
    k->dtype = s->src.offset >= 0 ? s->src.f.dtype : s->dst.f.dtype;
    *kernel = k;
done:
    return st;
}

static void kernel_free(void *kernel)
{
    mem_free(kernel);
}

static jem_status kernel_load(void *kernel, const void *params)
{
    ref_kernel *k = kernel;
    k->params = params;
    return JEM_OK;
}

static size_t kernel_scratch(const void *kernel)
{
    (void)kernel;
    return 0;
}

static jem_status bound_new(void **bound, void *kernel, char *arena, void *scratch)
{
    jem_status st;
    ref_bound *b = NULL;

    (void)scratch;
    TRY(MEM_NEW(b, 1));
    *b = (ref_bound){kernel, arena};
    *bound = b;
done:
    return st;
}

static void bound_free(void *bound)
{
    mem_free(bound);
}

static jem_status run(void *bound, const step_io *io, int phase, int part)
{
    const ref_bound *b = bound;
    step_io call = *io;

    (void)phase, (void)part;
    call.params = b->kernel->params;
    return b->kernel->dtype == JEM_F64 ? ref_run_f64(&b->kernel->s, b->arena, &call)
                                       : ref_run_f32(&b->kernel->s, b->arena, &call);
}

const backend backend_ref = {
    .name = "ref",
    .about = "plain loops in float and double: the specification",
    .supports = supports,
    .choose_format = choose_format,
    .mask_bytes = ref_mask_bytes,
    .fuses_conv = true,
    .kernel_new = kernel_new,
    .kernel_free = kernel_free,
    .kernel_load = kernel_load,
    .kernel_scratch = kernel_scratch,
    .bound_new = bound_new,
    .bound_free = bound_free,
    .run = run,
    .langevin = ref_langevin,
    .logsumexp = ref_logsumexp,
    .adam = ref_adam,
    .sgd = ref_sgd,
    .sum_squares = ref_sum_squares,
};
