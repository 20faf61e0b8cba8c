/* A rendered gloss set on disk, in the layout of the published one (rgb/ and
 * scene_log.csv), so that one reader serves both.
 *
 * The log is a pure function of (n, size, seed) and says all three, so that comparing
 * its bytes tells whether a folder holds the render that is asked for. */
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "data/gloss/render.h"
#include "data/pictures/image.h"

enum { LOG_LINE_MAX = 512 };

static const char LOG_HEADER[] =
    "scene_num,gloss_cat,light,bump,wavelength,persistence,skew,specular,roughness,"
    "hue,saturation,value,yaw_deg,tilt_deg,brightness,seed,size,version\n";

/* The whole scene log as text; owned. */
static jem_status compose_log(char **out, size_t *size, int64_t n, int64_t side, uint64_t seed)
{
    jem_status st;
    char *text = NULL;
    size_t used = sizeof LOG_HEADER - 1;

    TRY(MEM_NEW(text, sizeof LOG_HEADER + (size_t)n * LOG_LINE_MAX));
    memcpy(text, LOG_HEADER, used);
    for (int64_t k = 1; k <= n; k++) {
        gloss_scene s;
        gloss_scene_draw(&s, seed, k);
        used += (size_t)snprintf(text + used, LOG_LINE_MAX,
                                 "scene%06" PRId64 ",%d,%s,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,"
                                 "%.4f,%.4f,%.3f,%.3f,%.4f,%" PRIu64 ",%" PRId64 ",%d\n",
                                 k, s.gloss_cat, gloss_light_name(s.light), s.bump, s.wavelength,
                                 s.persistence, s.skew, s.specular, s.roughness, s.hue,
                                 s.saturation, s.value, s.yaw_deg, s.tilt_deg, s.brightness, seed,
                                 side, GLOSS_VERSION);
    }
    *out = text;
    *size = used;
    text = NULL;
done:
    mem_free(text);
    return st;
}

/* Does `path` hold exactly these bytes?  A missing file does not. */
static jem_status file_equals(bool *out, const char *path, const char *text, size_t size)
{
    jem_status st = JEM_OK;
    char *found = NULL;
    size_t found_size = 0;

    *out = false;
    if (!file_exists(path)) goto done;
    TRY(file_read(&found, &found_size, path, 0));
    *out = found_size == size && memcmp(found, text, size) == 0;
done:
    mem_free(found);
    return st;
}

/* Makes `dir` ready for this render: new, or begun or finished by the same one. */
static jem_status claim_folder(bool *finished, const char *dir, const char *log,
                               const char *partial, const char *text, size_t size)
{
    jem_status st;
    char **names = NULL;
    int count = 0;
    bool same = false;

    TRY(dir_ready(dir));
    TRY(file_equals(finished, log, text, size));
    if (*finished) goto done;
    TRY(file_equals(&same, partial, text, size));
    if (same && !file_exists(log)) goto done;
    TRY(dir_list_data(&names, &count, dir));
    if (count > 0) {
        st = jem_error(JEM_EUSAGE,
                       "%s: the folder holds %s; choose an empty folder, or the number, size and "
                       "seed it was rendered with",
                       dir,
                       file_exists(log) || file_exists(partial) ? "another render"
                                                                : "files that are not a render");
        goto done;
    }
    TRY(file_write(partial, text, size));
done:
    strings_free(names, count);
    return st;
}

/* ---- rendering, one task per scene */

typedef struct worker {
    gloss_scratch *scratch;
    image picture;
} worker;

typedef struct render_job {
    const char *rgb_dir;
    int64_t size;
    uint64_t seed;
    const gloss_renderer *renderer;
    worker *workers;
    const volatile sig_atomic_t *stop;
    atomic_bool stopping; /* what *stop was when worker 0 looked last */
    atomic_int done;
    progress report; /* worker 0's */
} render_job;

