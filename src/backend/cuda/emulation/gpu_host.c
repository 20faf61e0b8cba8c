/* gpu.h without a GPU: memory of its own that is the host's, work done at once, graphs as
 * lists of noted work.  It keeps to the rules of the device, so that a test notices what
 * would go wrong there: nothing is computed while a graph is captured, arguments are those
 * of that moment, memory begins and ends between guards. */
#include "backend/cuda/emulation/gpu_host.h"

#include <stdlib.h>
#include <string.h>

#include "backend/cuda/columns.h"
#include "backend/cuda/cuda.h"
#include "base/mem.h"
#include "base/try.h"

enum { GUARD = 256, GUARD_BYTE = 0xa5 };

typedef struct noted {
    host_work fn;
    void *args; /* owned */
    int64_t pieces;
} noted;

struct device_graph {
    noted *work;
    int64_t count, room;
};

static device_graph *capturing;

jem_status gpu_open(int number)
{
    if (number == 0) return JEM_OK;
    return jem_error(JEM_EUSAGE, "cuda:%d: the host emulation is one device, cuda:0", number);
}

const char *gpu_describe(void)
{
    return "host emulation of the GPU backend (for tests)";
}

jem_status gpu_host_do(host_work fn, const void *args, size_t size, int64_t pieces)
{
    jem_status st;
    noted n = {.fn = fn, .pieces = pieces};

    if (!capturing) {
        fn(args, pieces);
        return JEM_OK;
    }
    TRY(mem_alloc(&n.args, 1, size));
    memcpy(n.args, args, size);
    TRY(MEM_GROW(capturing->work, capturing->count, capturing->room));
    capturing->work[capturing->count++] = n;
    n.args = NULL;
done:
    mem_free(n.args);
    return st;
}

/* ---- memory: [size][guard][bytes][guard] */

jem_status gpu_alloc(void *out, size_t bytes)
{
    char *p = NULL;
    jem_status st;

    if (capturing) return jem_error(JEM_EINTERNAL, "memory cannot be allocated in a captured graph");
    TRY(mem_alloc(&p, bytes + 2 * GUARD, 1));
    memset(p, GUARD_BYTE, GUARD);
    memcpy(p, &bytes, sizeof bytes);
    memset(p + GUARD + bytes, GUARD_BYTE, GUARD);
    TRY(gpu_remember(p + GUARD, bytes ? bytes : 1));
    p += GUARD;
    memcpy(out, &p, sizeof p);
    return JEM_OK;
done:
    mem_free(p);
    return st;
}

static void check_guards(const unsigned char *p, size_t bytes)
{
    for (size_t i = sizeof bytes; i < GUARD; i++)
        if (p[i] != GUARD_BYTE || p[GUARD + bytes + i] != GUARD_BYTE) __builtin_trap();
}

void gpu_free(void *at)
{
    size_t bytes;
    if (!at) return;
    char *p = (char *)at - GUARD;
    memcpy(&bytes, p, sizeof bytes);
    check_guards((const unsigned char *)p, bytes);
    gpu_forget(at);
    mem_free(p);
}

size_t gpu_available(void)
{
    const char *bytes = getenv("JEM_EMULATED_MEMORY"); /* tests: a device that is nearly full */
    return bytes ? (size_t)strtoull(bytes, NULL, 10) : (size_t)1 << 30;
}

typedef struct copying {
    void *dst;
    const void *src;
    size_t bytes;
} copying;

static void copy_bytes(const void *args, int64_t pieces)
{
    const copying *c = args;
    (void)pieces;
    if (c->src)
        memmove(c->dst, c->src, c->bytes);
    else
        memset(c->dst, 0, c->bytes);
}

jem_status gpu_copy(void *dst, const void *src, size_t bytes)
{
    const copying c = {dst, src, bytes};
    if (bytes == 0) return JEM_OK;
    if (capturing && (!gpu_owns(dst) || !gpu_owns(src)))
        return jem_error(JEM_EINTERNAL, "the host's memory in a captured graph");
    return gpu_host_do(copy_bytes, &c, sizeof c, 1);
}

jem_status gpu_clear(void *dst, size_t bytes)
{
    const copying c = {dst, NULL, bytes};
    return gpu_host_do(copy_bytes, &c, sizeof c, 1);
}

jem_status gpu_wait(void)
{
    return capturing ? jem_error(JEM_EINTERNAL, "waiting in a captured graph") : JEM_OK;
}

/* ---- graphs */

jem_status gpu_capture(void)
{
    return MEM_NEW(capturing, 1);
}

jem_status gpu_capture_end(device_graph **out)
{
    *out = capturing;
    capturing = NULL;
    return JEM_OK;
}

jem_status gpu_graph_launch(const device_graph *p)
{
    for (int64_t i = 0; i < p->count; i++) p->work[i].fn(p->work[i].args, p->work[i].pieces);
    return JEM_OK;
}

void gpu_graph_free(device_graph *p)
{
    if (!p) return;
    for (int64_t i = 0; i < p->count; i++) mem_free(p->work[i].args);
    mem_free(p->work);
    mem_free(p);
}

jem_status columns_parts(int64_t *parts, const columns_shape *s)
{
    (void)s;
    *parts = COLUMN_PARTS;
    return JEM_OK;
}

/* The emulation brings its own convolutions and products: there is nothing to open (cuda.h). */
jem_status cuda_open_parts(char *text, size_t size)
{
    if (size) text[0] = '\0';
    return JEM_OK;
}
