/* Trials: what was shown and what was answered, in the columns of model-vs-human. */
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "base/fields.h"
#include "record/record.h"

static const char *const column_names[] = {
    "subj", "session", "trial", "rt", "object_response", "category", "condition", "imagename"};
enum { SESSION = 1, TRIAL, RT, CONDITION = 6 };
enum { COLUMNS = sizeof column_names / sizeof *column_names };

/* A trial's strings live in one block behind its first one. */
static jem_status copy_strings(trial *to, const trial *from)
{
    const char *texts[] = {from->subj, from->object_response, from->category, from->condition,
                           from->imagename};
    const char **places[] = {&to->subj, &to->object_response, &to->category, &to->condition,
                             &to->imagename};
    enum { TEXTS = sizeof texts / sizeof *texts };
    size_t size = 0;
    for (int i = 0; i < TEXTS; i++) size += strlen(texts[i] ? texts[i] : "NA") + 1;
    char *block;
    jem_status st = mem_alloc(&block, size, 1);
    if (st != JEM_OK) return st;
    for (int i = 0; i < TEXTS; i++) {
        *places[i] = block;
        block = stpcpy(block, texts[i] ? texts[i] : "NA") + 1;
    }
    return JEM_OK;
}

jem_status trial_list_append(trial_list *list, const trial *t)
{
    trial copy = *t;
    jem_status st = MEM_GROW(list->trials, list->count, list->capacity);
    if (st == JEM_OK) st = copy_strings(&copy, t);
    if (st == JEM_OK) list->trials[list->count++] = copy;
    return st;
}

void trial_list_clear(trial_list *list)
{
    for (int64_t i = 0; i < list->count; i++) {
        union {
            const char *text;
            void *block;
        } first = {.text = list->trials[i].subj};
        mem_free(first.block);
    }
    mem_free(list->trials);
    *list = (trial_list)TRIAL_LIST_INIT;
}

/* extra (may be NULL) has a row for trial number `row`. */
static jem_status write_trial(file_writer *w, const trial *t, const table *extra, int64_t row)
{
    jem_status st;
    char number[NUMBER_TEXT_MAX];

    TRY(field_write(w, t->subj, ','));
    number_text(number, t->rt);
    TRY(file_writer_printf(w, ",%lld,%lld,%s,", (long long)t->session, (long long)t->trial,
                           isnan(t->rt) ? "NaN" : number));
    TRY(field_write(w, t->object_response, ','));
    TRY(file_writer_put(w, ",", 1));
    TRY(field_write(w, t->category, ','));
    TRY(file_writer_put(w, ",", 1));
    TRY(field_write(w, t->condition, ','));
    TRY(file_writer_put(w, ",", 1));
    TRY(field_write(w, t->imagename, ','));
    for (int64_t c = 0; extra && c < extra->columns; c++)
        TRY(file_writer_printf(w, ",%s", number_text(number, table_get(extra, row, c))));
    TRY(file_writer_put(w, "\n", 1));
done:
    return st;
}

static jem_status write_list(const trial_list *list, const table *extra, const char *path)
{
    jem_status st;
    file_writer w = FILE_WRITER_INIT;

    assert(!extra || extra->rows == list->count);
    TRY(file_writer_open(&w, path));
    for (int c = 0; c < COLUMNS; c++)
        TRY(file_writer_printf(&w, "%s%s", c ? "," : "", column_names[c]));
    for (int64_t c = 0; extra && c < extra->columns; c++) {
        TRY(file_writer_put(&w, ",", 1));
        TRY(field_write(&w, extra->names[c], ','));
    }
    TRY(file_writer_put(&w, "\n", 1));
    for (int64_t i = 0; i < list->count; i++) TRY(write_trial(&w, &list->trials[i], extra, i));
    TRY(file_writer_commit(&w));
done:
    file_writer_abort(&w);
    return st;
}

jem_status trial_list_write(const trial_list *list, const char *path)
{
    return write_list(list, NULL, path);
}

/* A file may lack these: no score is made of the numbers, and a set may have one condition. */
static bool is_optional(int column)
{
    return column == SESSION || column == TRIAL || column == RT || column == CONDITION;
}

