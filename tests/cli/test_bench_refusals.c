/* Every 'Reject' paragraph of the benchmarks' reference (1.5, 2.5, 3.5, 4.6, 5.4, 6.6) through the
 * program: data are spoilt in one way each; the message names place, expectation or remedy, the
 * exit code says what kind of mistake it is (2: what was typed, 3: what was read). */
#include "bench/clickme_maker.h"
#include "cli/program.h"
#include "support/folder.h"
#include "support/made_data.h"

#include "data/pictures/image.h"
#include "jem/tensor.h"

typedef struct refusal {
    const char *spoil; /* shell, in a fresh copy of the data */
    const char *more;  /* arguments; "" */
    int code;
    const char *said[2]; /* both are in the message; the second may be NULL */
} refusal;

/* What the shell commands use: a version 1 npy header of 128 bytes, bytes written over those of a
 * file, and a field of one line of a CSV replaced. */
static const char tools[] =
    "npy() { printf '\\223NUMPY\\1\\0\\166\\0%-117s\\n' \"$1\"; }; "
    "at() { printf \"$3\" | dd of=\"$1\" bs=1 seek=$2 conv=notrunc status=none; }; "
    "field() { awk -F, -v OFS=, \"NR==$2{\\$$3=\\\"$4\\\"}1\" \"$1\" > x.csv && mv x.csv \"$1\"; "
    "}; ";

JEM_PRINTF(1, 2)
static void shell(const char *format, ...)
{
    char command[4096];
    va_list list;
    va_start(list, format);
    vsnprintf(command, sizeof command, format, list);
    va_end(list);
    if (system(command) != 0) fail_msg("%s", command);
}

/* Each case on a copy, made by the shell command `copy` in the empty FOLDER/d. */
static void check_refusals(const char *copy, const char *args, const refusal *cases, size_t count)
{
    char line[2048];
    for (size_t i = 0; i < count; i++) {
        shell(
            "chmod -R u+w '%s/d' 2>/dev/null; rm -rf '%s/d' && mkdir '%s/d' && cd '%s/d' && %s && "
            "chmod -R u+w . && %s%s",
            folder, folder, folder, folder, copy, tools, cases[i].spoil);
        snprintf(line, sizeof line, "bench %s --data %%D/d --set bench.rounds=100 --threads 1 %s",
                 args, cases[i].more);
        program_fails(folder, line, cases[i].code, cases[i].said[0]);
        if (cases[i].said[1]) program_said(folder, "err", cases[i].said[1]);
    }
}
#define CHECK_REFUSALS(copy, args, cases)                                                          \
    check_refusals(copy, args, cases, sizeof cases / sizeof *cases)

static char *copy_of(char line[1200], const char *data, const char *files)
{
    char path[512];
    made_data(path, sizeof path, data);
    snprintf(line, 1200, "(S='%s'; %s)", path, files);
    return line;
}

/* FOLDER/NAME.npy: numbers 0, 1, 2, .. as double. */
static void put_numbers(const char *name, int dims, int64_t n, int64_t k)
{
    char path[160];
    jem_tensor t = JEM_TENSOR_INIT;
    const int64_t sizes[] = {n, k};
    check_ok(jem_tensor_init(&t, JEM_F64, dims, sizes));
    for (int64_t i = 0; i < n * k; i++) ((double *)t.data)[i] = (double)(i * i % 17);
    snprintf(path, sizeof path, "%s/%s.npy", folder, name);
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
}