static jem_status render_scene(void *ctx, int task, int worker_index)
{
    jem_status st = JEM_OK;
    render_job *job = ctx;
    worker *w = &job->workers[worker_index];
    char *path = NULL;
    gloss_scene s;

    if (worker_index == 0) atomic_store(&job->stopping, job->stop && *job->stop);
    if (atomic_load(&job->stopping))
        return jem_error(JEM_EINTERRUPTED, "%s: stopped; the same command goes on", job->rgb_dir);
    TRY(str_format(&path, "%s/rgb_scene%06d.png", job->rgb_dir, task + 1));
    if (!file_exists(path)) {
        gloss_scene_draw(&s, job->seed, task + 1);
        gloss_render(w->picture.pixels, job->size, job->renderer, &s, w->scratch);
        TRY(image_write_png(&w->picture, path));
    }
    int done = atomic_fetch_add(&job->done, 1) + 1;
    if (worker_index == 0) progress_update(&job->report, done, NULL);
done:
    mem_free(path);
    return st;
}

static jem_status render_all(const char *rgb_dir, const gloss_set_call *c)
{
    jem_status st;
    gloss_renderer *renderer = NULL;
    worker *workers = NULL;
    const int threads = pool_threads(c->threads);

    TRY(MEM_NEW(workers, threads));
    for (int k = 0; k < threads; k++) {
        TRY(gloss_scratch_new(&workers[k].scratch));
        TRY(image_init(&workers[k].picture, c->size, c->size, 3));
    }
    TRY(gloss_renderer_new(&renderer));
    render_job job = {.rgb_dir = rgb_dir, .size = c->size, .seed = c->seed, .renderer = renderer,
                      .workers = workers, .stop = c->stop};
    progress_begin(&job.report, "render", "images", c->n, 0);
    TRY(pool_run(c->threads, (int)c->n, render_scene, &job));
    progress_end(&job.report, c->n);
done:
    gloss_renderer_free(renderer);
    for (int k = 0; workers && k < threads; k++) {
        gloss_scratch_free(workers[k].scratch);
        image_clear(&workers[k].picture);
    }
    mem_free(workers);
    return st;
}

/* Is a picture of scenes 1 .. n missing? */
static jem_status any_missing(bool *out, const char *rgb_dir, int64_t n)
{
    jem_status st = JEM_OK;
    char *path = NULL;

    *out = false;
    for (int64_t k = 1; k <= n && !*out; k++) {
        TRY(str_format(&path, "%s/rgb_scene%06" PRId64 ".png", rgb_dir, k));
        *out = !file_exists(path);
        mem_free(path);
        path = NULL;
    }
done:
    mem_free(path);
    return st;
}

jem_status gloss_render_set(const gloss_set_call *c)
{
    jem_status st;
    char *log = NULL, *partial = NULL, *rgb_dir = NULL, *text = NULL;
    size_t text_size = 0;
    bool finished = false, missing = true;

    if (c->n < 1 || c->n > GLOSS_SCENES_MAX)
        return jem_error(JEM_EUSAGE, "render: %" PRId64 " scenes asked for; give 1 to %d", c->n,
                         GLOSS_SCENES_MAX);
    if (c->size < GLOSS_SIZE_MIN || c->size > GLOSS_SIZE_MAX)
        return jem_error(JEM_EUSAGE, "render: size %" PRId64 " asked for; give %d to %d pixels",
                         c->size, GLOSS_SIZE_MIN, GLOSS_SIZE_MAX);
    TRY(str_format(&log, "%s/scene_log.csv", c->dir));
    TRY(str_format(&partial, "%s/scene_log.csv.partial", c->dir));
    TRY(str_format(&rgb_dir, "%s/rgb", c->dir));
    TRY(compose_log(&text, &text_size, c->n, c->size, c->seed));
    TRY(claim_folder(&finished, c->dir, log, partial, text, text_size));
    TRY(dir_ready(rgb_dir));
    TRY(any_missing(&missing, rgb_dir, c->n));
    if (missing) TRY(render_all(rgb_dir, c));
    if (!finished) TRY(file_write(log, text, text_size));
    if (unlink(partial) != 0 && errno != ENOENT)
        st = file_write_failed("remove", partial, errno);
done:
    mem_free(log);
    mem_free(partial);
    mem_free(rgb_dir);
    mem_free(text);
    return st;
}
