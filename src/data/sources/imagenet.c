/* Listing ImageNet (imagenet.h): which folders are classes, and the many forms of val's labels. */
#include "data/sources/imagenet.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text_file.h"
#include "base/try.h"
#include "data/sources/image_set.h"

enum { WORDNET_CLASSES = 1000 };
static const size_t labels_size_max = (size_t)256 << 20;

void imagenet_clear(imagenet *m)
{
    strings_free(m->classes, m->class_count);
    image_list_clear(&m->train);
    image_list_clear(&m->val);
    *m = (imagenet)IMAGENET_INIT;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The class called `name`, -1 if there is none. */
static int32_t find_class(const imagenet *m, const char *name)
{
    char **found = bsearch(&name, m->classes, (size_t)m->class_count, sizeof *m->classes,
                           compare_strings);
    return found ? (int32_t)(found - m->classes) : -1;
}

static bool is_wordnet(const imagenet *m)
{
    bool all = m->class_count == WORDNET_CLASSES;
    for (int k = 0; all && k < m->class_count; k++) {
        const char *name = m->classes[k];
        all = name[0] == 'n' && strlen(name) == 9 && strspn(name + 1, "0123456789") == 8;
    }
    return all;
}

/* ---- a flat folder and its file of labels */

/* Length of a file's name without folder, which starts at *stem, and extension. */
static size_t stem_of(const char **stem, const char *path)
{
    const char *slash = strrchr(path, '/');
    *stem = slash ? slash + 1 : path;
    const char *dot = strrchr(*stem, '.');
    return dot && image_name(path) ? (size_t)(dot - *stem) : strlen(*stem);
}

/* As strcmp on names without extension. */
static int compare_stems(const void *a, const void *b)
{
    const char *x, *y;
    size_t n = stem_of(&x, *(char *const *)a), k = stem_of(&y, *(char *const *)b);
    int order = memcmp(x, y, n < k ? n : k);
    return order ? order : (n > k) - (n < k);
}

/* The picture's number in a list sorted by stems, -1 if it is not there. */
static int64_t find_picture(const image_list *l, const char *name)
{
    char **found = bsearch(&name, l->paths, (size_t)l->n, sizeof *l->paths, compare_stems);
    return found ? found - l->paths : -1;
}

/* A file of labels while it is read. */
typedef struct label_file {
    const char *path;
    int64_t line;
    int64_t picture; /* of lines with a class alone */
    bool named;      /* the lines have names */
} label_file;

/* The class that a line calls `text`. */
static jem_status parse_class(int32_t *label, const imagenet *m, const label_file *f,
                              const char *text)
{
    bool number = text[strspn(text, "0123456789")] == '\0';

    *label = find_class(m, text);
    if (*label >= 0) return JEM_OK;
    if (number && f->named && strlen(text) < 8 && atoi(text) < m->class_count) {
        *label = atoi(text);
        return JEM_OK;
    }
    if (number && !f->named)
        return jem_error(JEM_EDATA,
                         "%s:%" PRId64 ": '%.40s' is a number without a file's name: ILSVRC numbers "
                         "its classes in another order than WordNet ids; use a file of WordNet ids, "
                         "or of names and numbers from 0",
                         f->path, f->line, text);
    return jem_error(JEM_EDATA,
                     "%s:%" PRId64 ": '%.40s' is no class: expected the name of a folder in train or "
                     "a number from 0 to %d",
                     f->path, f->line, text, m->class_count - 1);
}

static jem_status read_line(imagenet *m, label_file *f, char *line)
{
    static const char blank[] = " \t,;\r";
    char *rest = NULL, *first = strtok_r(line, blank, &rest);
    char *second = first ? strtok_r(NULL, blank, &rest) : NULL;
    int64_t picture;
    int32_t label = 0;

    if (!first) return JEM_OK;
    if (f->line == 1) {
        f->named = second != NULL;
        if (second && strcmp(first, "ImageId") == 0) return JEM_OK;
    }
    if (f->named != (second != NULL))
        return jem_error(JEM_EDATA, "%s:%" PRId64 ": %s: every line must be alike", f->path, f->line,
                         second ? "a name and a class" : "one word alone");
    jem_status st = parse_class(&label, m, f, f->named ? second : first);
    if (st) return st;
    picture = f->named ? find_picture(&m->val, first) : f->picture++;
    if (picture >= m->val.n)
        return jem_error(JEM_EDATA, "%s: more lines than the %" PRId64 " pictures: without names "
                                    "there must be as many", f->path, m->val.n);
    if (picture >= 0) m->val.labels[picture] = label; /* names may be of pictures left out */
    return JEM_OK;
}

static jem_status read_labels(imagenet *m, const char *path)
{
    jem_status st;
    char *text = NULL, *rest = NULL;
    size_t size = 0;
    label_file f = {.path = path};

    for (int64_t i = 0; i < m->val.n; i++) m->val.labels[i] = -1;
    TRY(text_read(&text, &size, path, labels_size_max));
    for (char *line = text; line; line = rest) {
        rest = strchr(line, '\n');
        if (rest) *rest++ = '\0';
        f.line++;
        TRY(read_line(m, &f, line));
    }
    for (int64_t i = 0; i < m->val.n; i++) {
        if (m->val.labels[i] >= 0) continue;
        st = jem_error(JEM_EDATA, "%s: no class for %s", path, m->val.paths[i]);
        goto done;
    }
done:
    mem_free(text);
    return st;
}

/* *path <- the file of labels of the pictures in DIR/NAME, beside or in it, owned; NULL if there is none. */
static jem_status find_labels(char **path, const char *dir, const char *name)
{
    static const char *const own[] = {"_labels.txt", ".txt", "_annotations.txt"}; /* of Tiny ImageNet */
    static const char *const others[] = {
        "LOC_val_solution.csv",
        "../../../LOC_val_solution.csv", /* Kaggle: beside ILSVRC/Data/CLS-LOC */
        "imagenet_2012_validation_synset_labels.txt",
    };
    const size_t count = 2 * sizeof own / sizeof *own;
    char *found = NULL;

    for (size_t i = 0; i < count + sizeof others / sizeof *others; i++) {
        jem_status st = i >= count ? str_format(&found, "%s/%s", dir, others[i - count])
                        : i % 2    ? str_format(&found, "%s/%s/%s%s", dir, name, name, own[i / 2])
                                   : str_format(&found, "%s/%s%s", dir, name, own[i / 2]);
        if (st) return st;
        if (file_exists(found)) {
            *path = found;
            return JEM_OK;
        }
        mem_free(found);
    }
    return JEM_OK;
}

/* The pictures of DIR/NAME, wherever in it, with their classes from a file. */
static jem_status list_flat(imagenet *m, const char *folder, const char *labels)
{
    jem_status st;
    int64_t others = 0;

    TRY(image_list_below(&m->val, folder, -1, &others));
    if (m->val.n == 0) goto done;
    qsort(m->val.paths, (size_t)m->val.n, sizeof *m->val.paths, compare_stems);
    if (!labels) {
        st = jem_error(JEM_EDATA,
                       "%s: %" PRId64 " pictures without class folders and no file that says their "
                       "classes: put val_labels.txt with lines \"NAME CLASS\" beside it, or name such "
                       "a file", folder, m->val.n);
        goto done;
    }
    TRY(read_labels(m, labels));
done:
    return st;
}

/* ---- class folders */

/* The pictures of folder/CLASS, whose classes are among those of train. */
static jem_status list_val_classes(imagenet *m, const char *folder, char *const *names, int count)
{
    jem_status st;
    int32_t *label = NULL;

    TRY(MEM_NEW(label, count));
    for (int k = 0; k < count; k++) {
        label[k] = find_class(m, names[k]);
        if (label[k] >= 0) continue;
        st = jem_error(JEM_EDATA, "%s: class '%s' is not among the %d of the training pictures",
                       folder, names[k], m->class_count);
        goto done;
    }
    TRY(image_list_classes(&m->val, folder, names, count));
    for (int64_t i = 0; i < m->val.n; i++) m->val.labels[i] = label[m->val.labels[i]];
done:
    mem_free(label);
    return st;
}

/* The pictures of DIR/NAME, if there are any whose classes are known. */
static jem_status list_second(imagenet *m, const char *dir, const char *name, const char *labels_file)
{
    jem_status st;
    const bool test = strcmp(name, "test") == 0;
    char *folder = NULL, *found = NULL, **names = NULL;
    int count = 0, known = 0;

    TRY(str_format(&folder, "%s/%s", dir, name));
    if (!dir_exists(folder)) goto done;
    TRY(image_list_folders(&names, &count, folder));
    for (int k = 0; k < count; k++) known += find_class(m, names[k]) >= 0;
    if (!test && known == 0 && !labels_file) TRY(find_labels(&found, dir, name));
    const char *labels = labels_file ? labels_file : found;
    if (known > 0 || count > 1 || (count == 1 && !test && !labels)) {
        TRY(list_val_classes(m, folder, names, count));
    } else if (test) { /* ImageNet's, whose classes nobody says; a list may be there, of zeros */
        log_info("%s: passed over, it has no class folders", folder);
    } else {
        TRY(list_flat(m, folder, labels));
    }
    if (m->val.n > 0) m->second = name;
done:
    mem_free(folder);
    mem_free(found);
    strings_free(names, count);
    return st;
}

/* Whether DIR/train holds the training pictures, and is no class that is called so. */
static jem_status is_split(bool *split, const char *train)
{
    jem_status st = JEM_OK;
    char **names = NULL;
    int count = 0;

    *split = false;
    if (!dir_exists(train)) goto done;
    TRY(dir_list_data(&names, &count, train));
    *split = true;
    for (int i = 0; i < count; i++) *split = *split && !image_name(names[i]);
done:
    strings_free(names, count);
    return st;
}

jem_status imagenet_list(imagenet *out, const char *dir, const char *labels_file, bool test_first)
{
    static const char *const seconds[] = {"test", "val", "valid", "validation", "test"};
    const int count = (int)(sizeof seconds / sizeof *seconds), first = test_first ? 0 : 1;
    jem_status st;
    imagenet m = IMAGENET_INIT;
    char *train = NULL;
    bool split = false;

    TRY(str_format(&train, "%s/train", dir));
    TRY(is_split(&split, train));
    const char *folder = split ? train : dir;
    TRY(image_list_folders(&m.classes, &m.class_count, folder));
    if (m.class_count == 0) {
        st = jem_error(JEM_EDATA,
                       "%s: no class folders; expected pictures in %s/train/CLASS/ and %s/val or "
                       "%s/test, or in %s/CLASS/: give the folder that holds them", folder, dir, dir,
                       dir, dir);
        goto done;
    }
    m.wordnet = is_wordnet(&m);
    TRY(image_list_classes(&m.train, folder, m.classes, m.class_count));
    for (int i = first; split && i < first + count - 1 && !m.second; i++)
        TRY(list_second(&m, dir, seconds[i], labels_file));
    *out = m;
    m = (imagenet)IMAGENET_INIT;
done:
    imagenet_clear(&m);
    mem_free(train);
    return st;
}

jem_status imagenet_try_pictures(const imagenet *m)
{
    jem_status st;
    char **paths = NULL;
    dataset *d = NULL;
    int count = 0;

    TRY(MEM_NEW(paths, m->class_count));
    for (int64_t i = 0; i < m->train.n; i++)
        if (i == 0 || m->train.labels[i] != m->train.labels[i - 1])
            paths[count++] = m->train.paths[i];
    TRY(image_set_read(&d, paths, count, 8));
done:
    dataset_free(d);
    mem_free(paths);
    return st;
}
