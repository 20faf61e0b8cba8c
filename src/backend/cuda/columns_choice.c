/* Parts of sums over rows, by measurement: see columns.h. */
#include "backend/cuda/columns.h"

#include "backend/cuda/conv_cache.h"
#include "backend/cuda/conv_choice.h"
#include "backend/cuda/cuda.h"
#include "backend/cuda/gpu_cuda.h"
#include "base/mem.h"
#include "base/try.h"

enum { PARTS_LEAST = 64, PARTS_MOST = 8192 };

typedef struct known_columns {
    columns_shape s;
    columns_choice c;
} known_columns;

static known_columns *known; /* all shapes of this process */
static int64_t known_count, known_room;

static jem_status sum(const void *ctx)
{
    const columns_map *a = ctx;
    return cuda_sum_columns(a, a->room);
}

static jem_status by_time(columns_choice *best, const columns_shape *s)
{
    columns_map a = {.rows = s->rows, .room = s->room};
    const int64_t octets = s->rows * s->room / 8;
    fill_map fill = {{NULL, s->bf16, 0}, 1, 1};
    columns_choice c = {0};
    jem_status st;

    TRY(gpu_alloc(&fill.dst.data, (size_t)(8 * octets) * (s->bf16 ? 2 : 4)));
    TRY(gpu_alloc(&a.parts, (size_t)(PARTS_MOST * s->room) * sizeof *a.parts));
    TRY(gpu_alloc(&a.sums, (size_t)s->room * sizeof *a.sums));
    TRY(launch_fill(&fill, octets));
    a.v = fill.dst;
    for (c.parts = PARTS_LEAST; c.parts <= PARTS_MOST; c.parts *= 2) {
        if (c.parts >= 2 * s->rows && best->parts > 0) break; /* more parts than rows */
        a.part_count = c.parts;
        TRY(gpu_time(&c.us, sum, &a));
        if (best->parts == 0 || c.us < best->us) *best = c;
    }
done:
    gpu_free(fill.dst.data);
    gpu_free(a.parts);
    gpu_free(a.sums);
    return st;
}

static bool from_cache(columns_choice *c, const columns_shape *s)
{
    return columns_cache_find(c, conv_where(), s) && c->parts >= COLUMN_LOTS && c->parts <= PARTS_MOST;
}

jem_status columns_parts(int64_t *parts, const columns_shape *s)
{
    known_columns made = {.s = *s};
    jem_status st = JEM_OK;

    *parts = COLUMN_PARTS;
    if (cuda_repeatable()) return JEM_OK;
    for (int64_t i = 0; i < known_count; i++)
        if (known[i].s.rows == s->rows && known[i].s.room == s->room && known[i].s.bf16 == s->bf16) {
            *parts = known[i].c.parts;
            return JEM_OK;
        }
    if (!from_cache(&made.c, s)) {
        made.c = (columns_choice){0};
        TRY(by_time(&made.c, s));
        columns_cache_add(&made.c, conv_where(), s);
    }
    TRY(MEM_GROW(known, known_count, known_room));
    known[known_count++] = made;
    *parts = made.c.parts;
done:
    return st;
}
