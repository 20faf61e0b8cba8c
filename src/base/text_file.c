/* Text files from any system, their byte order marks taken off: see text_file.h. */
#include "base/text_file.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

/* Takes the mark off; frees what is no UTF-8. */
static jem_status take_mark(char **text, size_t *size, const char *path)
{
    static const char utf8[] = "\xef\xbb\xbf";
    char *t = *text;

    if (*size >= 2 && (memcmp(t, "\xff\xfe", 2) == 0 || memcmp(t, "\xfe\xff", 2) == 0)) {
        mem_free(t);
        *text = NULL;
        return jem_error(JEM_EDATA, "%s: UTF-16 text (it begins with that mark); save it as UTF-8",
                         file_stream_name(path));
    }
    if (*size >= 3 && memcmp(t, utf8, 3) == 0) {
        *size -= 3;
        memmove(t, t + 3, *size + 1);
    }
    return JEM_OK;
}

jem_status text_read(char **text, size_t *size, const char *path, size_t max_size)
{
    jem_status st = file_read(text, size, path, max_size);
    return st == JEM_OK ? take_mark(text, size, path) : st;
}

jem_status text_read_stream(char **text, size_t *size, const char *path, size_t max_size)
{
    jem_status st = file_read_stream(text, size, path, max_size);
    return st == JEM_OK ? take_mark(text, size, path) : st;
}
