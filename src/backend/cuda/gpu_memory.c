/* Which addresses are the device's: a short list, as plans allocate few and large arrays. */
#include <pthread.h>

#include "backend/cuda/gpu.h"
#include "base/mem.h"

typedef struct range {
    char *begin;
    size_t bytes;
} range;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static range *ranges;
static int64_t count, room;

bool gpu_owns(const void *p)
{
    const char *at = p;
    bool found = false;
    pthread_mutex_lock(&lock);
    for (int64_t i = 0; i < count && !found; i++)
        found = at >= ranges[i].begin && at < ranges[i].begin + ranges[i].bytes;
    pthread_mutex_unlock(&lock);
    return found;
}

jem_status gpu_remember(void *p, size_t bytes)
{
    pthread_mutex_lock(&lock);
    jem_status st = MEM_GROW(ranges, count, room);
    if (st == JEM_OK) ranges[count++] = (range){p, bytes};
    pthread_mutex_unlock(&lock);
    return st;
}

void gpu_forget(void *p)
{
    pthread_mutex_lock(&lock);
    for (int64_t i = 0; i < count; i++)
        if (ranges[i].begin == p) {
            ranges[i] = ranges[--count];
            break;
        }
    if (count == 0) { /* nothing is left behind at the end */
        mem_free(ranges);
        ranges = NULL;
        room = 0;
    }
    pthread_mutex_unlock(&lock);
}
