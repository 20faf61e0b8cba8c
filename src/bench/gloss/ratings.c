/* Reading the rating files by position, because their header does not fit their rows
 * (ratings.h). */
#include "bench/gloss/ratings.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text_file.h"
#include "base/try.h"

enum { IMAGE = 0, RATING = 5, FILE_MAX = 1 << 22 };

static const char suffix[] = "_gloss_ratings_task_";

/* One answer of one observer. */
typedef struct answer {
    int32_t scene, rating;
} answer;

typedef struct rating_file {
    const char *path;
    char *text;
    int64_t line;
    int fields; /* of a row */
    answer *answers;
    int64_t count, room;
} rating_file;

static jem_status refuse(const rating_file *f, const char *what, const char *found)
{
    return jem_error(JEM_EDATA, "%s:%lld: %s, found '%.80s'", f->path, (long long)f->line, what,
                     found);
}

/* Cuts the next line off *text; NULL at the end.  Line breaks are LF or CR LF. */
static char *next_line(char **text)
{
    char *line = *text, *end;
    if (*line == '\0') return NULL;
    end = line + strcspn(line, "\n");
    *text = *end ? end + 1 : end;
    *end = '\0';
    if (end > line && end[-1] == '\r') end[-1] = '\0';
    return line;
}

static int count_fields(const char *line)
{
    int fields = 1;
    for (; *line; line++) fields += *line == ',';
    return fields;
}

/* Field `number` of a line, cut off in place; the line has it. */
static char *field_at(char *line, int number)
{
    for (int i = 0; i < number; i++) line += strcspn(line, ",") + 1;
    line[strcspn(line, ",")] = '\0';
    return line;
}

/* The only run of exactly six digits in an image's name. */
static bool scene_number(int32_t *scene, const char *name)
{
    for (; *name; name++) {
        size_t digits = strspn(name, "0123456789");
        if (digits == 6) {
            *scene = (int32_t)strtol(name, NULL, 10);
            return true;
        }
        if (digits > 0) name += digits - 1;
    }
    return false;
}

static jem_status read_row(rating_file *f, char *line)
{
    answer a;
    if (count_fields(line) != f->fields) return refuse(f, "a row of another length", line);
    char *rating = field_at(line + strcspn(line, ",") + 1, RATING - 1), *end;
    char *image = field_at(line, IMAGE);
    if (!scene_number(&a.scene, image))
        return refuse(f, "expected an image name with six digits", image);
    double value = strtod(rating, &end);
    if (end == rating || *end || !(value >= GLOSS_LOWEST && value <= GLOSS_HIGHEST) ||
        value != (double)(int)value)
        return refuse(f, "expected a whole rating from 1 to 6", rating);
    a.rating = (int32_t)value;
    jem_status st = MEM_GROW(f->answers, f->count, f->room);
    if (st == JEM_OK) f->answers[f->count++] = a;
    return st;
}

static int compare_answers(const void *a, const void *b)
{
    const answer *p = a, *q = b;
    return (p->scene > q->scene) - (p->scene < q->scene);
}

/* f->answers <- all answers of the file, in order of their images. */
static jem_status read_file(rating_file *f)
{
    jem_status st;
    size_t size;

    TRY(text_read(&f->text, &size, f->path, FILE_MAX));
    if (strlen(f->text) != size) {
        st = jem_error(JEM_EDATA, "%s: holds a NUL byte at %zu; not a rating file", f->path,
                       strlen(f->text));
        goto done;
    }
    char *text = f->text, *line = next_line(&text);
    f->line = 1;
    f->fields = line ? count_fields(line) - 1 : 0;
    if (f->fields <= RATING) {
        st = refuse(f, "expected a header of 17 fields", line ? line : "");
        goto done;
    }
    while ((line = next_line(&text))) {
        f->line++;
        if (*line) TRY(read_row(f, line));
    }
    if (f->count > 1) qsort(f->answers, (size_t)f->count, sizeof *f->answers, compare_answers);
done:
    return st;
}

