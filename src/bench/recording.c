/* Reads recorded answers: which files a path means, of what kind each is, and what its rows, trials
 * or arrays answer.  How the answer about an image is found among them is in recording_index.c. */
#include "bench/recording.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text_file.h"
#include "base/try.h"
#include "bench/recording_index.h"
#include "record/image_name.h"
#include "tensor/npz.h"

/* What a trial with its texts takes, in a list that has grown. */
enum { TRIAL_BYTES = 2 * sizeof(trial) + 64 };

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcasecmp(text + n - m, end) == 0;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

double tensor_number(const jem_tensor *t, int64_t i)
{
    switch (t->dtype) {
    case JEM_F32:
        return (double)((const float *)t->data)[i];
    case JEM_F64:
        return ((const double *)t->data)[i];
    case JEM_I32:
        return (double)((const int32_t *)t->data)[i];
    case JEM_I64:
        return (double)((const int64_t *)t->data)[i];
    case JEM_U8:
        return (double)((const uint8_t *)t->data)[i];
    case JEM_BF16:
    case JEM_F16:
        break; /* npy files hold none */
    }
    return NAN;
}

/* ---- trials */

/* Which image set a file of trials belongs to: "SET_OBSERVER..." as the toolbox calls its
 * files (which writes - for _ in an observer's name), else the folder it was found in. */
static jem_status trial_set(char **out, const char *path, const char *observer, const char *folder)
{
    jem_status st = mem_strdup(out, file_name(path));
    if (st != JEM_OK) return st;
    size_t n = strlen(observer);
    for (char *p = strchr(*out, '_'); p; p = strchr(p + 1, '_')) {
        size_t same = 0;
        while (same < n &&
               (p[1 + same] == observer[same] || (p[1 + same] == '-' && observer[same] == '_')))
            same++;
        if (same == n && (p[1 + n] == '_' || p[1 + n] == '.') && p > *out) {
            *p = '\0';
            return JEM_OK;
        }
    }
    mem_free(*out);
    return mem_strdup(out, folder);
}

static jem_status add_trials(recording *r, answer_file *f, int64_t at, const char *folder)
{
    jem_status st;
    TRY(trial_list_read(&f->trials, f->path));
    if (f->trials.count == 0) {
        st = jem_error(JEM_EDATA, "%s: no trial in it", f->path);
        goto done;
    }
    TRY(trial_set(&f->set, f->path, f->trials.trials[0].subj, folder));
    TRY(recording_reserve(r, f->trials.count, f->trials.count * TRIAL_BYTES, f->path));
    for (int64_t i = 0; i < f->trials.count; i++) {
        const trial *t = &f->trials.trials[i];
        int category = category_find(t->object_response);
        if (category < 0 && strcasecmp(t->object_response, "na") != 0) {
            st = jem_error(JEM_EDATA,
                           "%s: trial %lld: response '%s' is none of the 16 categories "
                           "and not na",
                           f->path, (long long)t->trial, t->object_response);
            goto done;
        }
        const answer a = {.set = f->set,
                          .key = t->imagename,
                          .tag = t->condition,
                          .by = t->subj,
                          .value = category,
                          .file = at,
                          .row = i};
        TRY(recording_add(r, &a));
    }
done:
    return st;
}

/* ---- tables */

