/* Options of the program for remedies of the library: see remedy.h. */
#include "cli/remedy.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *words;      /* of the library's message; the first row that fits counts */
    const char *options[2]; /* what they mean */
} remedies[] = {
    {"say which network they are of", {"--model"}},
    {"say how many classes it has and how large its pictures are", {"--classes", "--size"}},
    {"say how many images they are", {"--images", "--shape"}},
    {"name the file of its weights", {"--weights"}},
    {"features of pictures need a network", {"--weights"}},
    {"its autoencoder encodes some", {"--vae"}},
    {"their autoencoder was not named", {"--vae"}},
    {"leave the autoencoder out", {"--vae"}},
    {"another autoencoder", {"--vae"}},
    {"was trained on latents of the autoencoder", {"--vae"}},
    {"name their file", {"--vae"}},
    {"another latent scale", {"--scale"}},
    {"pictures of another size", {"--size"}},
    {"mirrored pictures", {"--flip"}},
    {"another number format", {"--dtype"}},
    {"another number of noise pictures", {"--noise"}},
    {"where damaged pictures are to be skipped", {"--damaged"}},
    {"put val_labels.txt", {"--labels"}},
    {"with a mapping", {"--mapping"}},
    {"give another mapping", {"--mapping"}},
    {"choose one as the observer", {"--observer"}},
    {"without a human reference; name their folder", {"--humans"}},
    {"name their folder", {"--data"}},
    {"name that folder", {"--data"}},
    {"set data.path to where", {"--set"}},
    {"set data.kind and data.path", {"--set"}},
    {"another study.yaml", {"--study"}},
    {"with a rescue of the", {"--rescue"}},
    {"choose another folder", {"--out"}},
    {"is a file; name a folder", {"--out"}},
    {"give each a folder of its own", {"--out"}},
    {"not again unless it is forced", {"--force"}},
};

static const command *given;

void remedy_for(const command *c) { given = c; }

static const cli_option *find_option(const char *name)
{
    for (const cli_option *o = given && given->options ? given->options : NULL; o && o->name; o++)
        if (strcmp(o->name, name) == 0) return o;
    return NULL;
}

const char *remedy_of(const char *line)
{
    static _Thread_local char text[128];
    size_t row = 0, used = 0;

    while (row < sizeof remedies / sizeof *remedies && !strstr(line, remedies[row].words)) row++;
    text[0] = '\0';
    for (int i = 0; i < 2 && row < sizeof remedies / sizeof *remedies; i++) {
        const char *name = remedies[row].options[i];
        const cli_option *o = name && !strstr(line, name) ? find_option(name) : NULL;
        if (!o) continue;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s%s", used ? ", " : " (", o->name, o->value ? " " : "",
                                 o->value ? o->value : "");
    }
    if (used) snprintf(text + used, sizeof text - used, ")");
    return text;
}