/* FOLDER/net: a network that looks at pictures, hardly trained on grey ones. */
static int make_network(void **state)
{
    enum { RECORD = 3073, RECORDS = 100 };
    static unsigned char records[RECORDS * RECORD];
    char path[160];
    make_folder(state);
    for (int i = 0; i < RECORDS; i++) {
        memset(records + i * RECORD, i, RECORD);
        records[i * RECORD] = (unsigned char)(i % 10);
    }
    shell("mkdir '%s/cifar'", folder);
    snprintf(path, sizeof path, "%s/cifar/data_batch_1.bin", folder);
    check_ok(file_write(path, records, sizeof records));
    snprintf(path, sizeof path, "%s/cifar/test_batch.bin", folder);
    check_ok(file_write(path, records, sizeof records));
    shell("printf 'alpha: 0\nmodel: {name: wrn-10-1}\ndata: {kind: cifar10, crop: false, "
          "val_fraction: 0.1}\ntrain: {batch: 8, iterations: 2, lr: 1e-3, warmup: 1}\n' > "
          "'%s/net.yaml'",
          folder);
    program_works(folder, "train %D/net.yaml --set data.path=%D/cifar --set engine.threads=1 "
                          "--out %D/net");
    return 0;
}

/* ---- 1.5 */

static void of_bapps(void **state)
{
    (void)state;
    static const refusal cases[] = {
        {"rm -r 2afc/val/cnn",
         "",
         3,
         {"2afc/val/cnn/judge: no such folder", "jem data fetch bapps"}},
        {"rm -r jnd/val/cnn/p1", "", 3, {"jnd/val/cnn/p1: no such folder", "jem data fetch bapps"}},
        {"rm 2afc/val/cnn/p0/000003.png",
         "",
         3,
         {"2afc/val/cnn: 23 files in p0 but 24 in judge", "unpack the BAPPS archives again"}},
        {"mv 2afc/val/cnn/p0/000003.png 2afc/val/cnn/p0/000099.png",
         "",
         3,
         {"p0/000004.png but judge/000003.npy", "one file of the same name in each folder"}},
        {"echo x > 2afc/val/cnn/p0/000003.png", "%D/net", 3, {"2afc/val/cnn/p0/000003.png", "PNG"}},
        {"at 2afc/val/cnn/p0/000003.png 16 '\\0\\0\\0\\0'",
         "%D/net",
         3,
         {"2afc/val/cnn/p0/000003.png", NULL}},
        {"cp ../other.png 2afc/val/cnn/p1/000003.png",
         "%D/net",
         3,
         {"p1/000003.png: 8 x 6 pixels, but its ref has 64 x 64", "have one size"}},
        {"at 2afc/val/cnn/judge/000003.npy 6 '\\7'", "", 3, {"judge/000003.npy", "version"}},
        {"(npy \"{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\"; printf '\\0\\1') > "
         "2afc/val/cnn/judge/000003.npy",
         "",
         3,
         {"judge/000003.npy: 2 numbers, expected one share of votes", NULL}},
        {"(npy \"{'descr': '|O', 'fortran_order': True, 'shape': (1,), }\"; printf '12345678') > "
         "2afc/val/cnn/judge/000003.npy",
         "",
         3,
         {"judge/000003.npy", "|O"}},
        {"(npy \"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\"; printf "
         "'\\0\\0\\300\\177') > 2afc/val/cnn/judge/000003.npy",
         "",
         3,
         {"judge/000003.npy: holds nan; a share of votes lies in [0,1]", NULL}},
        {"(npy \"{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }\"; printf '\\2') > "
         "2afc/val/cnn/judge/000003.npy",
         "",
         3,
         {"judge/000003.npy: holds 2; a share of votes lies in [0,1]", NULL}},
        {"(npy \"{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }\"; printf '\\0') > z; "
         "for f "
         "in jnd/val/cnn/same/*; do cp z $f; done; rm z",
         "",
         3,
         {"jnd/val/cnn: nobody called any of the 24 pairs", NULL}},
        {"rm 2afc/val/cnn/*/*", "", 3, {"2afc/val/cnn/judge: holds no .npy file", "unpack"}},
        {"printf 'set,name,patch,distance\\n2afc/cnn,000000,p0,nan\\n' > ../d.csv",
         "--answers %D/d.csv",
         3,
         {"d.csv:2", NULL}},
    };
    char copy[1200], path[160];
    image m;
    check_ok(image_init(&m, 6, 8, 3));
    memset(m.pixels, 7, 6 * 8 * 3);
    snprintf(path, sizeof path, "%s/other.png", folder);
    check_ok(image_write_png(&m, path));
    image_clear(&m);
    copy_of(copy, "bapps-layout", "cp -r $S/2afc $S/jnd .");
    CHECK_REFUSALS(copy, "bapps", cases);
}

