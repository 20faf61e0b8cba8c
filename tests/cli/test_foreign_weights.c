/* Weights as people hand them round, through the program: names that PyTorch's wrappers made,
 * metadata of other writers, and files that are no safetensors. */
#include "cli/program.h"
#include "data/pictures.h"
#include "support/folder.h"
#include "support/small_vae.h"
#include "support/torch_maker.h"
#include "support/wrn_spec.h"

#include "jem/tensor.h"
#include "model/init.h"
#include "model/model.h"
#include "tensor/safetensors.h"

#define NETWORK "--model wrn-10-1 --pool adaptive --classes 4 "

static float zeros[3 * 16 * 16];

/* FOLDER/w.safetensors as jem writes it, FOLDER/x.npy one picture, FOLDER/o/ what jem makes of both. */
static void prepare(void)
{
    const model_spec spec = wrn_spec(
        (model_spec){.name = "wrn-10-1", .classes = 4, .channels = 3, .height = 16, .width = 16},
        (wrn_settings){.pool = POOL_ADAPTIVE});
    const engine_spec engine = {.threads = 1, .device = "cpu"};
    jem_tensor x = {.dtype = JEM_F32, .ndim = 4, .shape = {1, 3, 16, 16}, .data = zeros};
    char path[128];
    model *m = NULL;

    check_ok(model_new(&m, &spec, &engine));
    params_init(model_params(m), model_graph(m), 1);
    snprintf(path, sizeof path, "%s/w.safetensors", folder);
    check_ok(model_save(m, path, model_params(m)));
    model_free(m);
    snprintf(path, sizeof path, "%s/x.npy", folder);
    check_ok(jem_npy_write(path, &x));
    program_works(folder, "apply %D/w.safetensors --input %D/x.npy -o %D/o");
}

/* jem makes the same of FOLDER/other.safetensors. */
static void same_outputs(const char *flags)
{
    char command[256], *want, *got;
    size_t n, m;

    snprintf(command, sizeof command, "apply %%D/other.safetensors %s--input %%D/x.npy -o %%D/p", flags);
    program_works(folder, command);
    want = program_read(folder, "o/logits.npy", &n);
    got = program_read(folder, "p/logits.npy", &m);
    assert_int_equal(n, m);
    assert_memory_equal(want, got, n);
    mem_free(want);
    mem_free(got);
}

/* FOLDER/other.safetensors: the same tensors, tensor i under names `prefix[i % 2]` + its name, and
 * `extra` of one number, if any. */
static void rename_all(const char *const prefix[2], const char *extra)
{
    static char names[64][128];
    safetensors *f = NULL;
    safetensors_writer *w = NULL;
    char path[128];

    snprintf(path, sizeof path, "%s/w.safetensors", folder);
    check_ok(safetensors_open(&f, path));
    check_ok(safetensors_writer_new(&w));
    assert_true(safetensors_count(f) < 64);
    for (int i = 0; i < safetensors_count(f); i++) {
        const jem_tensor t = safetensors_view(f, i);
        snprintf(names[i], sizeof names[i], "%s%s", prefix[i % 2], safetensors_name(f, i));
        check_ok(safetensors_writer_add(w, names[i], t.dtype, t.ndim, t.shape, t.data));
    }
    if (extra) check_ok(safetensors_writer_add(w, extra, JEM_F32, 0, NULL, zeros));
    snprintf(path, sizeof path, "%s/other.safetensors", folder);
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
    safetensors_close(f);
}

static void names_of_wrapped_networks_are_those_of_the_network(void **state)
{
    static const char *const prefixes[][2] = {{"module.", "module."},
                                              {"_orig_mod.", "_orig_mod."},
                                              {"module._orig_mod.", "module._orig_mod."},
                                              {"_orig_mod.module.", "_orig_mod.module."},
                                              {"_orig_mod.", ""}}; /* a part was compiled */
    (void)state;
    prepare();
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        rename_all(prefixes[i], NULL);
        same_outputs(NETWORK);
        program_works(folder, "apply %D/other.safetensors " NETWORK
                              "--precision f64 --input %D/x.npy -o %D/q");
    }
    rename_all(prefixes[0], "n_averaged"); /* AveragedModel */
    same_outputs(NETWORK);
    rename_all((const char *const[]){"", ""}, "module.class_output.bias");
    program_fails(folder, "apply %D/other.safetensors " NETWORK "--input %D/x.npy -o %D/p", JEM_EDATA,
                  "holds tensor 'class_output.bias' twice, once with module. or _orig_mod. in its name");
    rename_all((const char *const[]){"net.", "net."}, NULL);
    program_fails(folder, "apply %D/other.safetensors " NETWORK "--input %D/x.npy -o %D/p", JEM_EDATA,
                  "other.safetensors: tensor 'net.");
}

