/* Folders of pictures: what their names say. */
#include "bench/mvh_pictures.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/image_name.h"

enum { PICTURE_SIZE = 224 };

/* Letters before ".png", ".jpg" or ".jpeg"; 0 if it is no picture. */
static size_t stem_of(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg"};
    const char *dot = strrchr(name, '.');
    for (size_t e = 0; dot && e < sizeof endings / sizeof *endings; e++)
        if (strcasecmp(dot, endings[e]) == 0) return (size_t)(dot - name);
    return 0;
}

/* Takes over path; category and condition are known. */
static jem_status add_picture(mvh_pictures *list, char *path, const char *name, int32_t category,
                              int64_t condition)
{
    jem_status st = MEM_GROW(list->items, list->count, list->capacity);
    const char *id = image_id(name);
    char *owned = NULL;
    if (st == JEM_OK) st = str_format(&owned, "%.*s.png", (int)stem_of(id), id);
    if (st != JEM_OK) {
        mem_free(path);
        return st;
    }
    list->items[list->count++] = (mvh_picture){path, owned, category, condition};
    return JEM_OK;
}

/* ---- CATEGORY/name.png */

static jem_status read_category(mvh_pictures *list, const char *folder, int32_t category)
{
    jem_status st;
    char **names = NULL, *path = NULL;
    int count = 0;

    TRY(dir_list_data(&names, &count, folder));
    for (int i = 0; i < count; i++) {
        if (stem_of(names[i]) == 0) {
            st = jem_error(JEM_EDATA, "%s: '%s' is not a PNG or JPEG file", folder, names[i]);
            goto done;
        }
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        TRY(add_picture(list, path, names[i], category, 0));
    }
done:
    strings_free(names, count);
    return st;
}

static jem_status read_categories(mvh_pictures *list, const char *folder)
{
    jem_status st;
    char **names = NULL, *path = NULL;
    int count = 0;

    TRY(dir_list_data(&names, &count, folder));
    for (int i = 0; i < count; i++) {
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        int category = category_find(names[i]);
        /* a file beside the folders, such as a licence, is nobody's picture */
        if (category < 0 && !dir_exists(path) && stem_of(names[i]) == 0) continue;
        if (category < 0) {
            st = jem_error(JEM_EDATA, "%s: '%s' is not one of the %d categories", folder, names[i],
                           CATEGORY_COUNT);
            goto done;
        }
        TRY(read_category(list, path, category));
    }
done:
    mem_free(path);
    strings_free(names, count);
    return st;
}

/* ---- dnn/session-N/NNNN_CODE_WHO_CONDITION_CATEGORY_XX_REST.png */

enum { NAME_FIELDS = 6 }; /* before REST */

/* begin [NAME_FIELDS + 1] <- where the fields and REST begin; false if there are fewer. */
static bool split_name(const char **begin, const char *name)
{
    begin[0] = name;
    for (int f = 1; f <= NAME_FIELDS; f++) {
        const char *bar = strchr(begin[f - 1], '_');
        if (!bar) return false;
        begin[f] = bar + 1;
    }
    return true;
}

enum { FIELD_MAX = 32 }; /* longer ones are cut: they are no condition or category */
static void copy_field(char text[FIELD_MAX], const char *const *begin, int f)
{
    size_t size = (size_t)(begin[f + 1] - begin[f]) - 1;
    if (size > FIELD_MAX - 1) size = FIELD_MAX - 1;
    memcpy(text, begin[f], size);
    text[size] = '\0';
}

/* Takes over path. */
static jem_status add_named(mvh_pictures *list, char *path, const char *name, const mvh_set *set)
{
    jem_status st;
    const char *begin[NAME_FIELDS + 1];
    char condition_text[FIELD_MAX], category_text[FIELD_MAX];

    if (stem_of(name) == 0 || !split_name(begin, name)) {
        st = jem_error(JEM_EDATA,
                       "%s: expected a name such as 0001_%s_dnn_CONDITION_CATEGORY_00_IMAGE.png",
                       path, set->code);
        goto done;
    }
    copy_field(condition_text, begin, 3);
    copy_field(category_text, begin, 4);
    int64_t condition = mvh_condition_find(set, condition_text);
    int category = category_find(category_text);
    if (condition < 0 || category < 0) {
        st = jem_error(JEM_EDATA, "%s: '%s' is not %s", path,
                       condition < 0 ? condition_text : category_text,
                       condition < 0 ? "a condition of the set" : "one of the 16 categories");
        goto done;
    }
    return add_picture(list, path, name, category, condition);
done:
    mem_free(path);
    return st;
}

