/* The thread that writes checkpoints: see checkpoint_store.h.
 *
 * The copy belongs to the training thread while the writer is idle and to the writer
 * while it is busy; `busy`, the only thing both look at, is guarded by the lock. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/thread.h"
#include "base/try.h"
#include "train/checkpoint_files.h"
#include "train/checkpoint_store.h"
#include "train/run.h"

struct checkpoint_writer {
    char *folder;
    checkpoint_view copy; /* owns its arrays */
    run_info info;
    jem_status status;    /* of the last write, and its message */
    char message[1024];

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool started, busy, quit;
};

/* ---- one write */

/* Is the scheduled state of this iteration there already? */
static bool has_scheduled(const checkpoint_files *l, int64_t iteration)
{
    for (int i = 0; i < l->count; i++) {
        const checkpoint_file *f = &l->items[i];
        if (!f->best && f->iteration == iteration) return f->readable && f->scheduled;
    }
    return false;
}

static jem_status write_state(const checkpoint_writer *w)
{
    jem_status st;
    char *path = NULL;
    checkpoint_files l = CHECKPOINT_FILES_INIT;

    TRY(checkpoint_files_list(&l, w->folder));
    if (!w->copy.state.scheduled && has_scheduled(&l, w->copy.iteration)) goto done;
    TRY(checkpoint_folder(&path, w->folder));
    TRY(dir_make(path));
    mem_free(path);
    path = NULL;
    TRY(checkpoint_path(&path, w->folder, w->copy.iteration, false));
    TRY(checkpoint_write(&w->copy, path));
done:
    mem_free(path);
    checkpoint_files_clear(&l);
    return st;
}

static jem_status write_all(checkpoint_writer *w)
{
    jem_status st;
    char *path = NULL;
    checkpoint_files l = CHECKPOINT_FILES_INIT;

    TRY(write_state(w));
    TRY(checkpoint_files_list(&l, w->folder));
    checkpoint_files_keep(&l, w->copy.iteration);
    TRY(checkpoint_files_manifest(&w->info, &l, w->folder));
    TRY(run_path(&path, w->folder, RUN_INFO));
    TRY(run_info_write(&w->info, path));
    TRY(checkpoint_files_prune(&l, w->folder));
done:
    mem_free(path);
    checkpoint_files_clear(&l);
    return st;
}

static void *run_writer(void *arg)
{
    checkpoint_writer *w = arg;

    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->busy && !w->quit) pthread_cond_wait(&w->changed, &w->lock);
        if (!w->busy) break;
        pthread_mutex_unlock(&w->lock);
        w->status = write_all(w);
        if (w->status != JEM_OK)
            snprintf(w->message, sizeof w->message, "%s", jem_error_message());
        pthread_mutex_lock(&w->lock);
        w->busy = false;
        pthread_cond_broadcast(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* ---- beginning and end */

static jem_status new_copy(checkpoint_view *copy, const trainer *t)
{
    const checkpoint_state none = {.due = false};
    checkpoint_view v = checkpoint_look(t, &none);
    jem_status st;

    *copy = v;
    copy->params = copy->m = copy->v = copy->ema = copy->replay.images = NULL;
    copy->replay.age = NULL;
    TRY(MEM_NEW(copy->params, v.n));
    TRY(MEM_NEW(copy->m, v.n));
    if (v.v) TRY(MEM_NEW(copy->v, v.n));
    if (v.ema) TRY(MEM_NEW(copy->ema, v.n));
    if (v.replay.images) {
        TRY(MEM_NEW(copy->replay.images, v.replay.size * shape_count(v.replay.image)));
        TRY(MEM_NEW(copy->replay.age, v.replay.size));
    }
done:
    return st;
}

jem_status checkpoint_writer_new(checkpoint_writer **out, const trainer *t, const char *folder)
{
    jem_status st;
    checkpoint_writer *w = NULL;
    int err;

    TRY(MEM_NEW(w, 1));
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    TRY(mem_strdup(&w->folder, folder));
    TRY(new_copy(&w->copy, t));
    err = thread_start(&w->thread, run_writer, w);
    if (err) {
        st = jem_error(JEM_ENOMEM, "cannot start the thread that writes checkpoints: %s",
                       strerror(err));
        goto done;
    }
    w->started = true;
    *out = w;
    w = NULL;
done:
    checkpoint_writer_free(w);
    return st;
}

void checkpoint_writer_free(checkpoint_writer *w)
{
    if (!w) return;
    if (w->started) {
        pthread_mutex_lock(&w->lock);
        w->quit = true;
        pthread_cond_broadcast(&w->changed);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->thread, NULL);
    }
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    mem_free(w->copy.params);
    mem_free(w->copy.m);
    mem_free(w->copy.v);
    mem_free(w->copy.ema);
    mem_free(w->copy.replay.images);
    mem_free(w->copy.replay.age);
    mem_free(w->folder);
    mem_free(w);
}

/* ---- handing over */

jem_status checkpoint_writer_wait(checkpoint_writer *w)
{
    jem_status st;

    pthread_mutex_lock(&w->lock);
    while (w->busy) pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
    st = w->status;
    w->status = JEM_OK;
    return st == JEM_OK ? st : jem_error(st, "%s", w->message);
}

static void copy_floats(float *dst, const float *src, int64_t n)
{
    if (src) memcpy(dst, src, (size_t)n * sizeof *dst);
}

/* Pointers stay those of the copy; all else is the trainer's. */
static void copy_state(checkpoint_view *copy, const checkpoint_view *v)
{
    checkpoint_view c = *v;

    copy_floats(copy->params, v->params, v->n);
    copy_floats(copy->m, v->m, v->n);
    copy_floats(copy->v, v->v, v->n);
    copy_floats(copy->ema, v->ema, v->n);
    copy_floats(copy->replay.images, v->replay.images,
                v->replay.size * shape_count(v->replay.image));
    if (v->replay.age)
        memcpy(copy->replay.age, v->replay.age, (size_t)v->replay.size * sizeof *v->replay.age);
    c.params = copy->params;
    c.m = copy->m;
    c.v = copy->v;
    c.ema = copy->ema;
    c.replay.images = copy->replay.images;
    c.replay.age = copy->replay.age;
    *copy = c;
}

jem_status checkpoint_writer_put(checkpoint_writer *w, const trainer *t,
                                 const checkpoint_state *s, const run_info *info)
{
    checkpoint_view v = checkpoint_look(t, s);
    jem_status st;

    TRY(checkpoint_writer_wait(w));
    copy_state(&w->copy, &v);
    /* Here and not on the thread: whether a training goes back must not depend on when
     * the thread comes to it. */
    TRY(checkpoint_check(&w->copy));
    w->info = *info;
    pthread_mutex_lock(&w->lock);
    w->busy = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
done:
    return st;
}
