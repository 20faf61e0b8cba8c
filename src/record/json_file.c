/* Writing JSON: see json_file.h. */
#include "record/json_file.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/try.h"

jem_status json_file_write(const char *path, const json_t *root)
{
    jem_status st;
    file_writer w = FILE_WRITER_INIT;
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;

    if (!text) return jem_error(JEM_ENOMEM, "%s: out of memory", path);
    TRY(file_writer_open(&w, path));
    TRY(file_writer_printf(&w, "%s\n", text));
    TRY(file_writer_commit(&w));
done:
    file_writer_abort(&w);
    free(text);
    return st;
}
