/* A run's weights for PyTorch, and back as a run.
 *
 *   weights RUN OUT.safetensors NEW_RUN                      (jem/weights.h) */
#include <jem/weights.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    static const char *const set[] = {"model.pool=adaptive"};
    jem_import_options o = JEM_IMPORT_INIT;

    if (argc != 4) {
        fprintf(stderr, "usage: weights RUN OUT.safetensors NEW_RUN\n");
        return JEM_EUSAGE;
    }
    jem_status st = jem_export(argv[1], argv[2]);
    o.classes = 2, o.side = 16; /* as examples/tensor.c makes them */
    o.set = set, o.set_count = 1;
    if (st == JEM_OK) st = jem_import(argv[2], "wrn-10-1", argv[3], &o);
    if (st != JEM_OK) fprintf(stderr, "%s\n", jem_error_message());
    else printf("%s holds the weights of %s\n", argv[3], argv[1]);
    return (int)st;
}
