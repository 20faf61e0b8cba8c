/* Writing a JSON document as a whole file: see json_file.h. */
#include "record/json_file.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/try.h"

jem_status json_file_write(const char *path, const json_t *root)
{
    jem_status st;
    file_writer w = FILE_WRITER_INIT;
    char *text = NULL;

    st = json_text(&text, root, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    if (st != JEM_OK) return jem_error_context(st, "%s", path);
    TRY(file_writer_open(&w, path));
    TRY(file_writer_printf(&w, "%s\n", text));
    TRY(file_writer_commit(&w));
done:
    file_writer_abort(&w);
    mem_free(text);
    return st;
}
