/* jem bench on networks that others trained: as an imported run and as a file of weights alone, the same answers. */
#include "cli/program.h"
#include "support/folder.h"
#include "support/hash_fill.h"
#include "support/made_data.h"
#include "support/published_weights.h"

#include "model/network.h"
#include "model/weights.h"

/* FOLDER/w.safetensors <- SqueezeNet with hash parameters. */
static void write_squeezenet(void)
{
    model_spec spec = {.classes = 1000, .channels = 3, .height = 64, .width = 64};
    graph *g = NULL;
    safetensors_writer *w = NULL;
    double *values = NULL;
    float *params = NULL;
    char path[128];

    check_ok(model_spec_name(&spec, network_list, "squeezenet1_1"));
    check_ok(model_spec_build(&g, &spec));
    check_ok(MEM_NEW(values, g->param_elements));
    check_ok(MEM_NEW(params, g->param_elements));
    hash_fill(values, g);
    for (int64_t i = 0; i < g->param_elements; i++) params[i] = (float)values[i];
    check_ok(safetensors_writer_new(&w));
    check_ok(weights_add(w, g, params, ""));
    snprintf(path, sizeof path, "%s/w.safetensors", folder);
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
    mem_free(values);
    mem_free(params);
    graph_free(g);
}

#define FEW " --set bench.rounds=100 --set engine.threads=1 --data "

/* `jem WHAT --data BAPPS`; both may have %D, `what` as a format. */
static void bapps(const char *what, const char *more)
{
    char data[256], command[1024];
    made_data(data, sizeof data, "bapps-layout");
    snprintf(command, sizeof command, "%s%s%s%s", what, more, FEW, data);
    program_works(folder, command);
}

static void weights_answer_with_and_without_a_run(void **state)
{
    (void)state;
    write_squeezenet();
    bapps("bench bapps --model squeezenet1_1 --weights %D/w.safetensors --out %D/alone", "");
    program_said(folder, "alone/scores/scores.json", "\"model\": \"squeezenet1_1\"");
    program_not_said(folder, "alone/scores/scores.json", "resized"); /* patches are looked at as they are */
    program_works(folder, "import %D/w.safetensors --model squeezenet1_1 --out %D/run");
    bapps("bench bapps %D/run", "");
    program_same_files(folder, "alone/trials/bapps.csv", "run/trials/bapps.csv");
    bapps("bench bapps %D/run", " --set bapps.size=32");
    program_said(folder, "run/scores/scores.json", "pictures resized to 32x32");
}

static void published_linear_weights_calibrate(void **state)
{
    (void)state;
    char path[1024], more[1200];
    if (!published_weights(path, sizeof path, "squeeze.pth")) skip();
    write_squeezenet();
    snprintf(more, sizeof more, " --out %%D/calibrated --lpips %s", path);
    bapps("bench bapps --model squeezenet1_1 --weights %D/w.safetensors", more);
    program_said(folder, "calibrated/scores/scores.json",
                 "linear weights of LPIPS, squeeze.pth (SHA-256 4a5350f23600cb79)");
}

static void what_cannot_be_asked_is_refused(void **state)
{
    (void)state;
    static const char answers[] = "set,name,patch,distance\n2afc/cnn,000000,p0,1\n";
    char data[256], command[1024];
    made_data(data, sizeof data, "bapps-layout");
    write_squeezenet();
    program_fails(folder, "bench bapps --model squeezenet1_1", JEM_EUSAGE, "--weights FILE go together");
    program_fails(folder, "bench bapps %D/run --model squeezenet1_1 --weights %D/w.safetensors", JEM_EUSAGE, "one of them");
    program_fails(folder, "bench bapps --model alexnet --weights %D/w.safetensors", JEM_EDATA,
                  "squeezenet1_1 fits best: 52 of its 52 tensors are there");
    program_fails(folder, "bench bapps --model wrn-28-10 --weights %D/w.safetensors", JEM_EUSAGE, "say how many classes it has");
    snprintf(command, sizeof command, "bench bapps --model squeezenet1_1 --weights %%D/w.safetensors "
             "--lpips %%D/w.safetensors --out %%D/no --data %s", data);
    program_fails(folder, command, JEM_EDATA, "w.safetensors: no linear weights of LPIPS");
    snprintf(command, sizeof command, "bench bapps --answers %%D/d.csv --lpips %%D/w.safetensors --data %s", data);
    snprintf(data, sizeof data, "%s/d.csv", folder);
    check_ok(file_write(data, answers, sizeof answers - 1));
    program_fails(folder, command, JEM_EUSAGE, "is no network: linear weights calibrate");
}

static void write_picture(const char *name, int64_t height, int64_t width)
{
    char path[256];
    image p = IMAGE_INIT;
    check_ok(image_init(&p, height, width, 3));
    for (int64_t i = 0; i < height * width * 3; i++) p.pixels[i] = (uint8_t)((unsigned)(i * 37 + i * i * 3) % 256);
    snprintf(path, sizeof path, "%s/pictures/%s", folder, name);
    check_ok(image_write_png(&p, path));
    image_clear(&p);
}

static void pictures_of_any_size_are_put_through_a_network(void **state)
{
    (void)state;
    char path[256];
    jem_tensor f = JEM_TENSOR_INIT;

    write_squeezenet();
    snprintf(path, sizeof path, "%s/pictures", folder);
    check_ok(dir_make(path));
    write_picture("a.png", 70, 90);
    write_picture("b.png", 64, 64);
    program_works(folder, "apply %D/w.safetensors --model squeezenet1_1 --size 64 --input %D/pictures -o %D/all");
    program_said(folder, "all/pictures.txt", "pictures/a.png\n");
    program_said(folder, "all/pictures.txt", "pictures/b.png\n");
    snprintf(path, sizeof path, "%s/all/logits.npy", folder);
    check_ok(jem_npy_read(&f, path));
    assert_true(f.ndim == 2 && f.shape[0] == 2 && f.shape[1] == 1000);
    jem_tensor_clear(&f);
    program_works(folder, "apply %D/w.safetensors --model squeezenet1_1 --size 64 --input %D/pictures/b.png -o %D/one");
    program_works(folder, "apply %D/w.safetensors --model squeezenet1_1 --input %D/pictures/b.png -o %D/published");
    program_fails(folder, "apply %D/w.safetensors --model squeezenet1_1 --input %D/all -o %D/none", JEM_EDATA,
                  "all: no PNG or JPEG in it");
    program_fails(folder, "apply %D/w.safetensors --model wrn-10-1 --input %D/pictures -o %D/none", JEM_EUSAGE,
                  "wrn-10-1 is of no one size: say with --size S");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(weights_answer_with_and_without_a_run, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(published_linear_weights_calibrate, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(pictures_of_any_size_are_put_through_a_network, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_asked_is_refused, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
