/* Classes to categories: the built-in table, files, names. */
#include "bench/label_map.h"

#include <stdio.h>
#include <string.h>

#include "base/fields.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/image_name.h"
#include "stats/category_map.h"
#include "stats/classify.h"

struct label_map {
    int64_t classes; /* 0: of any network that has them all */
    int64_t categories;
    int32_t category[CATEGORY_COUNT];  /* [categories] which of the 16 */
    int64_t start[CATEGORY_COUNT + 1]; /* [categories+1] */
    int32_t *index;                    /* classes, ascending within a category */
};

/* ImageNet classes first .. last of a category (Geirhos et al. 2021; 207 classes). */
static const struct {
    int16_t category, first, last;
} imagenet[] = {
    /* airplane */
    {0, 404, 404},
    /* bear */
    {1, 294, 297},
    /* bicycle */
    {2, 444, 444},
    {2, 671, 671},
    /* bird */
    {3, 8, 8},
    {3, 10, 16},
    {3, 18, 20},
    {3, 22, 24},
    {3, 80, 83},
    {3, 87, 96},
    {3, 98, 100},
    {3, 127, 133},
    {3, 135, 145},
    /* boat */
    {4, 472, 472},
    {4, 554, 554},
    {4, 625, 625},
    {4, 814, 814},
    {4, 914, 914},
    /* bottle */
    {5, 440, 440},
    {5, 720, 720},
    {5, 737, 737},
    {5, 898, 899},
    {5, 901, 901},
    {5, 907, 907},
    /* car */
    {6, 436, 436},
    {6, 511, 511},
    {6, 817, 817},
    /* cat */
    {7, 281, 286},
    /* chair */
    {8, 423, 423},
    {8, 559, 559},
    {8, 765, 765},
    {8, 857, 857},
    /* clock */
    {9, 409, 409},
    {9, 530, 530},
    {9, 892, 892},
    /* dog */
    {10, 152, 191},
    {10, 193, 203},
    {10, 205, 226},
    {10, 228, 241},
    {10, 243, 250},
    {10, 252, 257},
    {10, 259, 259},
    {10, 261, 263},
    {10, 265, 268},
    /* elephant */
    {11, 385, 386},
    /* keyboard */
    {12, 508, 508},
    {12, 878, 878},
    /* knife */
    {13, 499, 499},
    /* oven */
    {14, 766, 766},
    /* truck */
    {15, 555, 555},
    {15, 569, 569},
    {15, 656, 656},
    {15, 675, 675},
    {15, 717, 717},
    {15, 734, 734},
    {15, 864, 864},
    {15, 867, 867},
};
enum { IMAGENET_CLASSES = 1000, IMAGENET_RANGES = sizeof imagenet / sizeof *imagenet };

/* Other words for a category. */
static const char *const synonyms[][2] = {
    {"automobile", "car"}, {"ship", "boat"}, {"aeroplane", "airplane"}};
enum { SYNONYMS = sizeof synonyms / sizeof *synonyms, INDEX_MAX = 100000 };

/* ---- making */

/* owner [classes]: category of each class, -1 for none. */
static jem_status from_owners(label_map **out, const int32_t *owner, int64_t classes, bool exact)
{
    jem_status st;
    label_map *m = NULL;
    int64_t owned[CATEGORY_COUNT] = {0}, next[CATEGORY_COUNT], used = 0;

    TRY(MEM_NEW(m, 1));
    TRY(MEM_NEW(m->index, classes));
    m->classes = exact ? classes : 0;
    for (int64_t i = 0; i < classes; i++)
        if (owner[i] >= 0) owned[owner[i]]++;
    for (int32_t c = 0; c < CATEGORY_COUNT; c++) {
        next[c] = used;
        if (owned[c] == 0) continue;
        used += owned[c];
        m->category[m->categories++] = c;
        m->start[m->categories] = used;
    }
    for (int64_t i = 0; i < classes; i++)
        if (owner[i] >= 0) m->index[next[owner[i]]++] = (int32_t)i;
    *out = m;
    m = NULL;
done:
    label_map_free(m);
    return st;
}

jem_status label_map_imagenet(label_map **out)
{
    int32_t owner[IMAGENET_CLASSES];
    for (int i = 0; i < IMAGENET_CLASSES; i++) owner[i] = -1;
    for (int r = 0; r < IMAGENET_RANGES; r++)
        for (int i = imagenet[r].first; i <= imagenet[r].last; i++) owner[i] = imagenet[r].category;
    return from_owners(out, owner, IMAGENET_CLASSES, true);
}

static int find_category(const char *name)
{
    for (int i = 0; i < SYNONYMS; i++)
        if (strcmp(name, synonyms[i][0]) == 0) return category_find(synonyms[i][1]);
    return category_find(name);
}

