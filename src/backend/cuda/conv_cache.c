/* The cache of chosen plans: see conv_cache.h. */
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

/* "GPU; problem; " */
static void line_key(char *line, size_t size, const char *where, const conv_problem *p)
{
    snprintf(line, size, "%s; %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %.9g; ", where,
             p->pass, p->n, p->c, p->in, p->h, p->w, p->k, p->p, p->q, p->kernel_h, p->kernel_w, p->stride,
             p->pad[0], p->pad[1], p->pad_end[0], p->pad_end[1], p->bf16, p->bias, p->lrelu, p->add, p->copy,
             (double)p->slope);
}

bool conv_cache_find(conv_choice *out, const char *where, const conv_problem *p)
{
    char path[PATH_ROOM], key[LINE_ROOM], line[LINE_ROOM], extent[16];
    bool found = false;

    if (!cache_path(path, sizeof path)) return false;
    line_key(key, sizeof key, where, p);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        conv_choice c = {0};
        if (strncmp(line, key, strlen(key)) != 0) continue;
        if (sscanf(line + strlen(key), "%15s %" SCNx64 " %lf", extent, &c.key, &c.us) != 3) continue;
        for (int i = 0; i < 3; i++)
            if (strcmp(extent, kinds[i]) == 0) c.kind = (conv_kind)i;
        *out = c; /* the last one counts */
        found = true;
    }
    if (f) fclose(f);
    return found;
}

void conv_cache_add(const conv_choice *c, const char *where, const conv_problem *p)
{
    char path[PATH_ROOM], line[LINE_ROOM];

    if (!cache_path(path, sizeof path)) return;
    line_key(line, sizeof line, where, p);
    size_t used = strlen(line);
    snprintf(line + used, sizeof line - used, "%s %" PRIx64 " %.2f\n", kinds[c->kind],
             c->key, c->us);
    /* One write at the end of the file: processes side by side do not mix lines. */
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0) return;
    ssize_t written = write(fd, line, strlen(line));
    (void)written;
    close(fd);
}