/* ---- 2.5 */

static void of_gloss_ratings(void **state)
{
    (void)state;
    static const refusal cases[] = {
        {"sed -i 151d 01_*",
         "",
         3,
         {"01_gloss_ratings_task_2019_Apr_03_1151.csv: image", "rated 2 times, expected 3"}},
        {"f=$(ls 04_*); field $f 5 1 stimuli/rgb_scene000001.png",
         "",
         3,
         {"04_gloss_ratings_task", "rated 4 times, expected 3"}},
        {"f=$(ls 04_*); field $f 5 6 7",
         "",
         3,
         {"1552.csv:5: expected a whole rating from 1 to 6, found '7'", NULL}},
        {"f=$(ls 04_*); field $f 5 6 0",
         "",
         3,
         {"1552.csv:5: expected a whole rating from 1 to 6, found '0'", NULL}},
        {"f=$(ls 04_*); field $f 5 6 2.5",
         "",
         3,
         {"1552.csv:5: expected a whole rating from 1 to 6, found '2.5'", NULL}},
        {"sed -i '2s/scene0000/scene00/' 03_*",
         "",
         3,
         {"1446.csv:2: expected an image name with six digits", NULL}},
        {"cp 05_* 05_gloss_ratings_task_2020.csv", "", 3, {"two files of observer 05", NULL}},
        {"mkdir one && mv 07_* one && rm *_* && mv one/* .",
         "",
         3,
         {"expected at least 2 observers", "jem data fetch gloss"}},
        {"f=$(ls 02_*); awk -F, -v OFS=, 'NR>1{$6=3}1' $f > x && mv x $f",
         "",
         3,
         {"observer 2 (in order of the files) rates all images alike", "remove the file"}},
        {"printf 'name,value\\n' > ../p.csv; for i in $(seq 50); do printf "
         "'rgb_scene%06d.png,3\\n' $i; "
         "done >> ../p.csv",
         "--answers %D/p.csv",
         3,
         {"a correlation with constant values is undefined", NULL}},
    };
    char copy[1200];
    CHECK_REFUSALS(copy_of(copy, "gloss", "cp $S/ratings/* ."), "gloss", cases);
}

static void of_gloss_scenes(void **state)
{
    (void)state;
    static const refusal cases[] = {
        {"true", "--set gloss.label=shine", 3, {"scene_log.csv", "shine"}},
        {"sed -i '3s/,[01],/,2,/' s/scene_log.csv",
         "",
         3,
         {"scene_log.csv:3: gloss_cat is '2'", "labels are 0 (matte) or 1 (glossy)"}},
        {"sed -i '2,$s/,[01],/,1,/' s/scene_log.csv",
         "",
         3,
         {"no matte (0) image among the", "training and validation part"}},
        {"true", "--set gloss.split=[40,19,1]", 3, {"image among the 1 of the test part", NULL}},
        {"true",
         "--set gloss.light=gloss_cat",
         3,
         {"column 'gloss_cat' has 2 different light fields, expected 6",
          "set gloss.light to the right column"}},
        {"true", "--set gloss.split=[40,10,11]", 2, {"40 + 10 + 11 = 61 images", "has 60"}},
        {"(npy \"{'descr': '<f4', 'fortran_order': False, 'shape': (60, 4), }\"; head -c 956 "
         "/dev/zero; printf "
         "'\\0\\0\\300\\177') > ../nan.npy",
         "--answers %D/nan.npy",
         3,
         {"nan.npy: row 59, element 3 is nan", "must be finite"}},
        {"rm s/rgb/*1.png",
         "",
         3,
         {"6 of 60 rows of scene_log.csv have no picture in rgb", "unpack the set again"}},
        {"sed -i '2,9d' s/scene_log.csv",
         "",
         3,
         {"8 of 60 pictures no row", "unpack the set again"}},
        {"rm -r s/rgb && mkdir s/rgb",
         "",
         3,
         {"none of 60 rows of scene_log.csv has one of 0 pictures in rgb", "must agree"}},
    };
    char copy[1200], end[200];
    program_works(folder, "data render --n 60 --size 8 --seed 3 --threads 1 -o %D/scenes");
    put_numbers("f", 2, 60, 4);
    snprintf(end, sizeof end, "cp $S/ratings/* . && cp -r %s/scenes s", folder);
    CHECK_REFUSALS(copy_of(copy, "gloss", end),
                   "gloss --answers %D/f.npy --kind features --set gloss.scenes=%D/d/s", cases);
}