static int name_column(const csv *c)
{
    static const char *const names[] = {"name", "imagename", "image", "stimulus"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (csv_find(c, names[i]) >= 0) return csv_find(c, names[i]);
    return -1;
}

/* Beside a table's text are its cells, the numbers in them and its lines' places. */
static jem_status reserve_rows(recording *r, const csv *c)
{
    return recording_reserve(r, c->rows, c->rows * (2 * c->columns + 1) * 8, c->path);
}

static jem_status add_distances(recording *r, const answer_file *f, int64_t at)
{
    jem_status st;
    const csv *c = &f->table;
    static const char remedy[] = "distances need set, name, patch and distance";
    int set = csv_find(c, "set"), name = name_column(c), patch = csv_find(c, "patch"), value;

    TRY(csv_need(&value, c, "distance", remedy));
    if (name < 0) TRY(csv_need(&name, c, "name", remedy));
    TRY(reserve_rows(r, c));
    for (int64_t i = 0; i < c->rows; i++) {
        answer a = {.set = set >= 0 ? csv_cell(c, i, set) : f->set,
                    .key = csv_cell(c, i, name),
                    .tag = patch >= 0 ? csv_cell(c, i, patch) : "",
                    .file = at,
                    .row = i};
        TRY(csv_number(&a.value, c, i, value));
        TRY(recording_add(r, &a));
    }
done:
    return st;
}

/* A first line of numbers is data: whoever wrote the file named no columns. */
static jem_status check_header(const csv *c)
{
    char *end;
    for (int i = 0; i < c->columns; i++) {
        strtod(c->names[i], &end);
        if (end == c->names[i] || *end) continue;
        /* pandas numbers its columns from 0; up to three others may come before them */
        long number = strtol(c->names[i], &end, 10);
        if (!*end && number <= i && number >= i - 3) continue;
        return jem_error(JEM_EDATA,
                         "%s:1: '%s' in the line of column names; write one, such as "
                         "name,class0,class1",
                         c->path, c->names[i]);
    }
    return JEM_OK;
}

/* Columns that say which image a row is about. */
typedef struct label_columns {
    int name, set, condition; /* -1: none */
    int count;
} label_columns;

static label_columns find_labels(const csv *c)
{
    label_columns l = {name_column(c), csv_find(c, "set"), csv_find(c, "condition"), 0};
    if (l.name < 0) l.set = l.condition = -1; /* rows are found by place */
    l.count = (l.name >= 0) + (l.set >= 0) + (l.condition >= 0);
    return l;
}

/* values <- the numeric columns; rows are named where a column has names. */
static jem_status add_numbers(recording *r, answer_file *f, int64_t at)
{
    jem_status st;
    const csv *c = &f->table;
    const label_columns l = find_labels(c);
    int columns = c->columns - l.count;

    TRY(check_header(c));
    if (columns < 1 || c->rows < 1) {
        st = jem_error(JEM_EDATA, "%s: no column of numbers, or no row", c->path);
        goto done;
    }
    f->named = l.name >= 0;
    if (f->named) TRY(reserve_rows(r, c));
    const int64_t sizes[] = {c->rows, columns};
    TRY(jem_tensor_init(&f->values, JEM_F64, columns == 1 ? 1 : 2, sizes));
    double *to = f->values.data;
    for (int64_t i = 0; i < c->rows; i++) {
        for (int j = 0; j < c->columns; j++)
            if (j != l.name && j != l.set && j != l.condition) TRY(csv_number(to++, c, i, j));
        if (l.name < 0) continue;
        const answer a = {.set = l.set >= 0 ? csv_cell(c, i, l.set) : f->set,
                          .key = csv_cell(c, i, l.name),
                          .tag = l.condition >= 0 ? csv_cell(c, i, l.condition) : "",
                          .file = at,
                          .row = i};
        TRY(recording_add(r, &a));
    }
done:
    return st;
}

/* ---- arrays */

static int64_t count_lines(const char *text)
{
    int64_t n = 0;
    for (text += strspn(text, "\r\n"); *text; text += strspn(text, "\r\n")) {
        text += strcspn(text, "\r\n");
        n++;
    }
    return n;
}

/* Names of an array's rows, one a line, where FILE.names is beside FILE.npy or FILE.npz. */
static jem_status add_names(recording *r, answer_file *f, int64_t at)
{
    jem_status st = JEM_OK;
    char *path = NULL, *line, *rest;
    size_t size;
    int64_t count, rows = 0;

    TRY(str_format(&path, "%.*s.names", (int)(strlen(f->path) - 4), f->path));
    if (!file_exists(path)) goto done;
    TRY(text_read(&f->names_text, &size, path, (size_t)1 << 28));
    count = count_lines(f->names_text);
    if (count != f->values.shape[0]) {
        st = jem_error(JEM_EDATA, "%s: %lld names for the %lld rows of %s", path, (long long)count,
                       (long long)f->values.shape[0], f->path);
        goto done;
    }
    TRY(recording_reserve(r, count, 0, path));
    for (line = strtok_r(f->names_text, "\r\n", &rest); line;
         line = strtok_r(NULL, "\r\n", &rest)) {
        const answer a = {.set = f->set, .key = line, .tag = "", .file = at, .row = rows++};
        TRY(recording_add(r, &a));
    }
    f->named = true;
done:
    mem_free(path);
    return st;
}

static jem_status add_array(recording *r, answer_file *f, int64_t at)
{
    jem_status st;
    int64_t count = jem_tensor_count(&f->values);
    if (f->values.ndim < 1 || f->values.ndim > 3 || count < 1) {
        st = jem_error(JEM_EDATA,
                       "%s: %d dimensions; answers are [n] numbers, [n][k] logits or "
                       "features, or [n][height][width] maps",
                       f->path, f->values.ndim);
        goto done;
    }
    int64_t row = count / f->values.shape[0];
    for (int64_t i = 0; i < count; i++) {
        double x = tensor_number(&f->values, i);
        if (isfinite(x)) continue;
        st = jem_error(JEM_EDATA, "%s: row %lld, element %lld is %g; answers must be finite",
                       f->path, (long long)(i / row), (long long)(i % row), x);
        goto done;
    }
    TRY(add_names(r, f, at));
done:
    return st;
}

/* ---- files and folders */

/* "colour" for ".../colour.npy" in a folder of answers. */
static jem_status stem_of(char **out, const char *path)
{
    const char *name = file_name(path), *dot = strrchr(name, '.');
    return str_format(out, "%.*s", (int)(dot ? dot - name : (long)strlen(name)), name);
}

static void find_kind(recording_kind *kind, const answer_file *f)
{
    const csv *c = &f->table;
    if (f->values.ndim > 0)
        *kind = f->values.ndim == 1   ? RECORDING_SCALARS
                : f->values.ndim == 2 ? RECORDING_AUTO
                                      : RECORDING_MAPS;
    else if (csv_find(c, "object_response") >= 0)
        *kind = RECORDING_TRIALS;
    else if (csv_find(c, "distance") >= 0)
        *kind = RECORDING_DISTANCES;
    else
        *kind = c->columns - find_labels(c).count == 1 ? RECORDING_SCALARS : RECORDING_AUTO;
}

/* Does a file that looks like `found` serve as `asked`?  [n][k] may be three things. */
static bool kind_fits(recording_kind asked, recording_kind found)
{
    return asked == found || asked == RECORDING_AUTO ||
           (found == RECORDING_AUTO && (asked == RECORDING_LOGITS || asked == RECORDING_SCALARS ||
                                        asked == RECORDING_FEATURES));
}

static jem_status settle_kind(recording *r, const answer_file *f, recording_kind asked)
{
    recording_kind found;
    find_kind(&found, f);
    if (!kind_fits(asked, found))
        return jem_error(JEM_EDATA,
                         "%s: not the kind of answers that was asked for (jem bench list "
                         "says what each looks like)",
                         f->path);
    if (asked != RECORDING_AUTO) found = asked;
    if (r->file_count > 1 && r->kind != found)
        return jem_error(JEM_EDATA, "%s: another kind of answers than %s; a folder holds one kind",
                         f->path, r->files[0].path);
    r->kind = found;
    return JEM_OK;
}

static jem_status new_file(answer_file **out, recording *r)
{
    jem_status st = MEM_GROW(r->files, r->file_count, r->file_room);
    if (st != JEM_OK) return st;
    *out = &r->files[r->file_count++];
    **out = (answer_file){.values = JEM_TENSOR_INIT};
    return JEM_OK;
}

/* One array is what an npy file would be; of several each is a file in a folder, called by its key. */
static jem_status add_npz(recording *r, const char *path, recording_kind asked, bool in_folder)
{
    jem_status st;
    char **keys = NULL;
    int count = 0;
    answer_file *f;

    TRY(npz_keys(&keys, &count, path));
    for (int i = 0; i < count; i++) {
        TRY(new_file(&f, r));
        TRY(str_format(&f->path, count > 1 ? "%s (%s)" : "%s", path, keys[i]));
        if (count > 1)
            TRY(mem_strdup(&f->set, keys[i]));
        else
            TRY(in_folder ? stem_of(&f->set, path) : mem_strdup(&f->set, ""));
        TRY(npz_read(&f->values, path, keys[i]));
        TRY(add_array(r, f, r->file_count - 1));
        TRY(settle_kind(r, f, asked));
    }
done:
    strings_free(keys, count);
    return st;
}

/* folder: name of the image set for trials; "" for any. */
static jem_status add_file(recording *r, const char *path, recording_kind asked, const char *folder,
                           bool in_folder)
{
    jem_status st;
    answer_file *f;

    if (npz_is(path)) return add_npz(r, path, asked, in_folder);
    TRY(new_file(&f, r));
    const int64_t at = r->file_count - 1;
    TRY(mem_strdup(&f->path, path));
    if (ends_with(path, ".npy")) {
        TRY(in_folder ? stem_of(&f->set, path) : mem_strdup(&f->set, ""));
        TRY(jem_npy_read(&f->values, path));
        TRY(add_array(r, f, at));
        TRY(settle_kind(r, f, asked));
        goto done;
    }
    TRY(csv_read(&f->table, path));
    TRY(settle_kind(r, f, asked));
    if (r->kind == RECORDING_TRIALS) {
        csv_clear(&f->table);
        TRY(add_trials(r, f, at, folder));
        goto done;
    }
    TRY(in_folder ? stem_of(&f->set, path) : mem_strdup(&f->set, ""));
    if (r->kind == RECORDING_DISTANCES)
        TRY(add_distances(r, f, at));
    else
        TRY(add_numbers(r, f, at));
done:
    return st;
}

/* Files of `path`, and of the folders in it: trials of several sets come so. */
static jem_status add_folder(recording *r, const char *path, recording_kind asked,
                             const char *folder, int depth)
{
    jem_status st;
    char **names = NULL, *child = NULL;
    int count = 0;

    TRY(dir_list_data(&names, &count, path));
    for (int i = 0; i < count; i++) {
        mem_free(child);
        child = NULL;
        TRY(str_format(&child, "%s/%s", path, names[i]));
        if (dir_exists(child) && depth > 0)
            TRY(add_folder(r, child, asked, names[i], depth - 1));
        else if (ends_with(names[i], ".csv") || ends_with(names[i], ".npy") ||
                 npz_is(names[i]))
            TRY(add_file(r, child, asked, folder, true));
    }
done:
    mem_free(child);
    strings_free(names, count);
    return st;
}

jem_status recording_read(recording *r, const char *path, recording_kind kind, const char *observer)
{
    jem_status st;

    TRY(mem_strdup(&r->path, path));
    if (dir_exists(path))
        TRY(add_folder(r, path, kind, "", 2));
    else
        TRY(add_file(r, path, kind, "", false));
    if (r->file_count == 0) {
        st = jem_error(JEM_EDATA, "%s: no .csv, .npy or .npz file in this folder of answers", path);
        goto done;
    }
    if (r->kind == RECORDING_TRIALS) TRY(recording_choose_observer(r, observer));
    TRY(recording_sort(r));
done:
    return st;
}

void recording_clear(recording *r)
{
    for (int64_t i = 0; i < r->file_count; i++) {
        answer_file *f = &r->files[i];
        mem_free(f->path);
        mem_free(f->set);
        mem_free(f->names_text);
        trial_list_clear(&f->trials);
        csv_clear(&f->table);
        jem_tensor_clear(&f->values);
    }
    mem_free(r->files);
    mem_free(r->answers);
    mem_free(r->path);
    *r = (recording){.path = NULL};
}
