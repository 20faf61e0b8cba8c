/* Trials: what was shown and what was answered, in the columns of model-vs-human. */
#include <assert.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "record/fields.h"
#include "record/record.h"

static const char *const column_names[] = {
    "subj", "session", "trial", "rt", "object_response", "category", "condition", "imagename"};
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

/* column [COLUMNS] <- place of each of our columns in the file's header. */
static jem_status find_columns(int64_t *column, const field_reader *r)
{
    for (int c = 0; c < COLUMNS; c++) {
        column[c] = -1;
        for (int64_t f = 0; f < r->count; f++)
            if (strcasecmp(r->fields[f], column_names[c]) == 0) column[c] = f;
        if (column[c] < 0)
            return jem_error(JEM_EDATA, "%s:%lld: no column '%s'", r->path, (long long)r->line,
                             column_names[c]);
    }
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

    TRY(field_reader_open(&r, path, ','));
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
                   .condition = r.fields[column[6]],
                   .imagename = r.fields[column[7]]};
        TRY(field_reader_integer(&t.session, &r, column[1]));
        TRY(field_reader_integer(&t.trial, &r, column[2]));
        TRY(field_reader_number(&t.rt, &r, column[3]));
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
