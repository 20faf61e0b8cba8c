/* jem table: scores of runs, studies and recorded answers as one table. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/try.h"
#include "bench/bench.h"
#include "cli/cli.h"
#include "record/grid.h"
#include "report/score_table.h"

typedef struct table_flags {
    cli_list folders;
    bool csv, latex, markdown, json;
    const char *out;
} table_flags;

#define AT(field) offsetof(table_flags, field)

static const cli_argument arguments[] = {
    {"STUDY|RUN|OUT", AT(folders), .several = true,
     .help = "folders of runs, runs, and what `jem bench --answers FILE --out OUT` wrote"},
    {.name = NULL},
};

static const cli_option options[] = {
    {"--csv", CLI_SWITCH, AT(csv), NULL, .help = "a row per score, for programs; so unless another is asked for"},
    {"--latex", CLI_SWITCH, AT(latex), NULL,
     .help = "a column per alpha: mean and standard error over seeds, best set in bold"},
    {"--markdown", CLI_SWITCH, AT(markdown), NULL, .help = "the same for notes and pages"},
    {"--json", CLI_SWITCH, AT(json), NULL, .help = "the rows of --csv as JSON"},
    {"-o", CLI_TEXT, AT(out), "FILE", .help = "where it goes instead of the terminal", .other = "--out"},
    {.name = NULL},
};

/* The tables for people, whose best sets are looked for by all processors. */
static jem_status write_wide(strbuf *text, const score_rows *rows, const table_flags *f)
{
    jem_status st;
    score_table wide = SCORE_TABLE_INIT;
    pool *threads = NULL;

    TRY(pool_new(&threads, 0));
    TRY(score_table_make(&wide, rows, threads));
    if (f->latex)
        score_table_latex(text, &wide);
    else
        score_table_markdown(text, &wide);
    st = strbuf_status(text);
done:
    score_table_clear(&wide);
    pool_free(threads);
    return st;
}

static jem_status put(const char *text, size_t size, const char *path)
{
    if (path) return file_write(path, text, size);
    fputs(text, stdout);
    return JEM_OK;
}

static jem_status write_table(const score_rows *rows, const table_flags *f)
{
    jem_status st;
    strbuf text = STRBUF_INIT;
    char *json = NULL;

    if (f->json) {
        TRY(score_rows_json(&json, rows));
        strbuf_put(&text, json, strlen(json));
        strbuf_add(&text, "\n");
    } else if (f->latex || f->markdown) {
        TRY(write_wide(&text, rows, f));
    } else {
        score_rows_csv(&text, rows);
    }
    TRY(strbuf_status(&text));
    TRY(put(text.data, text.used, f->out));
done:
    mem_free(json);
    strbuf_clear(&text);
    return st;
}

static jem_status run_table(const cli_lists *lists, int argc, char **argv)
{
    jem_status st;
    table_flags f;
    score_rows rows = SCORE_ROWS_INIT;
    char **folders = NULL;
    int count = 0;
    const measures *known[MEASURES_MAX + 1];

    TRY(cli_parse(&f, &command_table, argc, argv));
    if (f.csv + f.latex + f.markdown + f.json > 1)
        return jem_error(JEM_EUSAGE, "table: --csv, --latex, --markdown and --json: give one of them");
    benchmark_meanings(known, lists->benchmarks);
    TRY(grid_studies_of_all(&folders, &count, f.folders.values, f.folders.count));
    TRY(score_rows_read(&rows, (const char *const *)folders, count, known));
    TRY(write_table(&rows, &f));
done:
    strings_free(folders, count);
    score_rows_clear(&rows);
    return st;
}

const command command_table = {
    .name = "table",
    .about = "scores of any number of runs, studies and recorded answers as one table",
    .arguments = arguments,
    .options = options,
    .examples = {"table studies/gloss -o scores.csv", "table studies/gloss answers/resnet --latex -o table.tex"},
    .run = run_table,
};
