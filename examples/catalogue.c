/* The published data that benchmarks need: what they are, how large, under which licence.
 *
 *   catalogue [NAME]      all of it, or the files of NAME                   (jem/catalogue.h)
 */
#include <jem/catalogue.h>
#include <stdio.h>
#include <string.h>

static jem_status list_files(int64_t index, const jem_catalogue_item *item)
{
    for (int64_t i = 0; i < item->files; i++) {
        jem_catalogue_file file = JEM_CATALOGUE_FILE_INIT;
        jem_status st = jem_catalogue_file_at(&file, index, i);
        if (st != JEM_OK) return st;
        printf("%s%s -> %s/%s\n", item->base, file.url, item->folder, file.path);
    }
    return JEM_OK;
}

int main(int argc, char **argv)
{
    for (int64_t i = 0; i < jem_catalogue_count(); i++) {
        jem_catalogue_item item = JEM_CATALOGUE_ITEM_INIT;
        jem_status st = jem_catalogue_at(&item, i);
        if (st == JEM_OK && argc < 2) printf("%-24s %s (%s)\n", item.name, item.about, item.licence);
        if (st == JEM_OK && argc > 1 && strcmp(argv[1], item.name) == 0) st = list_files(i, &item);
        if (st != JEM_OK) {
            fprintf(stderr, "%s\n", jem_error_message());
            return (int)st;
        }
    }
    return 0;
}