/* The first observer's images are everybody's. */
static jem_status take_images(gloss_ratings *r, const rating_file *f)
{
    jem_status st;
    r->images = f->count / GLOSS_REPEATS;
    if (r->images < 1) return jem_error(JEM_EDATA, "%s: holds no ratings", f->path);
    TRY(MEM_NEW(r->scene, r->images));
    TRY(MEM_NEW(r->rating, r->observers * r->images));
    for (int64_t i = 0; i < r->images; i++) r->scene[i] = f->answers[i * GLOSS_REPEATS].scene;
done:
    return st;
}

static jem_status take_ratings(gloss_ratings *r, int64_t observer, const rating_file *f)
{
    for (int64_t i = 0; i < f->count; i++) {
        const answer *a = &f->answers[i];
        bool first = i == 0 || a[-1].scene != a->scene;
        int64_t times = 1;
        while (first && i + times < f->count && a[times].scene == a->scene) times++;
        if (first && times != GLOSS_REPEATS)
            return jem_error(JEM_EDATA, "%s: image %06d is rated %lld times, expected %d", f->path,
                             (int)a->scene, (long long)times, GLOSS_REPEATS);
        int64_t image = i / GLOSS_REPEATS;
        if (image >= r->images || r->scene[image] != a->scene)
            return jem_error(JEM_EDATA, "%s: image %06d was not rated by the first observer",
                             f->path, (int)a->scene);
        r->rating[observer * r->images + image] += a->rating;
    }
    if (f->count != r->images * GLOSS_REPEATS)
        return jem_error(JEM_EDATA, "%s: %lld ratings, expected %lld", f->path, (long long)f->count,
                         (long long)r->images * GLOSS_REPEATS);
    /* sum first, then divide: whole sums carry no rounding */
    for (int64_t i = 0; i < r->images; i++) r->rating[observer * r->images + i] /= GLOSS_REPEATS;
    return JEM_OK;
}

static jem_status read_observer(gloss_ratings *r, int64_t observer, const char *path)
{
    jem_status st;
    rating_file f = {.path = path};

    TRY(read_file(&f));
    if (observer == 0) TRY(take_images(r, &f));
    TRY(take_ratings(r, observer, &f));
done:
    mem_free(f.answers);
    mem_free(f.text);
    return st;
}

/* Keeps the names of rating files; they are sorted, so one observer's follow each other. */
static jem_status keep_rating_files(char **names, int *count, const char *folder)
{
    int kept = 0;
    for (int i = 0; i < *count; i++) {
        char *name = names[i];
        names[i] = NULL;
        if (!strstr(name, suffix)) {
            mem_free(name);
            continue;
        }
        names[kept++] = name;
        size_t id = (size_t)(strstr(name, suffix) - name);
        if (kept > 1 && strncmp(names[kept - 2], name, id) == 0 &&
            strncmp(names[kept - 2] + id, suffix, strlen(suffix)) == 0)
            return jem_error(JEM_EDATA, "%s: two files of observer %.*s: %s and %s", folder,
                             (int)id, name, names[kept - 2], name);
    }
    if (kept < 2)
        return jem_error(JEM_EDATA,
                         "%s: %d files NN%sDATE.csv, expected at least 2 observers: 'jem data "
                         "fetch gloss' gets them",
                         folder, kept, suffix);
    *count = kept;
    return JEM_OK;
}

jem_status gloss_ratings_read(gloss_ratings *out, const char *folder)
{
    jem_status st;
    gloss_ratings r = GLOSS_RATINGS_INIT;
    char **names = NULL, *path = NULL;
    int found = 0, count;

    TRY(dir_list_data(&names, &found, folder));
    count = found;
    TRY(keep_rating_files(names, &count, folder));
    r.observers = count;
    for (int o = 0; o < count; o++) {
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s/%s", folder, names[o]));
        TRY(read_observer(&r, o, path));
    }
    *out = r;
    r = (gloss_ratings)GLOSS_RATINGS_INIT;
done:
    mem_free(path);
    strings_free(names, found);
    gloss_ratings_clear(&r);
    return st;
}

void gloss_ratings_clear(gloss_ratings *r)
{
    mem_free(r->scene);
    mem_free(r->rating);
    *r = (gloss_ratings)GLOSS_RATINGS_INIT;
}
