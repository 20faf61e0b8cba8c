/* jem import and jem export: weights from elsewhere become a run, and go out again. */
#include "cli/program.h"

#include "jem/tensor.h"
#include "model/weights.h"
#include "support/made_data.h"
#include "support/wrn_spec.h"
#include "tensor/safetensors.h"

static char dir[64];

static void works(const char *args) { program_works(dir, args); }
static void fails(const char *args, int code, const char *message) { program_fails(dir, args, code, message); }

/* DIR/NAME <- parameters of a small network, the first `count` tensors of it (-1: all); `odd`: among
 * them. */
static void write_tensors(const char *name, int64_t classes, int count, float odd)
{
    const model_spec spec = wrn_spec((model_spec){.name = "wrn-10-1", .classes = classes, .channels = 3, .height = 32,
                                                  .width = 32}, (wrn_settings){0});
    graph *g = NULL;
    safetensors_writer *w = NULL;
    float *params = NULL;
    char path[128];

    check_ok(model_spec_build(&g, &spec));
    check_ok(MEM_NEW(params, g->param_elements));
    for (int64_t i = 0; i < g->param_elements; i++) params[i] = (float)(i % 17 - 8) / 100;
    params[5] = odd;
    const int all = g->param_count;
    if (count >= 0) g->param_count = count;
    check_ok(safetensors_writer_new(&w));
    check_ok(weights_add(w, g, params, ""));
    g->param_count = all;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
    mem_free(params);
    graph_free(g);
}

static void write_weights(const char *name, int count, float odd) { write_tensors(name, 3, count, odd); }
static void write_classes(const char *name, int64_t classes) { write_tensors(name, classes, -1, 0); }

static int prepare(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    write_weights("w.safetensors", -1, 0);
    works("import %D/w.safetensors --model wrn-10-1 --classes 3 --size 32 --out %D/run");
    return 0;
}

static int clean(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static bool there(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return file_exists(path) || dir_exists(path);
}

static void an_imported_run_is_used_as_a_trained_one(void **state)
{
    (void)state;
    program_said(dir, "run/import.json", "\"sha256\": \"");
    program_said(dir, "run/import.json", "\"file\": \"w.safetensors\"");
    works("sample %D/run --n 4 --steps 2 -o %D/x.npy");
    works("apply %D/run --input %D/x.npy --want logits,energy -o %D/as_run");
    works("apply %D/w.safetensors --model wrn-10-1 --classes 3 --input %D/x.npy --want logits -o %D/as_file");
    program_same_files(dir, "as_run/logits.npy", "as_file/logits.npy");
    works("info %D/run");
    program_said(dir, "out", "weights    imported");
    program_not_said(dir, "out", "selected");
    works("report %D/run");
}

static void an_export_has_the_same_weights(void **state)
{
    (void)state;
    works("export %D/run -o %D/out.safetensors");
    works("import %D/out.safetensors --model wrn-10-1 --classes 3 --size 32 --out %D/again");
    works("sample %D/run --n 2 --steps 2 --seed 3 -o %D/a.npy");
    works("sample %D/again --n 2 --steps 2 --seed 3 -o %D/b.npy");
    program_same_files(dir, "a.npy", "b.npy");
}

static void what_is_no_such_network_is_refused(void **state)
{
    (void)state;
    write_weights("half.safetensors", 6, 0);
    fails("import %D/half.safetensors --model wrn-10-1 --classes 3 --size 32 --out %D/no", JEM_EDATA,
          "wrn-10-1 fits best: 6 of its ");
    fails("import %D/w.safetensors --model alexnet --out %D/no", JEM_EDATA, "does not belong to this network");
    fails("import %D/w.safetensors --model wrn-10-1 --out %D/no", JEM_EUSAGE, "say how many classes it has and how large its pictures are");
    fails("import %D/w.safetensors --model alexnot --out %D/no", JEM_EUSAGE, "alexnet");
    fails("import %D/w.safetensors --model wrn-10-1 --classes 3 --size 32 --set alpha=1 --out %D/no", JEM_EUSAGE,
          "model.* and data.* alone");
    assert_false(there("no"));
}

/* Kept with a warning, told by the run, and nothing is computed with them. */
static void weights_that_are_not_finite_are_kept_and_not_used(void **state)
{
    static const char *const uses[] = {
        "sample %D/odd --n 2 --steps 2 -o %D/odd.npy",
        "apply %D/odd --input %D/four.npy --want logits -o %D/odd_logits",
        "bench cue-conflict %D/odd --data %D",
        "export %D/odd -o %D/odd.out",
        "apply %D/nan.safetensors --model wrn-10-1 --classes 3 --input %D/four.npy --want logits -o %D/odd_logits",
    };
    (void)state;
    works("sample %D/run --n 4 --steps 0 -o %D/four.npy");
    write_weights("nan.safetensors", -1, NAN);
    works("import %D/nan.safetensors --model wrn-10-1 --classes 3 --size 32 --out %D/odd");
    program_said(dir, "err", "nan.safetensors: tensor 'f.conv1.weight' holds nan; 1 of its tensors hold 1 values that are not finite");
    program_said(dir, "odd/import.json", "\"first_tensor\": \"f.conv1.weight\"");
    program_not_said(dir, "run/import.json", "not_finite");
    works("info %D/odd");
    works("info %D/odd/best.safetensors");
    program_said(dir, "out", "finite: no");
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) fails(uses[i], JEM_EDATA, "tensor 'f.conv1.weight' holds nan at index 5");
    assert_false(there("odd.npy") || there("odd_logits/logits.npy") || there("odd.out"));
    write_weights("inf.safetensors", -1, -INFINITY);
    works("import %D/inf.safetensors --model wrn-10-1 --classes 3 --size 32 --out %D/endless");
    program_said(dir, "err", "holds -inf");
    fails("sample %D/endless --n 2 --steps 2 -o %D/odd.npy", JEM_EDATA, "holds -inf at index 5");
}

