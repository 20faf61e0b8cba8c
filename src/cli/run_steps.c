/* Shared steps of commands on trained runs: see run_steps.h. */
#include "cli/run_steps.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/shell_line.h"
#include "base/try.h"

enum { SHOWN_PIXELS = 64 };

void run_threads(cli_list *set, char text[RUN_THREADS], int64_t threads)
{
    text[0] = '\0';
    if (threads == CLI_NONE || set->count == CLI_LIST_MAX) return;
    snprintf(text, RUN_THREADS, "engine.threads=%lld", (long long)threads);
    set->values[set->count++] = text;
}

jem_status run_command_line(char **out, int argc, char **argv)
{
    const char **words = NULL;
    jem_status st = MEM_NEW(words, argc + 2);
    if (st != JEM_OK) return st;
    words[0] = "jem";
    for (int i = 0; i < argc; i++) words[i + 1] = argv[i];
    st = shell_line(out, words);
    mem_free(words);
    return st;
}

jem_status run_grid(image *out, const float *x, int64_t n, shape size, int64_t columns)
{
    const int64_t zoom = size.w < SHOWN_PIXELS ? SHOWN_PIXELS / size.w : 1;
    return image_grid(out, x, n, size.c, size.h, size.w, columns, zoom);
}

jem_status run_strip(image *out, const image *pictures, int64_t count)
{
    jem_status st;
    image strip = IMAGE_INIT;
    enum { GAP = 2 };
    const int64_t h = pictures[0].height, w = pictures[0].width, c = pictures[0].channels;
    const int64_t zoom = w < SHOWN_PIXELS ? SHOWN_PIXELS / w : 1;

    TRY(image_init(&strip, h * zoom, count * (w * zoom + GAP) - GAP, c));
    memset(strip.pixels, 255, (size_t)(strip.height * strip.width * c));
    for (int64_t i = 0; i < count; i++)
        for (int64_t y = 0; y < h * zoom; y++)
            for (int64_t x = 0; x < w * zoom; x++)
                memcpy(strip.pixels + (y * strip.width + i * (w * zoom + GAP) + x) * c,
                       pictures[i].pixels + (y / zoom * w + x / zoom) * c, (size_t)c);
    *out = strip;
done:
    return st;
}

bool run_has_ending(const char *path, const char *ending)
{
    const size_t n = strlen(path), m = strlen(ending);
    return n > m && strcasecmp(path + n - m, ending) == 0;
}

static jem_status check_ending(const char *path, const char *const *endings)
{
    char list[64] = "";
    for (; *endings; endings++) {
        const size_t used = strlen(list);
        if (run_has_ending(path, *endings)) return JEM_OK;
        snprintf(list + used, sizeof list - used, "%s%s", used ? " or " : "", *endings);
    }
    return jem_error(JEM_EUSAGE, "%s: the name must end in %s, which is what can be written there", path,
                     list);
}

jem_status run_check_output(const char *path, const char *const *endings)
{
    jem_status st;
    file_writer w = FILE_WRITER_INIT;
    TRY(check_ending(path, endings));
    TRY(file_writer_open(&w, path));
done:
    file_writer_abort(&w);
    return st;
}
