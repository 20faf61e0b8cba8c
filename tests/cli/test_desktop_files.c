/* What desktops, archives and file systems leave beside people's files changes nothing, in whatever
 * folder of a data set it lies. */
#include "cli/program.h"
#include "data/pictures.h"
#include "support/folder.h"
#include "support/made_data.h"

/* Into every folder below `name`. */
static void strew(const char *name)
{
    static const char script[] =
        "find '%s/%s' -type d | while read -r d; do"
        " printf '\\0\\5\\26\\7' > \"$d/._x.png\"; cp \"$d/._x.png\" \"$d/._01_gloss_discrimination.csv\";"
        " cp \"$d/._x.png\" \"$d/.DS_Store\"; echo a > \"$d/Thumbs.db\"; echo a > \"$d/desktop.ini\";"
        " mkdir \"$d/__MACOSX\" \"$d/lost+found\" \"$d/\\$RECYCLE.BIN\" \"$d/System Volume Information\";"
        " cp \"$d/._x.png\" \"$d/__MACOSX\"; done";
    char command[1024];

    snprintf(command, sizeof command, script, folder, name);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "test -f '%s/%s/__MACOSX/._x.png'", folder, name);
    assert_int_equal(system(command), 0);
}

/* `jem ARGS` says the same before and after. */
static void unmoved(const char *args, const char *name)
{
    size_t n;

    program_works(folder, args);
    char *before = program_read(folder, "out", &n);
    strew(name);
    program_works(folder, args);
    char *after = program_read(folder, "out", &n);
    assert_string_equal(before, after);
    mem_free(before);
    mem_free(after);
}

static void copy_data(const char *name, const char *to)
{
    char data[512], command[1200];

    made_data(data, sizeof data, name);
    snprintf(command, sizeof command, "cp -r '%s' '%s/%s' && chmod -R u+w '%s/%s'", data, folder, to,
             folder, to);
    assert_int_equal(system(command), 0);
}

static void make_classes(const char *below)
{
    static const char *const classes[] = {"airplane", "bear"};
    char name[128];

    make_dir(folder, below);
    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "%s/%s", below, classes[i % 2]);
        if (i < 2) make_dir(folder, name);
        snprintf(name, sizeof name, "%s/%s/%s%d-%s%d.png", below, classes[i % 2], classes[i % 2],
                 i / 2 + 1, classes[1 - i % 2], i / 2 + 1);
        write_flat_png(folder, name, 16, 16, 20 * i, 0, 0);
    }
}

static void class_folders(void **state)
{
    (void)state;
    make_dir(folder, "set");
    make_classes("set/train");
    make_classes("set/test");
    unmoved("data check folder %D/set", "set");
    program_said(folder, "out", "images   16 (8 train, 0 validation, 8 test)");
}

static void imagenet_folders(void **state)
{
    (void)state;
    make_dir(folder, "set");
    make_classes("set/train");
    make_dir(folder, "set/val");
    write_flat_png(folder, "set/val/1.png", 16, 16, 1, 2, 3);
    write_text(folder, "set/val_labels.txt", "1.png bear\n");
    unmoved("data check imagenet %D/set", "set");
}

static void surfaces(void **state)
{
    (void)state;
    make_dir(folder, "set");
    strew("set"); /* a folder that holds nothing else is empty */
    program_works(folder, "data render --n 60 --size 16 -o %D/set");
    assert_int_equal(remove_folder(state), 0);
    make_folder(state);
    program_works(folder, "data render --n 60 --size 16 -o %D/set");
    unmoved("data check gloss %D/set", "set");
}

static void cue_conflict(void **state)
{
    (void)state;
    const mvh_set *set = mvh_set_find("cue-conflict");
    char picture[64], name[160];

    make_dir(folder, "set");
    make_dir(folder, "set/cue-conflict");
    for (int64_t i = 0; i < set->images; i++) {
        const char *shape = category_names[made_image(picture, set, i)];
        snprintf(name, sizeof name, "set/cue-conflict/%s", shape);
        if (i % 80 == 0) make_dir(folder, name);
        snprintf(name, sizeof name, "set/cue-conflict/%s/%s", shape, picture);
        write_flat_png(folder, name, 8, 8, (int)i % 256, 0, 0);
    }
    unmoved("data check cue-conflict %D/set", "set");
}

static void gloss_ratings(void **state)
{
    (void)state;
    copy_data("gloss", "set");
    unmoved("data check gloss %D/set", "set");
}

static void bapps(void **state)
{
    (void)state;
    copy_data("bapps-layout", "set");
    unmoved("data check bapps %D/set", "set");
}

static void model_vs_human(void **state)
{
    (void)state;
    copy_data("model-vs-human", "set");
    unmoved("data check model-vs-human %D/set", "set");
}

static void recorded_answers(void **state)
{
    (void)state;
    char data[512], command[2048];

    made_data(data, sizeof data, "cue-conflict/decisions");
    copy_data("cue-conflict/decisions", "answers");
    made_data(data, sizeof data, "cue-conflict");
    snprintf(command, sizeof command, "bench cue-conflict --answers %%D/answers --observer resnet50 --data '%s' "
                                      "--set bench.rounds=100", data);
    unmoved(command, "answers");
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(class_folders),  IN_FOLDER(imagenet_folders), IN_FOLDER(surfaces),
        IN_FOLDER(cue_conflict),   IN_FOLDER(gloss_ratings),    IN_FOLDER(bapps),
        IN_FOLDER(model_vs_human), IN_FOLDER(recorded_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
