/* jem import of files that lie: each is refused with one error that names it, nothing in it is executed, and
 * no folder is left behind.  Files are made here byte by byte; honest ones, for comparison, too. */
#include "cli/program.h"

#include "model/imagenet.h"
#include "model/weights.h"
#include "support/zip_forge.h"
#include "tensor/safetensors.h"

static char dir[64];
static const char import[] = "import %D/w.pt --model wrn-10-1 --classes 3 --size 32 --out %D/no";

static void put(const void *bytes, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/w.pt", dir);
    check_ok(file_write(path, bytes, size));
}

/* The file w.pt is refused, for that reason, by its name, and with a remedy; nothing else happens. */
static void refused(const char *message)
{
    char path[128];
    program_fails(dir, import, JEM_EDATA, message);
    program_said(dir, "err", "w.pt: ");
    program_said(dir, "err", "; "); /* before the remedy */
    snprintf(path, sizeof path, "%s/no", dir);
    if (file_exists(path) || dir_exists(path)) fail_msg("'%s': a folder is left behind", message);
    assert_false(program_made(dir, "executed"));
}

static int prepare(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

/* ---- pickles: {'w': a tensor of six elements in storage '0'} and its variations */

#define MAP(items) "\x80\2}(" items "u."
#define W "X\1\0\0\0w"
#define IN(class, key, count) "(X\7\0\0\0storagectorch\n" class "\nX\1\0\0\0" key "X\3\0\0\0cpu" count
#define IN_ZIP(class, key, count) IN(class, key, count) "tQ"
#define TENSOR(storage, offset, sizes, strides) \
    "ctorch._utils\n_rebuild_tensor_v2\n(" storage offset sizes strides "\x89)tR"
#define FLOATS IN_ZIP("FloatStorage", "0", "K\6")
#define SIZES "(K\2K\3t"
#define STRIDES "(K\3K\1t"
#define HONEST MAP(W TENSOR(FLOATS, "K\0", SIZES, STRIDES))
#define BYTES(text) text, sizeof text - 1

static const float six[6] = {0, 1, 2, 3, 4, 5};

static void put_zip(const forged *members, int count)
{
    static char bytes[4 << 20];
    put(bytes, forge_zip(bytes, members, count));
}

/* w.pt <- an archive of that object. */
static void put_object(const void *object, size_t size)
{
    put_zip((forged[]){{.name = "w/data.pkl", .bytes = object, .size = size},
                       {.name = "w/version", .bytes = "3\n", .size = 2},
                       {.name = "w/data/0", .bytes = six, .size = sizeof six}}, 3);
}

static void honest_files_are_read(void **state)
{
    (void)state;
    put_object(BYTES(HONEST));
    refused("tensor 'w' does not belong to this network"); /* so far everything was right */
}

static void nothing_is_executed(void **state)
{
    char object[512];
    (void)state;
    static const char *const calls[] = {"cos\nsystem\n", "cposix\nsystem\n", "csubprocess\ncall\n"};
    for (int i = 0; i < 3; i++) {
        /* the call alone, and as one value of a map beside a tensor */
        const size_t text = (size_t)snprintf(NULL, 0, "touch %s/executed", dir);
        for (int alone = 0; alone < 2; alone++) {
            char *at = mempcpy(object, "\x80\2", 2);
            if (!alone) at = mempcpy(at, BYTES("}(" W TENSOR(FLOATS, "K\0", SIZES, STRIDES) "X\1\0\0\0v"));
            at = stpcpy(at, calls[i]);
            *at++ = '(';
            *at++ = 'U';
            *at++ = (char)text;
            at += sprintf(at, "touch %s/executed", dir);
            at = stpcpy(at, alone ? "tR." : "tRu.");
            put_object(object, (size_t)(at - object));
            refused(alone ? "but an object of " : "tensor 'w' does not belong to this network");
        }
    }
    /* older ways to call: INST, OBJ, and an object that unpickling would ask to restore itself */
    put_object(BYTES("\x80\2(S'touch executed'\nios\nsystem\n."));
    refused("opcode 0x53");
    put_object(BYTES("\x80\2(cos\nsystem\nU\6touch o."));
    refused("opcode 0x6f");
    put_object(BYTES("\x80\2(ios\nsystem\n."));
    refused("opcode 0x69");
    put_object(BYTES("\x80\2cbuiltins\neval\n)\x81}b."));
    refused("an object of builtins eval");
}

static void tensors_that_cannot_be_are_refused(void **state)
{
    static const struct {
        const char *object;
        size_t size;
        const char *message;
    } lies[] = {
        {BYTES(MAP(W TENSOR(FLOATS, "K\1", SIZES, STRIDES))), "to element 6 of '0', which has 6"},
        {BYTES(MAP(W TENSOR(FLOATS, "K\0", SIZES, "(K\4K\1t"))), "to element 6 of '0', which has 6"},
        {BYTES(MAP(W TENSOR(FLOATS, "J\xff\xff\xff\xff", SIZES, STRIDES))), "tensor 'w' is described as PyTorch never did"},
        {BYTES(MAP(W TENSOR(FLOATS, "K\0", "(J\xff\xff\xff\xffK\3t", STRIDES))), "sizes or strides that are negative"},
        {BYTES(MAP(W TENSOR(FLOATS, "K\0", SIZES, "(J\xff\xff\xff\xffK\1t"))), "sizes or strides that are negative"},
        {BYTES(MAP(W TENSOR(FLOATS, "K\0", SIZES, "(K\1t"))), "not one for each dimension"},
        {BYTES(MAP(W TENSOR(FLOATS, "K\0", "(\x8a\5\0\0\0\0\1\x8a\5\0\0\0\0\1t", STRIDES))), "more elements than can be counted"},
        {BYTES(MAP(W TENSOR(FLOATS, "K\0", SIZES, "(\x8a\x8\xff\xff\xff\xff\xff\xff\xff\x7fK\1t"))), "reaches beyond its storage"},
        {BYTES(MAP(W TENSOR(FLOATS, "K\0", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t"))),
         "has 9 dimensions, expected at most 8"},
        {BYTES(MAP(W TENSOR(FLOATS, "K\0", SIZES, STRIDES) "X\1\0\0\0v"
                   TENSOR(IN_ZIP("IntStorage", "0", "K\6"), "K\0", SIZES, STRIDES))), "storage '0' has two types"},
        {BYTES(MAP(W TENSOR(FLOATS, "K\0", SIZES, STRIDES) "X\1\0\0\0v"
                   TENSOR(IN_ZIP("FloatStorage", "0", "K\7"), "K\0", SIZES, STRIDES))), "has two sizes: "},
        {BYTES(MAP(W TENSOR(IN_ZIP("FloatStorage", "0", "K\7"), "K\0", SIZES, STRIDES))),
         "storage '0' has 24 bytes, expected 28 (7 elements of 4)"},
        {BYTES(MAP(W TENSOR(IN_ZIP("DoubleStorage", "0", "K\6"), "K\0", SIZES, STRIDES))), "expected 48 (6 elements of 8)"},
        {BYTES(MAP(W TENSOR(IN_ZIP("FloatStorage", "1", "K\6"), "K\0", SIZES, STRIDES))), "storage '1', which a tensor lies in, is not in"},
        {BYTES(MAP(W TENSOR(IN_ZIP("ComplexFloatStorage", "0", "K\6"), "K\0", SIZES, STRIDES))), "of a type that jem does not know"},
        {BYTES(MAP(W TENSOR(IN_ZIP("FloatStorage", "0", "J\xff\xff\xff\xff"), "K\0", SIZES, STRIDES))), "named as PyTorch never did"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        put_object(lies[i].object, lies[i].size);
        refused(lies[i].message);
    }
}

static void pickles_that_cannot_be_are_refused(void **state)
{
    static const struct {
        const char *object;
        size_t size;
        const char *message;
    } lies[] = {
        {BYTES("\x80\2R."), "takes what is not there"},
        {BYTES("\x80\2}s."), "takes what is not there"},
        {BYTES("\x80\2t."), "looks for a mark that is not there"},
        {BYTES("\x80\2}(u"), "its pickle is cut short"},
        {BYTES("\x80\2}(K\1u."), "a key in its pickle has no value"},
        {BYTES("\x80\2h\5."), "recalls what it never remembered"},
        {BYTES("\x80\2}r\xff\xff\xff\0."), "remembers more than weights need"},
        {BYTES("\x80\2X\xff\xff\xff\x7fw."), "its pickle is cut short"},
        {BYTES("\x80\2}}."), "ends with another number of values than one"},
        {BYTES("\x80\2\x99."), "uses the opcode 0x99"},
        {BYTES("\x80\2}q\1(X\1\0\0\0wh\1u."), "a map that holds itself"},
        {BYTES(HONEST "rest"), "4 bytes are left over behind the pickle in data.pkl"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        put_object(lies[i].object, lies[i].size);
        refused(lies[i].message);
        program_said(dir, "err", i < 10 || i == 11 ? "byte " : "levels"); /* the place */
    }
}

static void pickles_without_end_are_refused(void **state)
{
    static char object[2 << 20];
    char *at;
    (void)state;
    /* a text of more than 1 MiB */
    at = mempcpy(object, "\x80\2}(X\1\0\x10\0", 9);
    memset(at, 'n', (1 << 20) + 1);
    at = mempcpy(at + (1 << 20) + 1, "K\1u.", 4);
    put_object(object, (size_t)(at - object));
    refused("a text in its pickle is longer than any name");
    /* 70 maps within each other */
    at = mempcpy(object, "\x80\2", 2);
    for (int i = 0; i < 70; i++) at = mempcpy(at, BYTES("}(" W));
    at = mempcpy(at, "K\1", 2);
    for (int i = 0; i < 70; i++) *at++ = 'u';
    *at++ = '.';
    put_object(object, (size_t)(at - object));
    refused("more than 64 levels");
    /* ten maps, each with ten times the one before: 10^10 entries */
    at = mempcpy(object, BYTES("\x80\2}(K\0}q\0"));
    for (char level = 1; level <= 10; level++) {
        at = mempcpy(at, (char[]){'K', level, '}', '('}, 4);
        for (char i = 0; i < 10; i++) at = mempcpy(at, (char[]){'K', i, 'h', (char)(level - 1)}, 4);
        at = mempcpy(at, (char[]){'u', 'q', level}, 3);
    }
    at = mempcpy(at, "u.", 2);
    put_object(object, (size_t)(at - object));
    refused("a million entries and more");
}

/* ---- zip archives */

static void archives_that_lie_are_refused(void **state)
{
    (void)state;
    const forged object = {.name = "w/data.pkl", .bytes = HONEST, .size = sizeof HONEST - 1},
                 floats = {.name = "w/data/0", .bytes = six, .size = sizeof six};
    char inner[256], longer[512] = "";
    const size_t whole = forge_zip(inner, (forged[]){floats}, 1), head = 30 + strlen(floats.name) + sizeof six;
    const struct {
        const char *message;
        int count;
        forged members[4];
    } lies[] = {
        {"is said to lie outside of the file", 2, {object, {.name = "w/data/0", .bytes = six, .size = 24, .further = 1 << 20}}},
        {"is said to lie outside of the file", 2, {object, {.name = "w/data/0", .bytes = six, .size = 24, .more = 1 << 20}}},
        {"was expected here, by the list of members", 2, {object, {.name = "w/data/0", .bytes = six, .size = 24, .further = 3}}},
        {"was expected here, by the list of members", 2, {object, {.name = "w/data/0", .bytes = six, .size = 24, .further = -3}}},
        /* a member within another's bytes */
        {"members 'w/data/1' and 'w/data/0' overlap", 3,
         {object, {.name = "w/data/1", .bytes = inner, .size = head},
          {.name = "w/data/0", .bytes = six, .size = 24, .further = -(int64_t)head}}},
        {"holds 'w/data/0' twice", 3, {object, floats, floats}},
        {"has no proper name", 3, {object, floats, {.name = "w/../../x", .bytes = six, .size = 24}}},
        {"has no proper name", 3, {object, floats, {.name = "/w/data/1", .bytes = six, .size = 24}}},
        {"in another than 'w/'", 3, {object, floats, {.name = "v/data/1", .bytes = six, .size = 24}}},
        {"lies in no folder", 1, {{.name = "data.pkl", .bytes = HONEST, .size = sizeof HONEST - 1}}},
        {"its tensors are compressed", 2, {object, {.name = "w/data/0", .bytes = six, .size = 24, .method = 8}}},
        {"by method 12", 2, {object, {.name = "w/data/0", .bytes = six, .size = 24, .method = 12}}},
        {"is encrypted", 2, {object, {.name = "w/data/0", .bytes = six, .size = 24, .flags = 1}}},
        {"another checksum", 2, {object, {.name = "w/data/0", .bytes = six, .size = 24, .wrong_checksum = true}}},
        {"has 20 bytes, expected 24", 2, {object, {.name = "w/data/0", .bytes = six, .size = 20}}},
        {"is not in the archive", 1, {object}},
        {"without data.pkl", 1, {floats}},
        {"big-endian", 3, {object, floats, {.name = "w/byteorder", .bytes = "big", .size = 3}}},
        {"of version '4'", 3, {object, floats, {.name = "w/version", .bytes = "4\n", .size = 2}}},
        {"expected a word", 3, {object, floats, {.name = "w/version", .bytes = "a long text", .size = 11}}},
        {"a TorchScript program", 3, {object, floats, {.name = "w/constants.pkl", .bytes = "\x80\2).", .size = 4}}},
        {"a TorchScript program", 3, {object, floats, {.name = "w/code/x.py", .bytes = "x", .size = 1}}},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        put_zip(lies[i].members, lies[i].count);
        refused(lies[i].message);
    }
    memcpy(longer, inner, whole);
    put(longer, whole + 5); /* bytes behind the list */
    refused("bytes are left over");
}

static void archives_cut_anywhere_are_refused(void **state)
{
    char bytes[1024];
    (void)state;
    const size_t whole = forge_zip(bytes, (forged[]){{.name = "w/data.pkl", .bytes = HONEST, .size = sizeof HONEST - 1},
                                                     {.name = "w/data/0", .bytes = six, .size = sizeof six}}, 2);
    for (size_t size = whole - 1; size > 4; size -= size < 24 ? 1 : 23) {
        put(bytes, size);
        refused("no list of members at their end: it is cut");
    }
}

/* ---- the older kind */

#define MAGIC "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
#define PROTOCOL "\x80\2M\xe9\x03."
#define MACHINE(little) "\x80\2}X\x0d\0\0\0little_endian" little "s."
#define OLD_FLOATS(view) IN("FloatStorage", "0", "K\6") view "tQ"
#define OLD_HONEST MAP(W TENSOR(OLD_FLOATS("N"), "K\0", SIZES, STRIDES))
#define KEYS(keys) "\x80\2](" keys "e."
#define ZERO "X\1\0\0\0" "0"
#define FLOATS_6 "\6\0\0\0\0\0\0\0" "123412341234123412341234"
#define BEGIN MAGIC PROTOCOL MACHINE("\x88")

static void older_files_that_lie_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *message;
    } lies[] = {
        {BYTES(BEGIN OLD_HONEST KEYS(ZERO) FLOATS_6), "tensor 'w' does not belong to this network"}, /* no lie */
        {BYTES(BEGIN OLD_HONEST KEYS(ZERO) FLOATS_6 "rest"), "4 bytes are left over at its end"},
        {BYTES(BEGIN OLD_HONEST KEYS("") FLOATS_6), "its list names 0 storages, its tensors lie in 1"},
        {BYTES(BEGIN OLD_HONEST KEYS(ZERO ZERO) FLOATS_6 FLOATS_6), "its list names 2 storages, its tensors lie in 1"},
        {BYTES(BEGIN OLD_HONEST KEYS("X\1\0\0\0" "7") FLOATS_6), "its list of storages names '7', which no tensor has"},
        {BYTES(BEGIN OLD_HONEST KEYS(ZERO) "\7\0\0\0\0\0\0\0" "123412341234123412341234" "1234"),
         "storage '0' has 7 elements, its tensors say 6"},
        {BYTES(BEGIN OLD_HONEST KEYS(ZERO) "\xff\xff\xff\xff\xff\xff\xff\xff"), "has -1 elements"},
        {BYTES(MAGIC PROTOCOL MACHINE("\x89") OLD_HONEST KEYS(ZERO) FLOATS_6), "big-endian"},
        {BYTES(MAGIC PROTOCOL "\x80\2}." OLD_HONEST KEYS(ZERO) FLOATS_6), "does not say which machine wrote it"},
        {BYTES(BEGIN MAP(W TENSOR(OLD_FLOATS("(K\1K\0K\6t"), "K\0", SIZES, STRIDES)) KEYS(ZERO) FLOATS_6), "a view of another one"},
        {BYTES(BEGIN MAP(W TENSOR(OLD_FLOATS("N"), "K\0", SIZES, STRIDES) "X\1\0\0\0v"
                         TENSOR(IN("FloatStorage", "1", "K\6") "NtQ", "K\0", SIZES, STRIDES)) KEYS(ZERO ZERO) FLOATS_6 FLOATS_6),
         "names '0' twice"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        put(lies[i].bytes, lies[i].size);
        refused(lies[i].message);
    }
    for (size_t size = lies[0].size - 1; size > sizeof MAGIC; size -= 29) {
        put(lies[0].bytes, size);
        refused("cut short");
    }
}

/* ---- files of something else */

/* w.pt <- the first `count` parameters of a published network, as safetensors without a word on whose they are. */
static void put_network(const char *name, int count)
{
    model_spec spec = *network_find(network_list, name)->usual;
    graph *g = NULL;
    safetensors_writer *w = NULL;
    float *params = NULL;
    char path[128];

    check_ok(model_spec_name(&spec, network_list, name));
    check_ok(model_spec_build(&g, &spec));
    check_ok(MEM_NEW(params, g->param_elements));
    const int all = g->param_count;
    if (count > 0) g->param_count = count;
    check_ok(safetensors_writer_new(&w));
    check_ok(weights_add(w, g, params, ""));
    g->param_count = all;
    snprintf(path, sizeof path, "%s/w.pt", dir);
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
    mem_free(params);
    graph_free(g);
}

static void the_network_that_fits_best_is_named(void **state)
{
    (void)state;
    put_network("squeezenet1_1", 0);
    refused("squeezenet1_1 fits best: 52 of its 52 tensors are there");
    put_network("squeezenet1_1", 26);
    refused("squeezenet1_1 fits best: 26 of its 52 tensors are there");
    program_fails(dir, "import %D/w.pt --model squeezenet1_1 --out %D/no", JEM_EDATA, "26 of its 52 tensors are there");
    put_network("resnet-20", 0); /* all of whose tensors resnet-110 has, and all of resnet-8's are among them */
    program_fails(dir, "import %D/w.pt --model resnet-110 --out %D/no", JEM_EDATA, "resnet-20 fits best: 107 of its 107 tensors are there");
    program_fails(dir, "import %D/w.pt --model resnet-8 --out %D/no", JEM_EDATA, "resnet-20 fits best: 107 of its 107 tensors are there");
    assert_false(program_made(dir, "no/config.yaml"));
}

static void other_files_are_called_what_they_are(void **state)
{
    char bytes[512] = "";
    (void)state;
    memcpy(bytes + 257, "ustar", 5);
    put(bytes, sizeof bytes);
    refused("a tar archive, as the first versions of PyTorch wrote");
    put("", 0);
    refused("0 bytes are too few for a safetensors file");
    put(BYTES("<!DOCTYPE html><html><body>404</body></html>"));
    refused("an HTML page, perhaps of a download that failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_files_are_read),
        cmocka_unit_test(nothing_is_executed),
        cmocka_unit_test(tensors_that_cannot_be_are_refused),
        cmocka_unit_test(pickles_that_cannot_be_are_refused),
        cmocka_unit_test(pickles_without_end_are_refused),
        cmocka_unit_test(archives_that_lie_are_refused),
        cmocka_unit_test(archives_cut_anywhere_are_refused),
        cmocka_unit_test(older_files_that_lie_are_refused),
        cmocka_unit_test(the_network_that_fits_best_is_named),
        cmocka_unit_test(other_files_are_called_what_they_are),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