static void weights_of_torch_save_are_read(void **state)
{
    safetensors *f = NULL;
    char path[128], from[128], command[256];
    (void)state;
    prepare();
    snprintf(from, sizeof from, "%s/w.safetensors", folder);
    snprintf(path, sizeof path, "%s/other.safetensors", folder); /* what it is counts, not its name */
    check_ok(safetensors_open(&f, from));
    write_torch(path, f, "module.");
    same_outputs(NETWORK);
    program_fails(folder, "apply %D/other.safetensors --input %D/x.npy -o %D/p", JEM_EDATA,
                  "say which network they are of");
    snprintf(path, sizeof path, "%s/w.pth", folder);
    write_torch(path, f, "");
    snprintf(command, sizeof command, "PyTorch file, %d tensors", safetensors_count(f));
    program_works(folder, "info %D/w.pth");
    program_said(folder, "out", command);
    program_works(folder, "apply %D/w.pth " NETWORK "--precision f64 --input %D/x.npy -o %D/q");
    safetensors_close(f);
}

/* FOLDER/other.safetensors: w.safetensors with the `from` bytes of its metadata replaced. */
static void edit(const char *from, size_t length, const char *to)
{
    size_t n, grown = strlen(to);
    char *file = program_read(folder, "w.safetensors", &n), *made = NULL, path[128];
    char *at = memmem(file, n, from, strlen(from));
    uint64_t head;

    assert_non_null(at);
    if (!length) length = (size_t)(strchr(at, '}') + 1 - at);
    memcpy(&head, file, sizeof head);
    head += grown - length;
    check_ok(MEM_NEW(made, n + grown));
    memcpy(made, &head, sizeof head);
    memcpy(made + 8, file + 8, (size_t)(at - file) - 8);
    memcpy(made + (at - file), to, grown);
    memcpy(made + (at - file) + grown, at + length, n - length - (size_t)(at - file));
    snprintf(path, sizeof path, "%s/other.safetensors", folder);
    check_ok(file_write(path, made, n - length + grown));
    mem_free(made);
    mem_free(file);
}

static void metadata_of_other_writers_are_read(void **state)
{
    (void)state;
    prepare();
    edit("\"__metadata__\":{", 0, "\"__metadata__\":null");
    same_outputs(NETWORK);
    program_works(folder, "info %D/other.safetensors");
    program_fails(folder, "apply %D/other.safetensors --input %D/x.npy -o %D/p", JEM_EDATA,
                  "no 'jem.name' in its metadata; say which network they are of");

    /* saved again with the metadata that were read */
    edit("\"jem.checksum\"", strlen("\"jem.checksum\""), "\"by\":\"somebody\",\"jem.checksum\"");
    program_fails(folder, "apply %D/other.safetensors --input %D/x.npy -o %D/p", JEM_EDATA,
                  "checksum does not match: the file is damaged, or another program changed it and "
                  "kept the checksum");
    edit("jem.checksum", strlen("jem.checksum"), "was.checksum");
    same_outputs("");
}

/* FOLDER/im: two pictures to encode. */
static void put_pictures(void)
{
    bytes b = jpeg_bytes(32, 32, 3);
    make_dir(folder, "im");
    make_dir(folder, "im/train");
    make_dir(folder, "im/train/n00000001");
    write_file(folder, "im/train/n00000001/1.JPEG", b.data, b.size);
    write_file(folder, "im/train/n00000001/2.JPEG", b.data, b.size);
    free(b.data);
}

/* ---- autoencoders */

/* FOLDER/other.safetensors: the tensors of FOLDER/vae.safetensors behind `prefix`, with `extra` ones. */
static void rename_vae(const char *prefix, const char *const extra[], const char *groups)
{
    static char names[400][160];
    safetensors *f = NULL;
    safetensors_writer *w = NULL;
    char path[128];

    snprintf(path, sizeof path, "%s/vae.safetensors", folder);
    check_ok(safetensors_open(&f, path));
    check_ok(safetensors_writer_new(&w));
    if (groups) check_ok(safetensors_writer_metadata(w, "jem.groups", groups));
    check_ok(safetensors_writer_metadata(w, "jem.latent_scale", "0.5"));
    assert_true(safetensors_count(f) < 400);
    for (int i = 0; i < safetensors_count(f); i++) {
        const jem_tensor t = safetensors_view(f, i);
        snprintf(names[i], sizeof names[i], "%s%s", prefix, safetensors_name(f, i));
        check_ok(safetensors_writer_add(w, names[i], t.dtype, t.ndim, t.shape, t.data));
    }
    for (int i = 0; extra && extra[i]; i++)
        check_ok(safetensors_writer_add(w, extra[i], JEM_F32, 0, NULL, zeros));
    snprintf(path, sizeof path, "%s/other.safetensors", folder);
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
    safetensors_close(f);
}