/* What others than PyTorch's state dicts are: one error each, and nothing is left behind. */
static void what_holds_no_weights_is_refused_for_what_it_is(void **state)
{
    static const struct {
        const char *file, *message;
    } cases[] = {
        {JEM_SOURCE_DIR "/tests/fuzz/corpus/torch/script.pt", "TorchScript"},
        {JEM_SOURCE_DIR "/tests/fuzz/corpus/torch/model.pt", "save the weights with torch.save(model.state_dict(), FILE)"},
        {JEM_SOURCE_DIR "/tests/fuzz/corpus/torch/complex.pt", "complex"},
        {JEM_SOURCE_DIR "/tests/fuzz/corpus/torch/loop.pt", "loop.pt"},
        {"%D/pipe", "a pipeline of diffusers"},
        {"%D/nothing.pt", "nothing.pt"},
    };
    char path[128], command[512], *whole;
    size_t n;
    (void)state;
    snprintf(path, sizeof path, "%s/pipe", dir);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/pipe/model_index.json", dir);
    check_ok(file_write(path, "{}", 2));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(command, sizeof command, "import %s --model alexnet --out %%D/no", cases[i].file);
        fails(command, JEM_EDATA, cases[i].message);
    }
    whole = program_read(JEM_SOURCE_DIR "/tests/fuzz/corpus/torch", "archive.pt", &n);
    snprintf(path, sizeof path, "%s/cut.pt", dir);
    check_ok(file_write(path, whole, n / 2));
    mem_free(whole);
    fails("import %D/cut.pt --model alexnet --out %D/no", JEM_EDATA, "no whole PyTorch file");
    assert_false(there("no"));
}

static void it_has_no_data_and_says_so(void **state)
{
    (void)state;
    program_said(dir, "run/config.yaml", "kind: \"none\"");
    fails("eval %D/run", JEM_EUSAGE, "set data.kind and data.path");
    program_said(dir, "err", "run (imported)");
    program_not_said(dir, "err", "alpha");
    works("import %D/w.safetensors --model wrn-10-1 --classes 3 --size 32 --set data.kind=npy --set data.path=%D "
          "--out %D/with");
    program_said(dir, "with/config.yaml", "kind: \"npy\"");
    works("info %D/run");
    program_not_said(dir, "out", "alpha");
}

/* Named as the network that it is, of no alpha; 1000 classes are ImageNet's, whatever its data once were
 * called; and without chains, for which nobody trained it. */
static void a_network_that_others_trained_is_scored_as_itself(void **state)
{
    char data[256], command[512];
    (void)state;
    made_data(data, sizeof data, "cue-conflict");
    write_classes("thousand.safetensors", 1000);
    works("import %D/thousand.safetensors --model wrn-10-1 --classes 1000 --size 32 --set data.kind=cifar10 --out %D/net");
    snprintf(command, sizeof command, "bench cue-conflict %%D/net --data '%s' --set bench.rounds=100 --threads 1", data);
    works(command);
    program_said(dir, "out", "wrn-10-1\n");
    program_not_said(dir, "out", "alpha");
    program_said(dir, "net/scores/scores.tsv", "cue-conflict\tshape_bias\twrn-10-1\t\t\t");
    program_not_said(dir, "net/scores/scores.tsv", "steps=");
    works("report %D/net");
    assert_true(there("net/figures/cue-conflict.svg"));
    snprintf(command, sizeof command, "bench cue-conflict %%D/net --data '%s' --set bench.rounds=100 --set cue-conflict.steps=[0,1]",
             data);
    works(command);
    program_said(dir, "net/scores/scores.tsv", "steps=1");
}