/* ---- 3.5 */

static void of_cifar10h(void **state)
{
    (void)state;
    static const refusal cases[] = {
        {"sed -i '1s/(10000, 10)/(5000, 20) /' cifar10h-counts.npy",
         "",
         3,
         {"cifar10h-counts.npy: 2 dimensions, 5000 rows of 20; expected 10000 x 10",
          "jem data fetch cifar10h"}},
        {"rm cifar10h-counts.npy",
         "",
         3,
         {"cifar10h-counts.npy: missing", "jem data fetch cifar10h"}},
        {"at cifar10h-counts.npy 168 '\\377\\377\\377\\377\\377\\377\\377\\377'",
         "",
         3,
         {"cifar10h-counts.npy: image 0, class 5: -1 is not a number of people",
          "jem data fetch cifar10h"}},
        {"(npy \"{'descr': '<f8', 'fortran_order': False, 'shape': (10000, 10), }\"; printf "
         "'\\0\\0\\0\\0\\0\\0\\340\\77'; head -c 799992 /dev/zero) > cifar10h-counts.npy",
         "",
         3,
         {"cifar10h-counts.npy: image 0, class 0: 0.5 is not a number of people", NULL}},
        {"head -c 80 /dev/zero | dd of=cifar10h-counts.npy bs=1 seek=368 conv=notrunc status=none",
         "",
         3,
         {"cifar10h-counts.npy: image 3: nobody labelled it", NULL}},
        {"at cifar10h-probs.npy 128 '\\315\\314\\314\\314\\314\\314\\354\\77'",
         "",
         3,
         {"cifar10h-probs.npy: row 0", "sum"}},
        {"sed -i '$d' test-images.tsv",
         "",
         3,
         {"test-images.tsv: 9999 labels, expected 10000", NULL}},
        {"sed -i '2s/\\t[0-9]\\t/\\t10\\t/' test-images.tsv",
         "",
         3,
         {"test-images.tsv:2: label 10, expected 0 to 9", NULL}},
        {"sed '1s/False/True /' cifar10h-counts.npy > x && mv x cifar10h-counts.npy",
         "",
         3,
         {"cifar10h-counts.npy: image 0: nobody labelled it", NULL}}, /* read as it then says */
        {"(npy \"{'descr': '<f4', 'fortran_order': False, 'shape': (10000, 10), }\"; printf "
         "'\\0\\0\\200\\177'; head "
         "-c 399996 /dev/zero) > ../l.npy",
         "--answers %D/l.npy",
         3,
         {"l.npy: row 0, element 0 is inf", "must be finite"}},
        {"(npy \"{'descr': '<f4', 'fortran_order': False, 'shape': (9999, 10), }\"; head -c 399960 "
         "/dev/zero) > "
         "../s.npy",
         "--answers %D/s.npy",
         3,
         {"answers to 9999 images, people labelled 10000", NULL}},
        {"(head -c 3073 /dev/zero; printf '\\12') > test_batch.bin",
         "%D/net --set cifar10h.images=%D/d",
         3,
         {"test_batch.bin", "3073"}},
    };
    char copy[1200];
    CHECK_REFUSALS(copy_of(copy, "cifar10h", "cp $S/*.npy $S/*.tsv ."), "cifar10h", cases);
}

