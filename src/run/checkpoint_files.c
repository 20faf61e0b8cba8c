/* The files of RUN/checkpoints: see checkpoint_files.h. */
#include "run/checkpoint_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "run/run.h"
#include "tensor/safetensors.h"

enum { SCHEDULED_KEPT = 2 };

static void name_of(char *name, size_t size, int64_t iteration, bool best)
{
    snprintf(name, size, RUN_CHECKPOINTS "/%s%09lld.safetensors", best ? "best-" : "",
             (long long)iteration);
}

/* Is `name` one that name_of makes? */
static bool parse_name(checkpoint_file *out, const char *name)
{
    checkpoint_file f = {.best = strncmp(name, "best-", 5) == 0};
    const char *digits = name + (f.best ? 5 : 0);
    char *end;

    f.iteration = strtoll(digits, &end, 10);
    if (end == digits || f.iteration < 0) return false;
    name_of(f.info.name, sizeof f.info.name, f.iteration, f.best);
    if (strcmp(f.info.name + strlen(RUN_CHECKPOINTS "/"), name) != 0) return false;
    *out = f;
    return true;
}

static int64_t number_in(const safetensors *f, const char *key)
{
    const char *text = safetensors_metadata(f, key);
    return text ? strtoll(text, NULL, 10) : 0;
}

/* What cannot be read is left as unreadable; only lack of memory is an error. */
static jem_status read_header(checkpoint_file *c, const char *path)
{
    safetensors *f = NULL;
    jem_status st = safetensors_open_metadata(&f, path);
    if (st == JEM_OK && safetensors_checksum(f)) {
        c->scheduled = number_in(f, "jem.scheduled") == 1;
        c->best_iteration = number_in(f, "jem.best.iteration");
        c->info.iteration = number_in(f, "jem.iteration");
        snprintf(c->info.checksum, sizeof c->info.checksum, "%.32s", safetensors_checksum(f));
        st = file_size(&c->info.bytes, path);
        c->readable = st == JEM_OK;
    }
    safetensors_close(f);
    return st == JEM_ENOMEM ? st : JEM_OK;
}

static int by_iteration(const void *a, const void *b)
{
    const checkpoint_file *x = a, *y = b;
    if (x->iteration != y->iteration) return x->iteration < y->iteration ? -1 : 1;
    return (int)x->best - (int)y->best;
}

jem_status checkpoint_files_list(checkpoint_files *out, const char *folder)
{
    jem_status st;
    checkpoint_files l = CHECKPOINT_FILES_INIT;
    char *checkpoints = NULL, *path = NULL, **names = NULL;
    int count = 0;

    TRY(checkpoint_folder(&checkpoints, folder));
    if (dir_exists(checkpoints)) TRY(dir_list(&names, &count, checkpoints));
    for (int i = 0; i < count; i++) {
        checkpoint_file f;
        if (!parse_name(&f, names[i])) continue;
        TRY(str_format(&path, "%s/%s", checkpoints, names[i]));
        TRY(read_header(&f, path));
        mem_free(path);
        path = NULL;
        TRY(MEM_GROW(l.items, l.count, l.room));
        l.items[l.count++] = f;
    }
    if (l.count) qsort(l.items, (size_t)l.count, sizeof *l.items, by_iteration);
    *out = l;
    l = (checkpoint_files)CHECKPOINT_FILES_INIT;
done:
    checkpoint_files_clear(&l);
    if (names) strings_free(names, count);
    mem_free(checkpoints);
    mem_free(path);
    return st;
}

void checkpoint_files_clear(checkpoint_files *l)
{
    mem_free(l->items);
    *l = (checkpoint_files)CHECKPOINT_FILES_INIT;
}

int64_t checkpoint_files_newest(const checkpoint_files *l)
{
    for (int i = l->count - 1; i >= 0; i--)
        if (!l->items[i].best) return l->items[i].iteration;
    return -1;
}

static bool referred_to(const checkpoint_files *l, int64_t iteration)
{
    for (int i = 0; i < l->count; i++)
        if (!l->items[i].best && l->items[i].keep && l->items[i].best_iteration == iteration)
            return true;
    return false;
}

void checkpoint_files_keep(checkpoint_files *l, int64_t newest)
{
    int scheduled = 0, others = 0;

    for (int i = l->count - 1; i >= 0; i--) {
        checkpoint_file *f = &l->items[i];
        if (f->best) continue;
        if (!f->readable)
            f->keep = true;
        else if (f->iteration > newest)
            f->keep = false;
        else if (f->scheduled)
            f->keep = scheduled++ < SCHEDULED_KEPT;
        else
            f->keep = scheduled == 0 && others++ == 0;
    }
    for (int i = 0; i < l->count; i++) {
        checkpoint_file *f = &l->items[i];
        if (f->best)
            f->keep = !f->readable || f->iteration > newest || referred_to(l, f->iteration);
    }
}

static jem_status prune(const checkpoint_files *l, const char *folder, bool best)
{
    jem_status st = JEM_OK;
    char *path = NULL;
    for (int i = l->count - 1; i >= 0; i--) {
        if (l->items[i].keep || l->items[i].best != best) continue;
        TRY(checkpoint_path(&path, folder, l->items[i].iteration, best));
        TRY(file_remove(path));
        mem_free(path);
        path = NULL;
    }
done:
    mem_free(path);
    return st;
}

jem_status checkpoint_files_prune(const checkpoint_files *l, const char *folder)
{
    jem_status st;
    TRY(prune(l, folder, false)); /* states before the weights they refer to */
    TRY(prune(l, folder, true));
done:
    return st;
}

jem_status checkpoint_files_manifest(run_info *info, const checkpoint_files *l, const char *folder)
{
    jem_status st;
    char *path = NULL;
    checkpoint_file selected = {.best = true, .info = {.name = RUN_SELECTED}};

    info->file_count = 0;
    for (int i = 0; i < l->count && info->file_count < RUN_INFO_FILES - 1; i++)
        if (l->items[i].keep && l->items[i].readable)
            info->files[info->file_count++] = l->items[i].info;
    TRY(str_format(&path, "%s/" RUN_SELECTED, folder));
    TRY(read_header(&selected, path));
    if (selected.readable) info->files[info->file_count++] = selected.info;
done:
    mem_free(path);
    return st;
}

jem_status checkpoint_folder(char **out, const char *folder)
{
    return str_format(out, "%s/" RUN_CHECKPOINTS, folder);
}

jem_status checkpoint_path(char **out, const char *folder, int64_t iteration, bool best)
{
    char name[RUN_INFO_NAME];
    name_of(name, sizeof name, iteration, best);
    return str_format(out, "%s/%s", folder, name);
}
