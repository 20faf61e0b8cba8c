/* The cache of what was chosen: see conv_cache.h. */
#include "backend/cuda/conv_cache.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* By conv_kind. */
static const char *const kinds[] = {"fused", "bare", "own"};

enum { LINE_ROOM = 1024, PATH_ROOM = 4096 };

static bool cache_path(char *path, size_t size)
{
    const char *own = getenv("JEM_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (own && *own)
        snprintf(path, size, "%s", own);
    else if (xdg && *xdg)
        snprintf(path, size, "%s/jem", xdg);
    else if (home && *home)
        snprintf(path, size, "%s/.cache/jem", home);
    else
        return false;
    for (char *at = path + 1; *at; at++) { /* its folders, as far as they can be made */
        if (*at != '/') continue;
        *at = '\0';
        mkdir(path, 0777);
        *at = '/';
    }
    mkdir(path, 0777);
    size_t used = strlen(path);
    return (size_t)snprintf(path + used, size - used, "/convolutions.txt") < size - used;
}

/* ---- lines: a key, then what was chosen */

/* False: not what was expected behind the key. */
typedef bool (*reader)(void *out, const char *rest);

/* *out <- what the last readable line with this key says. */
static bool find_line(void *out, reader reads, const char *key)
{
    char path[PATH_ROOM], line[LINE_ROOM];
    bool found = false;

    if (!cache_path(path, sizeof path)) return false;
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0 && reads(out, line + strlen(key))) found = true;
    if (f) fclose(f);
    return found;
}

/* One write at the end of the file: processes side by side do not mix lines. */
static void add_line(const char *line)
{
    char path[PATH_ROOM];
    if (!cache_path(path, sizeof path)) return;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0) return;
    ssize_t written = write(fd, line, strlen(line));
    (void)written;
    close(fd);
}

/* ---- convolutions */

/* "GPU; problem; " */
static void line_key(char *line, size_t size, const char *where, const conv_problem *p)
{
    snprintf(line, size, "%s; %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %.9g; ", where,
             p->pass, p->n, p->c, p->in, p->h, p->w, p->k, p->p, p->q, p->kernel_h, p->kernel_w, p->stride,
             p->pad[0], p->pad[1], p->pad_end[0], p->pad_end[1], p->bf16, p->bias, p->lrelu, p->add, p->copy,
             (double)p->slope);
}

static bool read_choice(void *out, const char *rest)
{
    conv_choice *to = out, c = {0};
    char extent[16];
    if (sscanf(rest, "%15s %" SCNx64 " %lf", extent, &c.key, &c.us) != 3) return false;
    for (int i = 0; i < 3; i++)
        if (strcmp(extent, kinds[i]) == 0) c.kind = (conv_kind)i;
    *to = c;
    return true;
}

bool conv_cache_find(conv_choice *out, const char *where, const conv_problem *p)
{
    char key[LINE_ROOM];
    line_key(key, sizeof key, where, p);
    return find_line(out, read_choice, key);
}

void conv_cache_add(const conv_choice *c, const char *where, const conv_problem *p)
{
    char line[LINE_ROOM];
    line_key(line, sizeof line, where, p);
    size_t used = strlen(line);
    snprintf(line + used, sizeof line - used, "%s %" PRIx64 " %.2f\n", kinds[c->kind], c->key, c->us);
    add_line(line);
}

/* ---- sums over rows */

static void columns_key(char *line, size_t size, const char *where, const columns_shape *s)
{
    snprintf(line, size, "%s; columns %" PRId64 " %" PRId64 " %d; ", where, s->rows, s->room, s->bf16);
}

static bool read_columns(void *out, const char *rest)
{
    columns_choice *to = out, c = {0};
    if (sscanf(rest, "parts %" SCNd64 " %lf", &c.parts, &c.us) != 2) return false;
    *to = c;
    return true;
}

bool columns_cache_find(columns_choice *out, const char *where, const columns_shape *s)
{
    char key[LINE_ROOM];
    columns_key(key, sizeof key, where, s);
    return find_line(out, read_columns, key);
}

void columns_cache_add(const columns_choice *c, const char *where, const columns_shape *s)
{
    char line[LINE_ROOM];
    columns_key(line, sizeof line, where, s);
    size_t used = strlen(line);
    snprintf(line + used, sizeof line - used, "parts %" PRId64 " %.2f\n", c->parts, c->us);
    add_line(line);
}