/* ---- 4.6 */

#define EDGE   "raw-data/edge/edge_subject-01_session_1.csv"
#define COLOUR "raw-data/colour/colour_subject-01_session_1.csv"
static void of_model_vs_human(void **state)
{
    (void)state;
    static const refusal cases[] = {
        {"field " EDGE " 3 6 wolf",
         "",
         3,
         {"subject-01, trial 2: 'wolf' is not one of the 16 categories", "edge"}},
        {"field " COLOUR " 3 7 green",
         "--set model-vs-human.sets=colour",
         3,
         {"subject-01, trial 2: the set has no condition 'green'", "begins with 'cr', 'bw'"}},
        {"field " EDGE " 3 5 wolf", "", 3, {"response 'wolf' is neither", "na"}},
        {"field " EDGE " 3 8 0001_edg_s01_0_oven_00_oven99.png",
         "",
         3,
         {"different images", "subject-0"}},
        {"sed -i '3{h;G}' " EDGE " && sed -i '$d' " EDGE, "", 3, {"occurs twice", "subject-01"}},
        {"sed -i '$d' " EDGE,
         "",
         3,
         {"subject-02 has 160 trials, subject-01 has 159: a file is cut off", NULL}},
        {"sed -i '/,bw,/d' raw-data/colour/*subject*",
         "--set model-vs-human.sets=colour",
         3,
         {"no trials of condition bw", "colour"}},
        {"rm -r raw-data/edge",
         "",
         3,
         {"no folder 'edge' with people's trials", "jem data fetch model-vs-human"}},
        {"rm raw-data/edge/*subject*",
         "",
         3,
         {"edge: no trials of people; expected files such as edge_subject-01_session_1.csv", NULL}},
        {"mkdir -p images/colour/dnn/session-1 && touch images/colour/dnn/notes",
         "%D/net --set model-vs-human.sets=colour",
         3,
         {"images/colour/dnn: 'notes' does not belong there; expected folders session-N", NULL}},
        {"mkdir -p images/colour/dnn/session-1 && touch images/colour/dnn/session-1/0003.png",
         "%D/net --set model-vs-human.sets=colour",
         3,
         {"session-1/0003.png: expected a name such as 0001_cl_dnn_", NULL}},
        {"true",
         "%D/net",
         2,
         {"needs the pictures of 'edge'", "jem data fetch model-vs-human-images"}},
        {"mkdir images",
         "%D/net",
         3,
         {"no folder 'edge' with pictures", "jem data fetch model-vs-human-images"}},
        {"(npy \"{'descr': '|u1', 'fortran_order': False, 'shape': (160, 999), }\"; head -c 159840 "
         "/dev/zero) > ../w.npy",
         "--answers %D/w.npy",
         2,
         {"999 classes, not 1000", "with a mapping"}},
        {"printf 'name,a,b\\ncat1,0.5,nan\\n' > ../p.csv",
         "--answers %D/p.csv",
         3,
         {"p.csv:2", NULL}},
        {"printf 'name,a,b\\ncat1,1.5,-0.5\\ncat2,0.5,0.5\\n' > ../q.csv",
         "--answers %D/q.csv --kind probabilities",
         2,
         {"no kind of answers", NULL}},
        {"sed -i '1s/imagename/x/' " EDGE, "", 3, {EDGE ":1: no column 'imagename'", NULL}},
        {"mkdir ../empty",
         "--answers %D/empty",
         3,
         {"empty: no .csv, .npy or .npz file in this folder of answers", NULL}},
        {"printf 'category\\tindex\\nzebra\\t1\\n' > ../m.tsv; printf 'name,a,b\\ncat1,1,2\\n' > "
         "../two.csv",
         "--answers %D/two.csv --mapping %D/m.tsv",
         3,
         {"m.tsv:2: 'zebra' is none of the 16 categories", NULL}},
        {"printf 'category\\tindex\\n' > ../m.tsv; printf 'name,a,b\\ncat1,1,2\\n' > ../two.csv",
         "--answers %D/two.csv --mapping %D/m.tsv",
         3,
         {"m.tsv", "maps no class"}},
        {"sed -i '$s/,[^,]*$//' " EDGE,
         "",
         3,
         {EDGE ":161: 7 fields where the header has 8", NULL}},
    };
    char copy[1200];
    copy_of(copy, "model-vs-human",
            "mkdir raw-data && cp -r $S/raw-data/edge $S/raw-data/colour raw-data");
    CHECK_REFUSALS(copy, "model-vs-human --set model-vs-human.sets=edge", cases);
}

