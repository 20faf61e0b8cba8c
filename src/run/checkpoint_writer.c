/* The thread that writes checkpoints: see checkpoint_store.h.
 *
 * While the writer is busy, all but `busy` belongs to it, and the trainer's state may only be
 * read; `busy`, the only thing both threads look at, is guarded by the lock. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/thread.h"
#include "base/try.h"
#include "run/checkpoint_files.h"
#include "run/checkpoint_store.h"
#include "run/run.h"

struct checkpoint_writer {
    trainer *t;           /* borrowed */
    char *folder;
    checkpoint_view view; /* of the trainer's state when it was put */
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
    if (!w->view.state.scheduled && has_scheduled(&l, w->view.iteration)) goto done;
    TRY(checkpoint_folder(&path, w->folder));
    TRY(dir_make(path));
    mem_free(path);
    path = NULL;
    TRY(checkpoint_path(&path, w->folder, w->view.iteration, false));
    TRY(checkpoint_write(&w->view, path));
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
    checkpoint_files_keep(&l, w->view.iteration);
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

/* As the trainer's reader. */
static void wait_until_idle(void *writer)
{
    checkpoint_writer *w = writer;
    pthread_mutex_lock(&w->lock);
    while (w->busy) pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

jem_status checkpoint_writer_new(checkpoint_writer **out, trainer *t, const char *folder)
{
    jem_status st;
    checkpoint_writer *w = NULL;
    int err;

    TRY(MEM_NEW(w, 1));
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    TRY(mem_strdup(&w->folder, folder));
    w->t = t;
    err = thread_start(&w->thread, run_writer, w);
    if (err) {
        st = jem_error(JEM_ENOMEM, "cannot start the thread that writes checkpoints: %s; use fewer threads",
                       strerror(err));
        goto done;
    }
    w->started = true;
    t->reader = (trainer_reader){wait_until_idle, w};
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
        w->t->reader = (trainer_reader){NULL, NULL};
    }
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    mem_free(w->folder);
    mem_free(w);
}

/* ---- handing over */

jem_status checkpoint_writer_wait(checkpoint_writer *w)
{
    wait_until_idle(w);
    const jem_status st = w->status;
    w->status = JEM_OK;
    return st == JEM_OK ? st : jem_error(st, "%s", w->message);
}

jem_status checkpoint_writer_put(checkpoint_writer *w, const checkpoint_state *s,
                                 const run_info *info)
{
    jem_status st;

    TRY(checkpoint_writer_wait(w));
    w->view = checkpoint_look(w->t, s);
    /* Here and not on the thread: whether a training goes back must not depend on when
     * the thread comes to it. */
    TRY(checkpoint_check(&w->view));
    w->info = *info;
    pthread_mutex_lock(&w->lock);
    w->busy = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
done:
    return st;
}
