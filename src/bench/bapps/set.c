/* Lists, pairs and reads the files of one BAPPS subset. */
#include "bench/bapps/set.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "jem/tensor.h"

enum { DEPTH_MAX = 16, ASPECT_MAX = 100 };

static const char *const task_names[] = {"2afc", "jnd"};
static const char *const judgement_folders[] = {"judge", "same"};
static const char *const picture_folders[] = {"ref", "p0", "p1"};

/* ---- listing */

typedef struct listing {
    char **files; /* relative paths, owned */
    int64_t count, capacity;
} listing;

static void names_free(char **names, int64_t count)
{
    for (int64_t i = 0; names && i < count; i++) mem_free(names[i]);
    mem_free(names);
}

static bool has_extension(const char *name, bool pictures)
{
    static const char *const known[] = {".jpg", ".jpeg", ".png", ".ppm", ".bmp"};
    const char *dot = strrchr(name, '.');
    if (!dot) return false;
    if (!pictures) return strcmp(dot, ".npy") == 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(dot, known[i]) == 0) return true;
    return false;
}

/* Appends the files of top/below ("" for top itself) and of the folders in it. */
static jem_status collect(listing *l, const char *top, const char *below, bool pictures, int depth)
{
    jem_status st;
    char *folder = NULL, *path = NULL, *relative = NULL, **names = NULL;
    int count = 0;

    TRY(str_format(&folder, "%s/%s", top, below));
    if (depth > DEPTH_MAX) {
        st = jem_error(JEM_EDATA, "%s: more than %d folders deep: is a link circular?", folder,
                       DEPTH_MAX);
        goto done;
    }
    TRY(dir_list_data(&names, &count, folder));
    for (int i = 0; i < count; i++) {
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        TRY(str_format(&relative, "%s%s%s", below, below[0] ? "/" : "", names[i]));
        if (has_extension(names[i], pictures) && !dir_exists(path)) {
            TRY(MEM_GROW(l->files, l->count, l->capacity));
            l->files[l->count++] = relative;
            relative = NULL;
        } else if (dir_exists(path)) {
            TRY(collect(l, top, relative, pictures, depth + 1));
        }
        mem_free(path);
        mem_free(relative);
        path = relative = NULL;
    }
done:
    mem_free(folder);
    mem_free(path);
    mem_free(relative);
    strings_free(names, count);
    return st;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* *files (owned) <- the sorted files of folder/name; there must be some. */
static jem_status list_files(char ***files, int64_t *count, const char *folder, const char *name,
                             bool pictures)
{
    jem_status st;
    listing l = {NULL, 0, 0};
    char *path = NULL;

    TRY(str_format(&path, "%s/%s", folder, name));
    if (!dir_exists(path)) {
        st = jem_error(JEM_EDATA, "%s: no such folder: delete the set, 'jem data fetch bapps' gets it whole", path);
        goto done;
    }
    TRY(collect(&l, path, "", pictures, 0));
    if (l.count == 0) {
        st = jem_error(JEM_EDATA, "%s: holds no %s: unpack the BAPPS archives again", path,
                       pictures ? "picture" : ".npy file");
        goto done;
    }
    qsort(l.files, (size_t)l.count, sizeof *l.files, by_bytes);
    *files = l.files;
    *count = l.count;
    l = (listing){NULL, 0, 0};
done:
    mem_free(path);
    names_free(l.files, l.count);
    return st;
}

/* ---- judgements */

/* One element of any shape, finite, in [0,1]. */
static jem_status read_share(double *out, const char *path)
{
    jem_status st;
    jem_tensor t = JEM_TENSOR_INIT;

    TRY(jem_npy_read(&t, path));
    if (jem_tensor_count(&t) != 1) {
        st = jem_error(JEM_EDATA, "%s: %" PRId64 " numbers, expected one share of votes", path,
                       jem_tensor_count(&t));
        goto done;
    }
    TRY(jem_tensor_convert(&t, JEM_F64));
    double share = *(const double *)t.data;
    if (!(share >= 0 && share <= 1)) {
        st = jem_error(JEM_EDATA, "%s: holds %g; a share of votes lies in [0,1]", path, share);
        goto done;
    }
    *out = share;
done:
    jem_tensor_clear(&t);
    return st;
}

static jem_status read_shares(bapps_set *s, char *const *files)
{
    jem_status st = JEM_OK;
    char *path = NULL;
    const double votes = s->task == BAPPS_2AFC ? 5 : 3;

    TRY(MEM_NEW(s->share, s->n));
    for (int64_t i = 0; i < s->n; i++) {
        TRY(str_format(&path, "%s/%s/%s", s->folder, judgement_folders[s->task], files[i]));
        TRY(read_share(&s->share[i], path));
        mem_free(path);
        path = NULL;
        if (fabs(s->share[i] - round(s->share[i] * votes) / votes) <= 1e-3) continue;
        if (s->odd++ == 0) s->first_odd = i;
    }
done:
    mem_free(path);
    return st;
}

/* ---- pairing */

static size_t stem_length(const char *file)
{
    return (size_t)(strrchr(file, '.') - file);
}

/* The files of folder `name` fit the stems one by one. */
static jem_status check_stems(const bapps_set *s, char *const *files, int64_t count,
                              const char *name)
{
    const char *judgements = judgement_folders[s->task];
    if (count != s->n)
        return jem_error(JEM_EDATA,
                         "%s: %" PRId64 " files in %s but %" PRId64
                         " in %s: unpack the BAPPS archives again",
                         s->folder, count, name, s->n, judgements);
    for (int64_t i = 0; i < count; i++) {
        size_t length = stem_length(files[i]);
        if (strlen(s->stems[i]) != length || strncmp(s->stems[i], files[i], length) != 0)
            return jem_error(JEM_EDATA,
                             "%s: file %" PRId64 " in order of name is %s/%s but %s/%s.npy: every "
                             "item needs one file of the same name in each folder",
                             s->folder, i, name, files[i], judgements, s->stems[i]);
    }
    return JEM_OK;
}

jem_status bapps_set_read(bapps_set *out, const char *root, bapps_task task, const char *subset)
{
    jem_status st;
    bapps_set s = BAPPS_SET_INIT;
    char **shares = NULL;
    int64_t count = 0, unused;

    s.task = task;
    snprintf(s.name, sizeof s.name, "%s/%s", task_names[task], subset);
    TRY(str_format(&s.folder, "%s/%s/val/%s", root, task_names[task], subset));
    TRY(list_files(&shares, &count, s.folder, judgement_folders[task], false));
    s.n = count;
    TRY(MEM_NEW(s.stems, s.n));
    for (int64_t i = 0; i < s.n; i++)
        TRY(str_format(&s.stems[i], "%.*s", (int)stem_length(shares[i]), shares[i]));
    for (int p = task == BAPPS_JND; p < BAPPS_PICTURES; p++) {
        char **files = NULL;
        TRY(list_files(&files, &unused, s.folder, picture_folders[p], true));
        st = check_stems(&s, files, unused, picture_folders[p]);
        if (st != JEM_OK) {
            names_free(files, unused);
            goto done;
        }
        s.files[p] = files;
    }
    TRY(read_shares(&s, shares));
    *out = s;
    s = (bapps_set)BAPPS_SET_INIT;
done:
    names_free(shares, count);
    bapps_set_clear(&s);
    return st;
}

void bapps_set_clear(bapps_set *s)
{
    for (int p = 0; p < BAPPS_PICTURES; p++) names_free(s->files[p], s->n);
    names_free(s->stems, s->n);
    mem_free(s->share);
    mem_free(s->folder);
    *s = (bapps_set)BAPPS_SET_INIT;
}

/* ---- folders and pictures */

bool bapps_set_exists(const char *root, bapps_task task, const char *subset)
{
    char *path = NULL;
    bool there = str_format(&path, "%s/%s/val/%s", root, task_names[task], subset) == JEM_OK &&
                 dir_exists(path);
    mem_free(path);
    return there;
}

jem_status bapps_root(char **out, const char *folder)
{
    jem_status st = JEM_OK;
    char *root = NULL, *path = NULL;

    for (int f = 0; f < 2; f++) {
        mem_free(root);
        root = NULL;
        TRY(str_format(&root, "%s%s", folder, f ? "/dataset" : ""));
        for (int t = 0; t < 2; t++) {
            mem_free(path);
            path = NULL;
            TRY(str_format(&path, "%s/%s", root, task_names[t]));
            if (!dir_exists(path)) continue;
            *out = root;
            root = NULL;
            goto done;
        }
    }
    st = jem_error(JEM_EDATA,
                   "%s: holds neither 2afc nor jnd: give the folder in which BAPPS was unpacked; 'jem data "
                   "fetch bapps' gets it",
                   folder);
done:
    mem_free(root);
    mem_free(path);
    return st;
}

/* Shorter side to 64, the longer one cut to whole pixels. */
static jem_status shrink(image *m, const char *path)
{
    jem_status st;
    image small = IMAGE_INIT;
    int64_t shorter = m->height < m->width ? m->height : m->width;
    int64_t longer = m->height < m->width ? m->width : m->height;

    if (shorter == BAPPS_SIDE) return JEM_OK;
    if (longer / shorter >= ASPECT_MAX)
        return jem_error(JEM_EDATA, "%s: %" PRId64 " x %" PRId64 " pixels is a strip, not a patch",
                         path, m->width, m->height);
    TRY(image_resize(&small, m, BAPPS_SIDE * m->height / shorter,
                     BAPPS_SIDE * m->width / shorter));
    image_clear(m);
    *m = small;
done:
    return st;
}

jem_status bapps_pictures(image pictures[BAPPS_PICTURES], const bapps_set *s, int64_t i)
{
    jem_status st = JEM_OK;
    char *path = NULL;
    int first = s->task == BAPPS_JND;
    int64_t height = 0, width = 0;

    for (int p = 0; p < BAPPS_PICTURES; p++) image_clear(&pictures[p]);
    for (int p = first; p < BAPPS_PICTURES; p++) {
        image *m = &pictures[p];
        TRY(str_format(&path, "%s/%s/%s", s->folder, picture_folders[p], s->files[p][i]));
        TRY(image_read(m, path));
        if (p == first) {
            height = m->height;
            width = m->width;
        } else if (m->height != height || m->width != width) {
            st = jem_error(JEM_EDATA,
                           "%s: %" PRId64 " x %" PRId64 " pixels, but its %s has %" PRId64
                           " x %" PRId64 ": the patches of an item have one size",
                           path, m->width, m->height, picture_folders[first], width, height);
            goto done;
        }
        TRY(shrink(m, path));
        mem_free(path);
        path = NULL;
    }
done:
    mem_free(path);
    return st;
}