/* ---- 5.4 */

static void of_cue_conflict(void **state)
{
    (void)state;
#define NAMED(folders, names) "mkdir -p cue-conflict/" folders " && cd cue-conflict && touch " names
    static const refusal cases[] = {
        {NAMED("cat", "cat/cat7.png"),
         "",
         3,
         {"'cat7.png'", "expected a name such as cat7-elephant1.png"}},
        {NAMED("cat", "cat/cat-dog1.png"),
         "",
         3,
         {"'cat-dog1.png' among the shapes of category cat", NULL}},
        {NAMED("cat", "cat/cat1-dog1.gif"), "", 3, {"cat1-dog1.gif", "PNG"}},
        {NAMED("cat", "cat/cat1-wolf1.png"), "", 3, {"cat1-wolf1.png", "does not name"}},
        {NAMED("wolf cue-conflict/cat", "wolf/wolf1-cat1.png"),
         "",
         3,
         {"'wolf' is not one of the 16", NULL}},
        {NAMED("cat", "cat/dog1-cat1.png"),
         "",
         3,
         {"'dog1-cat1.png' among the shapes of category cat", NULL}},
        {NAMED("cat", "cat/cat1-dog1.png"),
         "",
         3,
         {"cue-conflict: 1 images instead of 1280",
          "cue-conflict.subset=true scores what is there"}},
        {NAMED("cat", "cat/cat1-dog1.png cat/cat01-dog1.png"), "", 3, {"cue-conflict", NULL}},
        {"true", "", 3, {"no images of cue-conflict", "jem data fetch cue-conflict"}},
    };
    CHECK_REFUSALS("true", "cue-conflict %D/net", cases);
}

/* ---- 6.6 */

static void put_shard(const char *name, const buffer *example)
{
    char path[160];
    buffer shard = {.size = 0};
    put_record(&shard, example);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(file_write(path, shard.data, shard.size));
}

static void put_example(const char *name, int side, int channels, int heat_channels, uint64_t label)
{
    buffer b;
    make_example(&b, side, channels, heat_channels, label);
    put_shard(name, &b);
}

