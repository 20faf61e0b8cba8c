/* A ring of decoded pictures between threads and one taker. */
#include "data/pictures/stream.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/thread.h"
#include "base/try.h"
#include "data/pictures/image.h"

enum { MESSAGE_SIZE = 1024 };

/* One place of the ring. */
typedef struct place {
    uint8_t *pixels; /* [3][size][size] */
    bool full;
    jem_status st;
    char message[MESSAGE_SIZE]; /* if st is a failure: messages belong to threads */
} place;

struct image_stream {
    char *const *paths;
    int64_t n, size;
    image_kernel kernel;
    int64_t begun, taken; /* pictures whose decoding has begun; that were taken */
    place *ring;          /* picture i has place i % places */
    int64_t places;
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    bool stop;
    pthread_t *threads;
    int thread_count;
};

static jem_status decode(uint8_t *planar, const image_stream *s, const char *path)
{
    jem_status st;
    image m = IMAGE_INIT, square = IMAGE_INIT;

    TRY(image_read(&m, path));
    st = image_resize_square_by(&square, &m, s->size, s->kernel);
    if (st) {
        jem_error_context(st, "%s", path);
        goto done;
    }
    image_to_planar(planar, &square);
done:
    image_clear(&m);
    image_clear(&square);
    return st;
}

/* The next picture to decode, once its place is free; false if there is none. */
static bool begin_next(image_stream *s, int64_t *i)
{
    while (!s->stop && s->begun < s->n && s->begun - s->taken >= s->places)
        pthread_cond_wait(&s->emptied, &s->lock);
    if (s->stop || s->begun >= s->n) return false;
    *i = s->begun++;
    return true;
}

static void *work(void *arg)
{
    image_stream *s = arg;
    int64_t i = 0;

    pthread_mutex_lock(&s->lock);
    while (begin_next(s, &i)) {
        place *p = &s->ring[i % s->places];
        pthread_mutex_unlock(&s->lock);
        p->st = decode(p->pixels, s, s->paths[i]);
        if (p->st) strncpy(p->message, jem_error_message(), MESSAGE_SIZE - 1);
        pthread_mutex_lock(&s->lock);
        p->full = true;
        pthread_cond_broadcast(&s->filled);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

jem_status image_stream_new(image_stream **out, char *const *paths, int64_t n, int64_t size,
                            image_kernel kernel, int threads, int64_t ahead)
{
    jem_status st;
    image_stream *s = NULL;

    TRY(MEM_NEW(s, 1));
    s->paths = paths;
    s->n = n;
    s->size = size;
    s->kernel = kernel;
    s->places = ahead;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->filled, NULL);
    pthread_cond_init(&s->emptied, NULL);
    TRY(MEM_NEW(s->ring, ahead));
    for (int64_t i = 0; i < ahead; i++) TRY(MEM_NEW(s->ring[i].pixels, 3 * size * size));
    TRY(MEM_NEW(s->threads, threads));
    for (; s->thread_count < threads; s->thread_count++) {
        int error = thread_start(&s->threads[s->thread_count], work, s);
        if (!error) continue;
        st = jem_error(JEM_ENOMEM, "cannot start a thread to decode pictures: %s; use fewer threads",
                       strerror(error));
        goto done;
    }
    *out = s;
    s = NULL;
done:
    image_stream_free(s);
    return st;
}

void image_stream_free(image_stream *s)
{
    if (!s) return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->emptied);
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < s->thread_count; i++) pthread_join(s->threads[i], NULL);
    for (int64_t i = 0; s->ring && i < s->places; i++) mem_free(s->ring[i].pixels);
    pthread_cond_destroy(&s->filled);
    pthread_cond_destroy(&s->emptied);
    pthread_mutex_destroy(&s->lock);
    mem_free(s->ring);
    mem_free(s->threads);
    mem_free(s);
}

jem_status image_stream_next(image_stream *s, uint8_t *planar)
{
    place *p = &s->ring[s->taken % s->places];

    pthread_mutex_lock(&s->lock);
    while (!p->full) pthread_cond_wait(&s->filled, &s->lock);
    pthread_mutex_unlock(&s->lock);
    jem_status st = p->st;
    if (st == JEM_OK)
        memcpy(planar, p->pixels, (size_t)(3 * s->size * s->size));
    else
        jem_error(st, "%s", p->message);
    pthread_mutex_lock(&s->lock);
    p->full = false;
    s->taken++;
    pthread_cond_broadcast(&s->emptied);
    pthread_mutex_unlock(&s->lock);
    return st;
}