/* DIR/NAME <- w.safetensors and a replay buffer of `n` pictures of that side, all of that value. */
static void write_buffer(const char *name, int64_t n, int64_t side, float value)
{
    safetensors *f = NULL;
    safetensors_writer *w = NULL;
    float *pictures = NULL;
    char path[128];

    snprintf(path, sizeof path, "%s/w.safetensors", dir);
    check_ok(safetensors_open(&f, path));
    check_ok(safetensors_writer_new(&w));
    for (int i = 0; i < safetensors_count(f); i++) {
        const jem_tensor t = safetensors_view(f, i);
        check_ok(safetensors_writer_add(w, safetensors_name(f, i), t.dtype, t.ndim, t.shape, t.data));
    }
    check_ok(MEM_NEW(pictures, n * 3 * side * side));
    for (int64_t i = 0; i < n * 3 * side * side; i++) pictures[i] = value;
    check_ok(safetensors_writer_add(w, "replay_buffer", JEM_F32, 4, (int64_t[]){n, 3, side, side}, pictures));
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
    safetensors_close(f);
    mem_free(pictures);
}

/* As checkpoints of JEM have one: chains begin there, and FID looks at it. */
static void a_replay_buffer_comes_with_the_weights(void **state)
{
    jem_tensor x = JEM_TENSOR_INIT;
    char path[128];
    (void)state;
    write_buffer("jem.safetensors", 5, 32, 0.25f);
    works("import %D/jem.safetensors --model wrn-10-1 --classes 3 --size 32 --out %D/jem");
    program_said(dir, "err", "5 pictures of its replay buffer");
    works("sample %D/jem --n 3 --steps 0 --from buffer -o %D/x.npy");
    snprintf(path, sizeof path, "%s/x.npy", dir);
    check_ok(jem_npy_read(&x, path));
    for (int64_t i = 0; i < jem_tensor_count(&x); i++) assert_true(((float *)x.data)[i] == 0.25f);
    jem_tensor_clear(&x);
    fails("sample %D/run --n 3 --steps 0 --from buffer -o %D/x.npy", JEM_EDATA, "imported, without a replay buffer");
    write_buffer("half.safetensors", 5, 16, 0.25f);
    works("import %D/half.safetensors --model wrn-10-1 --classes 3 --size 32 --out %D/smaller");
    program_said(dir, "err", "its replay buffer is left out: expected pictures [N,3,32,32]");
    assert_false(there("smaller/replay-buffer.safetensors"));
    write_buffer("black.safetensors", 5, 32, NAN);
    works("import %D/black.safetensors --model wrn-10-1 --classes 3 --size 32 --out %D/black");
    program_said(dir, "err", "tensor 'replay_buffer' holds nan");
    program_said(dir, "err", "it is left out");
    assert_false(there("black/replay-buffer.safetensors"));
}

static void a_folder_that_holds_something_stays_as_it_is(void **state)
{
    (void)state;
    fails("import %D/w.safetensors --model wrn-10-1 --classes 3 --size 32 --out %D/run", JEM_EUSAGE, "holds a run");
    fails("import %D/w.safetensors --model wrn-10-1 --classes 3 --size 32 --out %D", JEM_EUSAGE, "holds other files");
}

static void an_imported_run_is_not_resumed(void **state)
{
    (void)state;
    fails("resume %D/run", JEM_EUSAGE, "its weights were imported");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_imported_run_is_used_as_a_trained_one),
        cmocka_unit_test(an_export_has_the_same_weights),
        cmocka_unit_test(what_is_no_such_network_is_refused),
        cmocka_unit_test(weights_that_are_not_finite_are_kept_and_not_used),
        cmocka_unit_test(what_holds_no_weights_is_refused_for_what_it_is),
        cmocka_unit_test(it_has_no_data_and_says_so),
        cmocka_unit_test(a_network_that_others_trained_is_scored_as_itself),
        cmocka_unit_test(a_replay_buffer_comes_with_the_weights),
        cmocka_unit_test(a_folder_that_holds_something_stays_as_it_is),
        cmocka_unit_test(an_imported_run_is_not_resumed),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