static jem_status read_session(mvh_pictures *list, const char *folder, const mvh_set *set)
{
    jem_status st;
    char **names = NULL, *path = NULL;
    int count = 0;

    TRY(dir_list_data(&names, &count, folder));
    for (int i = 0; i < count; i++) {
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        TRY(add_named(list, path, names[i], set));
    }
done:
    strings_free(names, count);
    return st;
}

static jem_status read_sessions(mvh_pictures *list, const char *set_folder, const mvh_set *set)
{
    jem_status st;
    char **names = NULL, *folder = NULL, *path = NULL;
    int count = 0;

    TRY(str_format(&folder, "%s/dnn", set_folder));
    TRY(dir_list_data(&names, &count, folder));
    for (int i = 0; i < count; i++) {
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s/%s", folder, names[i]));
        if (strncmp(names[i], "session-", 8) != 0 || !dir_exists(path)) {
            st = jem_error(JEM_EDATA, "%s: '%s' does not belong there; expected folders session-N",
                           folder, names[i]);
            goto done;
        }
        TRY(read_session(list, path, set));
    }
done:
    mem_free(path);
    mem_free(folder);
    strings_free(names, count);
    return st;
}

/* ---- a set */

static int compare_ids(const void *a, const void *b)
{
    const mvh_picture *const *p = a, *const *q = b;
    if ((*p)->condition != (*q)->condition) return (*p)->condition < (*q)->condition ? -1 : 1;
    return strcmp((*p)->id, (*q)->id);
}

static jem_status check_unique(const mvh_pictures *list)
{
    const mvh_picture **sorted = NULL;
    jem_status st = MEM_NEW(sorted, list->count);
    if (st != JEM_OK) return st;
    for (int64_t i = 0; i < list->count; i++) sorted[i] = &list->items[i];
    if (list->count > 1) qsort(sorted, (size_t)list->count, sizeof *sorted, compare_ids);
    for (int64_t i = 1; i < list->count && st == JEM_OK; i++)
        if (compare_ids(&sorted[i - 1], &sorted[i]) == 0)
            st = jem_error(JEM_EDATA, "%s: the same image as %s", sorted[i]->path,
                           sorted[i - 1]->path);
    mem_free(sorted);
    return st;
}

jem_status mvh_pictures_read(mvh_pictures *out, const char *folder, const mvh_set *set)
{
    jem_status st;
    mvh_pictures list = MVH_PICTURES_INIT;
    char *path = NULL;

    TRY(str_format(&path, "%s/%s", folder, set->name));
    if (!dir_exists(path)) {
        st = jem_error(JEM_EDATA,
                       "%s: no folder '%s' with pictures: 'jem data fetch model-vs-human-images' "
                       "gets them",
                       folder, set->name);
        goto done;
    }
    TRY(set->in_categories ? read_categories(&list, path) : read_sessions(&list, path, set));
    TRY(check_unique(&list));
    *out = list;
    list = (mvh_pictures)MVH_PICTURES_INIT;
done:
    mvh_pictures_clear(&list);
    mem_free(path);
    return st;
}

void mvh_pictures_clear(mvh_pictures *p)
{
    for (int64_t i = 0; i < p->count; i++) {
        mem_free(p->items[i].path);
        mem_free(p->items[i].id);
    }
    mem_free(p->items);
    *p = (mvh_pictures)MVH_PICTURES_INIT;
}

/* ---- pixels */

jem_status mvh_picture_read(image *out, const char *path)
{
    jem_status st;
    image read = IMAGE_INIT;

    TRY(image_read(&read, path));
    if (read.height == PICTURE_SIZE && read.width == PICTURE_SIZE) {
        *out = read;
        return JEM_OK;
    }
    TRY(image_photograph(out, &read, PICTURE_SIZE));
done:
    image_clear(&read);
    return st;
}