#define ENCODE "data encode imagenet %D/im --size 32 --noise 0 --vae %D/"

static void remove_below(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_tmp_remove(path);
}

/* The same latents as with FOLDER/vae.safetensors. */
static void same_latents(void)
{
    size_t n, m;
    char *want = program_read(folder, "l/train-00000.safetensors", &n), *got;

    program_works(folder, ENCODE "other.safetensors --out %D/other");
    got = program_read(folder, "other/train-00000.safetensors", &m);
    assert_int_equal(n, m);
    assert_memory_equal(want, got, n);
    mem_free(want);
    mem_free(got);
    remove_below("other");
}

static void autoencoders_are_read_as_latent_diffusion_saves_them(void **state)
{
    static const char *const beside[] = {"loss.logvar", "loss.discriminator.main.0.weight",
                                         "model_ema.decay", "model_ema.encoderconv_inweight", NULL};
    static const char *const of_all[] = {"model.diffusion_model.out.0.weight", "betas", "loss.logvar",
                                         "cond_stage_model.logit_scale", NULL};
    static const char *const inside[] = {"first_stage_model.decoder.conv_out.scale", NULL};
    (void)state;
    put_pictures();
    write_small_vae(folder, "vae.safetensors", 8);
    program_works(folder, ENCODE "vae.safetensors --out %D/l");
    rename_vae("", beside, "4");
    same_latents();
    rename_vae("first_stage_model.", beside, "4");
    same_latents();
    rename_vae("first_stage_model.", of_all, "4");
    same_latents();
    rename_vae("module.first_stage_model._orig_mod.", of_all, "4");
    same_latents();
    rename_vae("first_stage_model.", inside, "4");
    program_fails(folder, ENCODE "other.safetensors --out %D/other", JEM_EDATA,
                  "tensor 'decoder.conv_out.scale' does not belong to an autoencoder");
    rename_vae("", NULL, NULL);
    program_fails(folder, ENCODE "other.safetensors --out %D/other", JEM_EDATA,
                  "other.safetensors: its 8 channels at level 0 do not make 32 groups: its metadata "
                  "'jem.groups' says how many its group norms have (32 without it)");
}

/* ---- what is no safetensors at all */

static void put(const char *name, const char *start, size_t size)
{
    char content[256] = "";
    memcpy(content, start, size);
    write_file(folder, name, content, sizeof content);
}

static void files_of_other_kinds_are_named_for_what_they_are(void **state)
{
    static const struct {
        const char *start;
        size_t size;
        const char *message;
    } cases[] = {
        {"\x80\2}q", 4, "but a Python pickle, and none of torch.save; save its state dict with torch.save"},
        {"\x80\4\x95", 3, "but a Python pickle; save its state dict with torch.save"},
        {"\x89HDF\r\n\x1a\n", 8, "but an HDF5 file, such as Keras writes"},
        {"\x1f\x8b\x08", 3, "but compressed with gzip; unpack it with: gzip -d"},
        {"version https://git-lfs.github.com/spec/v1\n", 43, "but a pointer of git-lfs, not the file "
                                                             "itself; fetch the file with: git lfs pull"},
        {"<!DOCTYPE html>", 15, "but an HTML page, perhaps of a download that failed; download it again"},
    };
    (void)state;
    prepare();
    put_pictures();
    put("m.pt", "PK\3\4", 4);
    program_fails(folder, "apply %D/m.pt " NETWORK "--input %D/x.npy -o %D/p", JEM_EDATA,
                  "m.pt: no whole PyTorch file (zip): ");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put("m.pt", cases[i].start, cases[i].size);
        put("m.bin", cases[i].start, cases[i].size);
        program_fails(folder, "apply %D/m.pt --input %D/x.npy -o %D/p", JEM_EDATA, cases[i].message);
        program_fails(folder, "apply %D/m.pt " NETWORK "--input %D/x.npy -o %D/p", JEM_EDATA,
                      cases[i].message);
        program_fails(folder, "data encode imagenet %D/im --vae %D/m.pt --out %D/l", JEM_EDATA,
                      cases[i].message);
        program_fails(folder, "info %D/m.pt", JEM_EDATA, cases[i].message);
        program_fails(folder, "info %D/m.bin", JEM_EDATA, strchr(cases[i].message, 'b'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(autoencoders_are_read_as_latent_diffusion_saves_them, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(files_of_other_kinds_are_named_for_what_they_are, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(names_of_wrapped_networks_are_those_of_the_network, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(weights_of_torch_save_are_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(metadata_of_other_writers_are_read, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
