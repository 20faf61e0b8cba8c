/* jem fid: what it refuses before it computes; distances are in fid/test_fid.c. */
#include "cli/program.h"

#include "data/pictures/image.h"
#include "tensor/npz.h"

static char dir[64];

static void fails(const char *args, int code, const char *message) { program_fails(dir, args, code, message); }

static int prepare(void **state)
{
    static uint8_t pixels[4 * 3 * 8 * 8];
    const jem_tensor nchw = {JEM_U8, 4, {4, 3, 8, 8}, pixels}, nhwc = {JEM_U8, 4, {4, 8, 8, 3}, pixels},
                     flat = {JEM_U8, 2, {4, 192}, pixels}, five = {JEM_U8, 4, {4, 4, 8, 6}, pixels};
    static double two[4] = {1, 2, 3, 4};
    const jem_tensor mu = {JEM_F64, 1, {2}, two}, sigma = {JEM_F64, 2, {2, 2}, two};
    char path[128];
    image m = IMAGE_INIT;

    (void)state;
    check_tmp(dir, sizeof dir);
    const struct {
        const char *name;
        const jem_tensor *t;
    } arrays[] = {{"x.npy", &nchw}, {"nhwc.npy", &nhwc}, {"flat.npy", &flat}, {"four.npy", &five}};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, arrays[i].name);
        check_ok(jem_npy_write(path, arrays[i].t));
    }
    snprintf(path, sizeof path, "%s/small.npz", dir);
    check_ok(npz_write(path, (const char *const[]){"mu", "sigma"}, (const jem_tensor *const[]){&mu, &sigma}, 2));
    snprintf(path, sizeof path, "%s/empty", dir);
    check_ok(dir_ready(path));
    snprintf(path, sizeof path, "%s/pictures", dir);
    check_ok(dir_ready(path));
    snprintf(path, sizeof path, "%s/pictures/a.png", dir);
    check_ok(image_init(&m, 8, 8, 1));
    check_ok(image_write_png(&m, path));
    image_clear(&m);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static void what_is_missing_is_said_with_the_way_out(void **state)
{
    (void)state;
    fails("fid %D/x.npy", JEM_EUSAGE, "needs a reference");
    fails("fid %D/x.npy --save %D/s.npz", JEM_EUSAGE, "name the file of its weights, pt_inception");
    fails("fid %D/x.npy --reference %D/pictures", JEM_EUSAGE, "name the file of its weights");
    fails("fid %D/x.npy --save %D/s.npy", JEM_EUSAGE, ".npz");
    fails("fid %D/nowhere.npy --save %D/s.npz", JEM_EDATA, "nowhere.npy");
    fails("fid %D/x.npy --save %D/s.npz --weights %D/none.pth", JEM_EDATA, "none.pth");
    fails("fid %D/x.npy --save %D/s.npz --weights %D/small.npz", JEM_EDATA, "pt_inception-2015-12-05-6726825d.pth");
}

static void pictures_that_are_none_are_refused(void **state)
{
    (void)state;
    fails("fid %D/nhwc.npy --save %D/s.npz", JEM_EDATA, "x.transpose(0, 3, 1, 2)");
    fails("fid %D/flat.npy --save %D/s.npz", JEM_EDATA, "[N,C,H,W]");
    fails("fid %D/four.npy --save %D/s.npz", JEM_EDATA, "4 channels");
    fails("fid %D/empty --save %D/s.npz", JEM_EDATA, "empty: no .png, .jpg or .jpeg file");
    fails("fid %D/x.npy --reference %D/small.npz", JEM_EDATA, "small.npz (mu)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_missing_is_said_with_the_way_out, prepare, clean),
        cmocka_unit_test_setup_teardown(pictures_that_are_none_are_refused, prepare, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
