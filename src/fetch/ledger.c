/* fetched.tsv (ledger.h): read whole, written whole and atomically. */
#include "fetch/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text_file.h"
#include "base/try.h"

enum { LEDGER_MOST = 4 << 20, COLUMNS = 5, OLD_COLUMNS = 4 };

static const char header[] = "path\tbytes\tsha256\turl\ttrust";
static const char old_header[] = "path\tbytes\tsha256\turl";
static char unknown[] = "unknown";

/* Cuts `line` at its tabs; false unless it has exactly `columns` fields. */
static bool cut(char *fields[COLUMNS], int columns, char *line)
{
    for (int i = 0; i < columns; i++) {
        fields[i] = line;
        char *tab = strchr(line, '\t');
        if ((tab != NULL) != (i + 1 < columns)) return false;
        if (!tab) break;
        *tab = '\0';
        line = tab + 1;
    }
    return true;
}

static bool is_count(int64_t *out, const char *text)
{
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    *out = v;
    return end != text && !*end && errno == 0 && v >= 0;
}

static void clear_line(ledger_line *line)
{
    mem_free(line->path);
    mem_free(line->url);
    mem_free(line->trust);
}

static jem_status add(ledger *l, const char *path, int64_t bytes, const char *sha256,
                      const char *url, const char *trust)
{
    jem_status st;
    ledger_line line = {.bytes = bytes};
    TRY(MEM_GROW(l->lines, l->count, l->room));
    TRY(mem_strdup(&line.path, path));
    TRY(mem_strdup(&line.url, url));
    TRY(mem_strdup(&line.trust, trust));
    memcpy(line.sha256, sha256, SHA256_HEX);
    l->lines[l->count++] = line;
    return JEM_OK;
done:
    clear_line(&line);
    return st;
}

static jem_status read_lines(ledger *l, char *text)
{
    int number = 1, columns = COLUMNS;
    for (char *line = text, *next; line && *line; line = next, number++) {
        char *fields[COLUMNS] = {NULL, NULL, NULL, NULL, unknown};
        int64_t bytes;
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        if (number == 1 && strcmp(line, header) == 0) continue;
        if (number == 1 && strcmp(line, old_header) == 0) {
            columns = OLD_COLUMNS;
            continue;
        }
        if (number == 1 || !cut(fields, columns, line) || !is_count(&bytes, fields[1]) ||
            strlen(fields[2]) != SHA256_HEX - 1)
            return jem_error(JEM_EDATA,
                             "%s:%d: not a line that jem data fetch writes; remove the line, or "
                             "the file if you do not need what it remembers",
                             l->file, number);
        jem_status st = add(l, fields[0], bytes, fields[2], fields[3], fields[4]);
        if (st != JEM_OK) return st;
    }
    return JEM_OK;
}

jem_status ledger_open(ledger *l, const char *folder)
{
    jem_status st;
    char *text = NULL;
    size_t size;

    *l = (ledger)LEDGER_INIT;
    TRY(str_format(&l->file, "%s/fetched.tsv", folder));
    if (!file_exists(l->file)) goto done;
    TRY(text_read(&text, &size, l->file, LEDGER_MOST));
    TRY(read_lines(l, text));
done:
    mem_free(text);
    if (st != JEM_OK) ledger_close(l);
    return st;
}

void ledger_close(ledger *l)
{
    for (int64_t i = 0; i < l->count; i++) clear_line(&l->lines[i]);
    mem_free(l->lines);
    mem_free(l->file);
    *l = (ledger)LEDGER_INIT;
}

const ledger_line *ledger_find(const ledger *l, const char *path)
{
    for (int64_t i = 0; i < l->count; i++)
        if (strcmp(l->lines[i].path, path) == 0) return &l->lines[i];
    return NULL;
}

static jem_status write_all(const ledger *l)
{
    jem_status st;
    file_writer w = FILE_WRITER_INIT;

    TRY(file_writer_open(&w, l->file));
    TRY(file_writer_printf(&w, "%s\n", header));
    for (int64_t i = 0; i < l->count; i++) {
        const ledger_line *line = &l->lines[i];
        TRY(file_writer_printf(&w, "%s\t%lld\t%s\t%s\t%s\n", line->path, (long long)line->bytes,
                               line->sha256, line->url, line->trust));
    }
    TRY(file_writer_commit(&w));
done:
    file_writer_abort(&w);
    return st;
}

jem_status ledger_note(ledger *l, const char *path, int64_t bytes, const char *sha256,
                       const char *url, const char *trust)
{
    const ledger_line *known = ledger_find(l, path);
    if (known && known->bytes == bytes && strcmp(known->sha256, sha256) == 0 &&
        strcmp(known->trust, trust) == 0)
        return JEM_OK;
    jem_status st = add(l, path, bytes, sha256, url, trust);
    if (st != JEM_OK) return st;
    if (known) { /* found again, as the array may have moved; the new line takes its place */
        ledger_line *old = &l->lines[ledger_find(l, path) - l->lines];
        clear_line(old);
        *old = l->lines[--l->count];
    }
    return write_all(l);
}
