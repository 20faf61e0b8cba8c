/* Memory by liveness: large buffers first, each at the lowest offset where no
 * buffer alive at the same time lies (greedy by size; Pisarchyk and Lee 2020). */
#include <stdlib.h>

#include "base/mem.h"
#include "base/try.h"
#include "nn/plan_internal.h"

enum { ALIGNMENT = 64 }; /* what vector registers, GPUs and their libraries want is less */

static bool alive_together(const buffer *a, const buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static int larger_first(const void *x, const void *y)
{
    const buffer *const *a = x, *const *b = y;
    if ((*a)->bytes != (*b)->bytes) return (*a)->bytes < (*b)->bytes ? 1 : -1;
    return *a < *b ? -1 : *a > *b; /* same order on every machine */
}

static int lower_first(const void *x, const void *y)
{
    const buffer *const *a = x, *const *b = y;
    return ((*a)->offset > (*b)->offset) - ((*a)->offset < (*b)->offset);
}

/* Lowest gap among the `count` placed neighbours, sorted by offset. */
static int64_t lowest_gap(buffer *const *neighbours, int count, int64_t bytes)
{
    int64_t at = 0;
    for (int i = 0; i < count; ++i) {
        if (neighbours[i]->offset - at >= bytes) break;
        int64_t end = neighbours[i]->offset + neighbours[i]->bytes;
        if (end > at) at = end;
    }
    return at;
}

static void resolve(slot *s, const buffer *buffers)
{
    if (s->offset >= 0) s->offset = buffers[s->offset].offset;
}

jem_status plan_place_buffers(plan *p)
{
    jem_status st;
    buffer **order = NULL, **near = NULL;

    TRY(MEM_NEW(order, p->buffer_count));
    TRY(MEM_NEW(near, p->buffer_count));
    for (int i = 0; i < p->buffer_count; ++i) {
        order[i] = &p->buffers[i];
        order[i]->bytes = (order[i]->bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    qsort(order, (size_t)p->buffer_count, sizeof *order, larger_first);
    for (int i = 0; i < p->buffer_count; ++i) {
        int count = 0;
        for (int k = 0; k < i; ++k)
            if (alive_together(order[i], order[k])) near[count++] = order[k];
        qsort(near, (size_t)count, sizeof *near, lower_first);
        order[i]->offset = lowest_gap(near, count, order[i]->bytes);
        if (order[i]->offset + order[i]->bytes > p->arena_bytes)
            p->arena_bytes = order[i]->offset + order[i]->bytes;
    }
    for (int i = 0; i < p->step_count; ++i) {
        step *s = &p->steps[i].s;
        resolve(&s->dst, p->buffers);
        resolve(&s->src, p->buffers);
        resolve(&s->src2, p->buffers);
        if (s->copied) resolve(&s->copy, p->buffers);
        for (int k = 0; k < s->source_count; ++k) resolve(&p->steps[i].sources[k], p->buffers);
        if (s->mask_offset >= 0) s->mask_offset = p->buffers[s->mask_offset].offset;
    }
done:
    mem_free(order);
    mem_free(near);
    return st;
}