static void of_clickme(void **state)
{
    (void)state;
    static const refusal cases[] = {
        {"at val-0.tfrecords 40 'x'",
         "",
         3,
         {"val-0.tfrecords: record 0 at byte 0", "wrong checksum"}},
        {"at val-0.tfrecords 0 '\\377'",
         "",
         3,
         {"val-0.tfrecords: record 0 at byte 0", "wrong checksum of its length"}},
        {"truncate -s -9 val-0.tfrecords",
         "",
         3,
         {"val-0.tfrecords: record 0 at byte 0 is cut short", "fetch the file again"}},
        {": > val-0.tfrecords", "", 3, {"val-0.tfrecords: empty", "fetch the file again"}},
        {"cp ../nothing.tfrecords val-0.tfrecords",
         "",
         3,
         {"record 0 at byte 0 holds 0 bytes; expected 1 to 67108864", NULL}},
        {"cp ../huge.tfrecords val-0.tfrecords",
         "",
         3,
         {"holds 1099511627776 bytes; expected 1 to 67108864", NULL}},
        {"cp ../label.tfrecords val-0.tfrecords",
         "",
         3,
         {"val-0.tfrecords: record 0: label 1000, expected 0 to 999", NULL}},
        {"cp ../side.tfrecords val-0.tfrecords",
         "",
         3,
         {"record 0: 'image' has 224 x 224 pixels, expected 256 x 256", NULL}},
        {"cp ../grey.tfrecords val-0.tfrecords",
         "",
         3,
         {"record 0: 'image' is not a JPEG with 3 channels", NULL}},
        {"cp ../colour.tfrecords val-0.tfrecords",
         "",
         3,
         {"record 0: 'heatmap' is not a JPEG with 1 channel", NULL}},
        {"cp ../missing.tfrecords val-0.tfrecords",
         "",
         3,
         {"record 0: 0 features named 'image', expected one", NULL}},
        {"cp ../kind.tfrecords val-0.tfrecords",
         "",
         3,
         {"record 0: 'image' is not a list of bytes", NULL}},
        {"cp ../twice.tfrecords val-0.tfrecords",
         "",
         3,
         {"record 0: 2 features named 'image', expected one", NULL}},
        {"rm val-0.tfrecords",
         "",
         3,
         {"neither val-0.tfrecords nor maps-224.npy is there", "jem data fetch clickme"}},
        {"true", "--set clickme.shards=17", 3, {"val-1.tfrecords: missing", "clickme.shards=1"}},
        {"(npy \"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 2), }\"; head -c 12 "
         "/dev/zero; printf "
         "'\\0\\0\\300\\177') > ../nan.npy",
         "--answers %D/nan.npy",
         3,
         {"nan.npy: row 0, element 3 is nan", "must be finite"}},
    };
    char copy[300], path[160];
    buffer b, framed = {.size = 0}, number = {.size = 0};
    uint64_t length = (uint64_t)1 << 40;
    shell("%s(npy \"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 2), }\"; printf "
          "'abcd') > "
          "'%s/maps.npy'",
          tools, folder);
    put_example("good.tfrecords", 256, 3, 1, 7);
    put_example("label.tfrecords", 256, 3, 1, 1000);
    put_example("side.tfrecords", 224, 3, 1, 7);
    put_example("grey.tfrecords", 256, 1, 1, 7);
    put_example("colour.tfrecords", 256, 3, 3, 7);
    put_varint(&number, 7);
    b.size = 0;
    put_feature(&b, "label", 3, number.data, number.size);
    wrap(&b, 0, 1);
    put_shard("missing.tfrecords", &b);
    b.size = 0;
    put_feature(&b, "image", 3, number.data, number.size);
    put_feature(&b, "label", 3, number.data, number.size);
    put_feature(&b, "heatmap", 3, number.data, number.size);
    wrap(&b, 0, 1);
    put_shard("kind.tfrecords", &b);
    b.size = 0;
    put_feature(&b, "image", 1, "x", 1);
    put_feature(&b, "image", 1, "x", 1);
    wrap(&b, 0, 1);
    put_shard("twice.tfrecords", &b);
    b.size = 0;
    put_shard("nothing.tfrecords", &b);
    uint32_t crc = crc32c_mask(crc32c(0, &length, 8));
    put(&framed, &length, 8);
    put(&framed, &crc, 4);
    snprintf(path, sizeof path, "%s/huge.tfrecords", folder);
    check_ok(file_write(path, framed.data, framed.size));
    snprintf(copy, sizeof copy, "cp '%s/good.tfrecords' val-0.tfrecords", folder);
    CHECK_REFUSALS(copy, "clickme --set clickme.shards=1 --answers %D/maps.npy", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_bapps),          cmocka_unit_test(of_gloss_ratings),
        cmocka_unit_test(of_gloss_scenes),   cmocka_unit_test(of_cifar10h),
        cmocka_unit_test(of_model_vs_human), cmocka_unit_test(of_cue_conflict),
        cmocka_unit_test(of_clickme),
    };
    return cmocka_run_group_tests(tests, make_network, remove_folder);
}
