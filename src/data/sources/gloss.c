/* The gloss set in the layout of Storrs, Anderson & Fleming (2021), which
 * `jem data render` writes too: DIR/rgb/NAME.png with sceneNNNNNN in the name,
 * and DIR/scene_log.csv with one row per scene.  Scenes without picture or
 * without row are dropped, as there (that is how 10,000 became 9,998). */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "base/csv.h"
#include "data/pictures/list.h"
#include "data/sources/image_set.h"
#include "data/sources/sources.h"

enum { GLOSS_CLASSES = 2 };

typedef struct scene {
    int64_t number;
    int64_t row; /* of the log */
    char *path;  /* of the picture; owned */
} scene;

/* Number behind the last "scene" of a text ("rgb_scene000012.png" -> 12), or of
 * a text that is all digits; -1 if there is none. */
static int64_t scene_number(const char *text)
{
    const char *at = NULL;
    char *end;
    long long number;

    for (const char *p = text; (p = strstr(p, "scene")); p++) at = p + strlen("scene");
    if (!at) at = text;
    if (!isdigit((unsigned char)*at)) return -1;
    number = strtoll(at, &end, 10);
    return at == text && *end ? -1 : (int64_t)number;
}

static int by_number(const void *a, const void *b)
{
    const scene *p = a, *q = b;
    if (p->number != q->number) return p->number < q->number ? -1 : 1;
    return p->row < q->row ? -1 : p->row > q->row;
}

static void scenes_free(scene *s, int64_t n)
{
    for (int64_t i = 0; s && i < n; i++) mem_free(s[i].path);
    mem_free(s);
}

/* Rows of the log by scene number; *n of them. */
static jem_status list_rows(scene **out, const csv *log)
{
    jem_status st;
    scene *s = NULL;
    int column = 0;

    TRY(csv_need(&column, log, "scene_num", "rename the column of scene names"));
    TRY(MEM_NEW(s, log->rows));
    for (int64_t i = 0; i < log->rows; i++) {
        s[i] = (scene){scene_number(csv_cell(log, i, column)), i, NULL};
        if (s[i].number < 0) {
            st = jem_error(JEM_EDATA,
                           "%s:%" PRId64 ": scene_num is '%s'; expected the form scene000001",
                           log->path, log->lines[i], csv_cell(log, i, column));
            goto done;
        }
    }
    qsort(s, (size_t)log->rows, sizeof *s, by_number);
    for (int64_t i = 1; i < log->rows; i++)
        if (s[i].number == s[i - 1].number) {
            st = jem_error(JEM_EDATA,
                           "%s:%" PRId64 ": scene %" PRId64 " is listed again (first in line "
                           "%" PRId64 "): remove one",
                           log->path, log->lines[s[i].row], s[i].number, log->lines[s[i - 1].row]);
            goto done;
        }
    *out = s;
    s = NULL;
done:
    mem_free(s);
    return st;
}

/* Pictures of DIR/rgb by scene number. */
static jem_status list_pictures(scene **out, int64_t *n, const char *dir)
{
    jem_status st;
    scene *s = NULL;
    char **names = NULL;
    int count = 0;
    int64_t used = 0;

    TRY(dir_list_data(&names, &count, dir));
    TRY(MEM_NEW(s, count));
    for (int i = 0; i < count; i++) {
        if (!image_name(names[i])) continue;
        s[used] = (scene){scene_number(names[i]), 0, NULL};
        if (s[used].number < 0) {
            st = jem_error(JEM_EDATA,
                           "%s/%s: no scene number in the name; expected rgb_scene000001.png: "
                           "rename or remove it",
                           dir, names[i]);
            goto done;
        }
        TRY(str_format(&s[used].path, "%s/%s", dir, names[i]));
        used++;
    }
    qsort(s, (size_t)used, sizeof *s, by_number);
    for (int64_t i = 1; i < used; i++)
        if (s[i].number == s[i - 1].number) {
            st = jem_error(JEM_EDATA, "%s: the same scene as %s: remove one", s[i].path,
                           s[i - 1].path);
            goto done;
        }
    *out = s;
    *n = used;
    s = NULL;
done:
    scenes_free(s, used);
    strings_free(names, count);
    return st;
}

/* Keeps the pictures that have a row, in scene order, and notes the row. */
static int64_t match(scene *pictures, int64_t n, const scene *rows, int64_t row_count)
{
    int64_t kept = 0, r = 0;

    for (int64_t i = 0; i < n; i++) {
        while (r < row_count && rows[r].number < pictures[i].number) r++;
        if (r < row_count && rows[r].number == pictures[i].number) {
            scene found = pictures[i];
            found.row = rows[r].row;
            pictures[i].path = NULL;
            pictures[kept++] = found;
        } else {
            mem_free(pictures[i].path);
            pictures[i].path = NULL;
        }
    }
    return kept;
}

static jem_status fill_labels(dataset *d, const csv *log, const scene *s, const char *name)
{
    jem_status st;
    int column = 0;
    double value = 0;

    TRY(csv_need(&column, log, name, "set data.label to the right one"));
    for (int64_t i = 0; i < d->n; i++) {
        TRY(csv_number(&value, log, s[i].row, column));
        if (value != 0 && value != 1) {
            st = jem_error(JEM_EDATA,
                           "%s:%" PRId64 ": %s is '%s'; labels are 0 (matte) or 1 (glossy)",
                           log->path, log->lines[s[i].row], log->names[column],
                           csv_cell(log, s[i].row, column));
            goto done;
        }
        d->labels[i] = (int32_t)value;
    }
done:
    return st;
}