jem_status label_map_of_names(label_map **out, const char *const *names, int64_t classes)
{
    jem_status st;
    int32_t *owner = NULL;
    bool any = false;

    *out = NULL;
    TRY(MEM_NEW(owner, classes));
    for (int64_t i = 0; i < classes; i++) {
        owner[i] = find_category(names[i]);
        any = any || owner[i] >= 0;
    }
    if (any) TRY(from_owners(out, owner, classes, true));
done:
    mem_free(owner);
    return st;
}

/* One line of a mapping file: owner[index] <- category. */
static jem_status read_line(int32_t **owner, int64_t *classes, int64_t *room, const field_reader *r)
{
    jem_status st;
    int64_t index;
    int category = category_find(r->fields[0]);

    if (category < 0)
        return jem_error(JEM_EDATA,
                         "%s:%lld: '%s' is none of the 16 categories (airplane, bear, "
                         "..., truck)",
                         r->path, (long long)r->line, r->fields[0]);
    TRY(field_reader_integer(&index, r, 1));
    if (index < 0 || index >= INDEX_MAX)
        return jem_error(JEM_EDATA, "%s:%lld: class %lld; classes count from 0 and end below %d",
                         r->path, (long long)r->line, (long long)index, INDEX_MAX);
    while (*classes <= index) {
        TRY(MEM_GROW(*owner, *classes, *room));
        (*owner)[(*classes)++] = -1;
    }
    if ((*owner)[index] >= 0)
        return jem_error(JEM_EDATA, "%s:%lld: class %lld is listed twice", r->path,
                         (long long)r->line, (long long)index);
    (*owner)[index] = category;
done:
    return st;
}

jem_status label_map_read(label_map **out, const char *path)
{
    jem_status st;
    field_reader r = FIELD_READER_INIT;
    int32_t *owner = NULL;
    int64_t classes = 0, room = 0;
    int more;

    TRY(field_reader_open(&r, path, '\t'));
    TRY(field_reader_next(&r, &more));
    if (!more || r.count != 2 || strcmp(r.fields[0], "category") != 0 ||
        strcmp(r.fields[1], "index") != 0) {
        st = jem_error(JEM_EDATA, "%s:1: a mapping begins with the line category<TAB>index", path);
        goto done;
    }
    for (;;) {
        TRY(field_reader_next(&r, &more));
        if (!more) break;
        TRY(field_reader_expect(&r, 2));
        TRY(read_line(&owner, &classes, &room, &r));
    }
    if (classes == 0) {
        st = jem_error(JEM_EDATA, "%s: maps no class; list category and index, line by line", path);
        goto done;
    }
    TRY(from_owners(out, owner, classes, false));
done:
    field_reader_clear(&r);
    mem_free(owner);
    return st;
}

void label_map_free(label_map *m)
{
    if (m) mem_free(m->index);
    mem_free(m);
}

/* ---- deciding */

jem_status label_map_check(const label_map *m, int64_t classes)
{
    if (m->classes && m->classes != classes)
        return jem_error(JEM_EDATA,
                         "the mapping to 16 categories is for %lld classes, the logits "
                         "have %lld; give another mapping",
                         (long long)m->classes, (long long)classes);
    int64_t used = m->start[m->categories];
    for (int64_t i = 0; i < used; i++)
        if (m->index[i] >= classes)
            return jem_error(JEM_EDATA,
                             "the mapping to 16 categories names class %d, the logits "
                             "have %lld classes (counted from 0)",
                             (int)m->index[i], (long long)classes);
    return JEM_OK;
}

jem_status label_map_decide(const label_map *m, int32_t *category, const double *rows, int64_t n,
                            int64_t classes, bool probabilities)
{
    jem_status st;
    double *softmax = NULL, means[CATEGORY_COUNT];
    const stats_category_map map = {classes, m->categories, m->start, m->index};
    int32_t answer;

    TRY(label_map_check(m, classes));
    TRY(MEM_NEW(softmax, classes));
    for (int64_t i = 0; i < n; i++) {
        const double *row = rows + i * classes;
        if (!probabilities) {
            stats_softmax(softmax, row, 1, classes);
            row = softmax;
        }
        TRY(stats_category_means(means, row, 1, &map));
        stats_category_decide(&answer, means, 1, m->categories);
        category[i] = m->category[answer];
    }
done:
    mem_free(softmax);
    return st;
}

void label_map_describe(const label_map *m, char *text, size_t size)
{
    text[0] = '\0';
    if (m->categories == CATEGORY_COUNT) return;
    snprintf(text, size, "classes for only %lld of the 16 categories:", (long long)m->categories);
    for (int64_t c = 0; c < m->categories; c++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, " %s", category_names[m->category[c]]);
    }
}