/* column [COLUMNS] <- place of each of our columns in the file's header, -1 where it may lack. */
static jem_status find_columns(int64_t *column, const field_reader *r)
{
    char lacks[128] = "";
    for (int c = 0; c < COLUMNS; c++) {
        size_t used = strlen(lacks);
        column[c] = -1;
        for (int64_t f = 0; f < r->count; f++)
            if (strcasecmp(r->fields[f], column_names[c]) == 0) column[c] = f;
        if (column[c] < 0 && !is_optional(c))
            snprintf(lacks + used, sizeof lacks - used, "%s'%s'", used ? ", " : "", column_names[c]);
    }
    if (!lacks[0]) return JEM_OK;
    return jem_error(JEM_EDATA, "%s:%lld: no column %s (columns are separated by %s here); trials need "
                                "subj, object_response, category and imagename",
                     r->path, (long long)r->line, lacks,
                     r->separator == '\t' ? "tabs" : r->separator == ';' ? "';'" : "','");
}

/* What R and Python write for a number that is not there. */
static bool is_missing(const char *text)
{
    static const char *const words[] = {"", "na", "nan", "n/a", "none", "null", "<na>"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0) return true;
    return false;
}

static jem_status read_optional(double *out, const field_reader *r, int64_t field, double otherwise)
{
    *out = otherwise;
    return field < 0 || is_missing(r->fields[field]) ? JEM_OK : field_reader_number(out, r, field);
}

/* The same for whole numbers, which pandas writes as 1.0 where some of a column are missing. */
static jem_status read_count(int64_t *out, const field_reader *r, int64_t field, int64_t otherwise)
{
    double number;
    jem_status st = read_optional(&number, r, field, (double)otherwise);

    if (st != JEM_OK) return st;
    if (!(fabs(number) < 1e15) || number != floor(number))
        return jem_error(JEM_EDATA, "%s:%lld: field %lld is '%.40s', not a whole number", r->path,
                         (long long)r->line, (long long)field + 1, r->fields[field]);
    *out = (int64_t)number;
    return JEM_OK;
}

/* What a trial takes: itself, thrice while the list grows, and its strings' block. */
enum { TRIAL_BYTES = 3 * sizeof(trial) + 64 };

jem_status trial_list_read(trial_list *list, const char *path)
{
    jem_status st;
    field_reader r = FIELD_READER_INIT;
    int64_t column[COLUMNS], columns, rows, fields;
    int more;

    TRY(field_reader_open(&r, path, 0));
    TRY(field_reader_next(&r, &more));
    columns = r.count;
    TRY(find_columns(column, &r));
    field_reader_rest(&r, &rows, &fields);
    TRY(field_reader_afford(&r, rows * TRIAL_BYTES + (int64_t)r.size));
    for (;;) {
        TRY(field_reader_next(&r, &more));
        if (!more) break;
        TRY(field_reader_expect(&r, columns));
        trial t = {.subj = r.fields[column[0]],
                   .object_response = r.fields[column[4]],
                   .category = r.fields[column[5]],
                   .condition = column[CONDITION] < 0 ? "" : r.fields[column[CONDITION]],
                   .imagename = r.fields[column[7]]};
        TRY(read_count(&t.session, &r, column[SESSION], 0));
        TRY(read_count(&t.trial, &r, column[TRIAL], list->count + 1));
        TRY(read_optional(&t.rt, &r, column[RT], NAN));
        TRY(trial_list_append(list, &t));
    }
done:
    field_reader_clear(&r);
    return st;
}

jem_status trial_list_save(const trial_list *list, const char *run, const char *name)
{
    return trial_list_save_with(list, NULL, run, name);
}

jem_status trial_list_save_with(const trial_list *list, const table *extra, const char *run,
                                const char *name)
{
    jem_status st;
    char *path = NULL;

    TRY(str_format(&path, "%s/trials", run));
    TRY(dir_ready(path));
    mem_free(path);
    path = NULL;
    TRY(str_format(&path, "%s/trials/%s.csv", run, name));
    TRY(write_list(list, extra, path));
done:
    mem_free(path);
    return st;
}
