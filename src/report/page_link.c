/* Links of a page: see page_link.h. */
#include "report/page_link.h"

#include <ctype.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/path_expand.h"
#include "base/try.h"

/* Takes "", "." and ".." out of an absolute path, in place; "/" becomes "". */
static void simplify(char *path)
{
    char *end = path;
    for (const char *at = path; *at;) {
        const char *name = at + strspn(at, "/");
        const size_t n = strcspn(name, "/");
        at = name + n;
        if (n == 0 || (n == 1 && name[0] == '.')) continue;
        if (n == 2 && memcmp(name, "..", 2) == 0) {
            while (end > path && *--end != '/') continue;
            continue;
        }
        *end++ = '/';
        memmove(end, name, n);
        end += n;
    }
    *end = '\0';
}

static jem_status simple_path(char **out, const char *path)
{
    jem_status st = path_absolute(out, path);
    if (st == JEM_OK) simplify(*out);
    return st;
}

jem_status page_folder(char **folder, const char *page)
{
    jem_status st = simple_path(folder, page);
    char *slash = st == JEM_OK ? strrchr(*folder, '/') : NULL;
    if (slash) *slash = '\0';
    return st;
}

/* Length of the folder that both paths lie in. */
static size_t common(const char *a, const char *b)
{
    size_t shared = 0;
    for (size_t i = 0;; i++) {
        const bool ends = (a[i] == '/' || !a[i]) && (b[i] == '/' || !b[i]);
        if (ends) shared = i;
        if (a[i] != b[i] || !a[i]) return shared;
    }
}

jem_status page_path(char **out, const char *folder, const char *path)
{
    jem_status st;
    char *to = NULL, *up = NULL;
    int64_t ups = 0;

    TRY(simple_path(&to, path));
    const size_t shared = common(folder, to);
    for (const char *c = folder + shared; *c; c++) ups += *c == '/';
    const char *rest = to[shared] ? to + shared + 1 : "";
    TRY(mem_alloc(&up, (size_t)(3 * ups + 1), 1));
    for (int64_t i = 0; i < ups; i++) memcpy(up + 3 * i, "../", 3);
    if (ups && !*rest) up[3 * ups - 1] = '\0'; /* "../.." */
    TRY(str_format(out, "%s%s", up, ups || *rest ? rest : "."));
done:
    mem_free(to);
    mem_free(up);
    return st;
}

void html_link(strbuf *h, const char *path, const char *text)
{
    strbuf_add(h, "<a href=\"");
    for (const char *c = path; *c; c++) {
        const unsigned char byte = (unsigned char)*c;
        const bool plain = byte < 128 && (isalnum(byte) || strchr("-._~/", byte));
        html_printf(h, plain ? "%c" : "%%%02X", byte);
    }
    html_printf(h, "\">%s</a>", text);
}