static jem_status fill_bump(dataset *d, const csv *log, const scene *s, const char *name)
{
    jem_status st;
    int column = 0;
    double *values = NULL;

    TRY(csv_need(&column, log, name, "set data.bump to the right one"));
    TRY(dataset_add_column(d, "bump", &values));
    for (int64_t i = 0; i < d->n; i++) TRY(csv_number(&values[i], log, s[i].row, column));
done:
    return st;
}

/* Light fields are names: each distinct one, in order of first appearance in
 * scene order, gets the next number. */
static jem_status fill_light(dataset *d, const csv *log, const scene *s, const char *name)
{
    jem_status st;
    int column = 0;
    double *values = NULL;
    int64_t *first = NULL, count = 0; /* first scene of each light field */

    TRY(csv_need(&column, log, name, "set data.light to the right one"));
    TRY(dataset_add_column(d, "light", &values));
    TRY(MEM_NEW(first, d->n));
    for (int64_t i = 0; i < d->n; i++) {
        const char *text = csv_cell(log, s[i].row, column);
        int64_t k = 0;
        while (k < count && strcmp(csv_cell(log, s[first[k]].row, column), text) != 0) k++;
        if (k == count) first[count++] = i;
        values[i] = (double)k;
    }
done:
    mem_free(first);
    return st;
}

/* The number in each picture's name. */
static jem_status fill_scene(dataset *d, const scene *s)
{
    double *values = NULL;
    jem_status st = dataset_add_column(d, "scene", &values);
    for (int64_t i = 0; st == JEM_OK && i < d->n; i++) values[i] = (double)s[i].number;
    return st;
}

/* The published set lacks two pictures of 10,000; a folder that lacks more than one in a hundred
 * is not whole. */
static bool too_many(int64_t lost, int64_t of) { return lost > 2 && 100 * lost > of; }

/* The scenes that have both picture and row; *n of them. */
static jem_status find_scenes(scene **out, int64_t *n, const csv *log, const char *dir)
{
    jem_status st;
    scene *rows = NULL, *pictures = NULL;
    char *rgb = NULL;
    int64_t count = 0, kept;

    TRY(list_rows(&rows, log));
    TRY(str_format(&rgb, "%s/rgb", dir));
    TRY(list_pictures(&pictures, &count, rgb));
    kept = match(pictures, count, rows, log->rows);
    log_info("%s: %" PRId64 " scenes; dropped %" PRId64 " rows without picture and %" PRId64
             " pictures without row",
             dir, kept, log->rows - kept, count - kept);
    if (kept == 0) {
        st = jem_error(JEM_EDATA,
                       "%s: none of %" PRId64 " rows of scene_log.csv has one of %" PRId64
                       " pictures in rgb: their scene numbers must agree",
                       dir, log->rows, count);
        goto done;
    }
    if (too_many(log->rows - kept, log->rows) || too_many(count - kept, count)) {
        st = jem_error(JEM_EDATA,
                       "%s: %" PRId64 " of %" PRId64 " rows of scene_log.csv have no picture in "
                       "rgb, %" PRId64 " of %" PRId64 " pictures no row: unpack the set again, or "
                       "remove what does not belong to it",
                       dir, log->rows - kept, log->rows, count - kept, count);
        goto done;
    }
    *out = pictures;
    *n = kept;
    pictures = NULL;
done:
    mem_free(rows);
    scenes_free(pictures, count);
    mem_free(rgb);
    return st;
}

static jem_status read_pictures(dataset **out, const scene *s, int64_t n, int64_t size)
{
    jem_status st;
    char **paths = NULL; /* borrowed strings */

    TRY(MEM_NEW(paths, n));
    for (int64_t i = 0; i < n; i++) paths[i] = s[i].path;
    TRY(image_set_read(out, paths, (int)n, size));
done:
    mem_free(paths);
    return st;
}

static jem_status load(dataset **train, dataset **test, const data_options *o)
{
    static const char *const classes[GLOSS_CLASSES] = {"matte", "glossy"};
    jem_status st;
    char *path = NULL;
    csv log = CSV_INIT;
    scene *scenes = NULL;
    int64_t n = 0;
    dataset *d = NULL;

    TRY(str_format(&path, "%s/scene_log.csv", o->path));
    TRY(csv_read(&log, path));
    TRY(find_scenes(&scenes, &n, &log, o->path));
    TRY(read_pictures(&d, scenes, n, o->size));
    TRY(dataset_name_classes(d, classes, GLOSS_CLASSES));
    TRY(fill_labels(d, &log, scenes, o->label));
    TRY(fill_light(d, &log, scenes, o->light));
    TRY(fill_bump(d, &log, scenes, o->bump));
    TRY(fill_scene(d, scenes));
    *train = d;
    *test = NULL;
    d = NULL;
done:
    dataset_free(d);
    scenes_free(scenes, n);
    csv_clear(&log);
    mem_free(path);
    return st;
}

const data_source data_gloss = {
    .name = "gloss",
    .about = "renderings of bumpy surfaces, matte or glossy (Storrs, Anderson & Fleming 2021)",
    .layout = "rgb/rgb_sceneNNNNNN.png and scene_log.csv (scene_num, gloss_cat, light, bump)",
    .load = load,
    .ordered = true,
};
