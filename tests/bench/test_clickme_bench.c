/* ClickMe end to end: the published alignments of three stand-ins on the real sample, shards
 * as they are packaged, and whatever must be refused. */
#include "asking.h"
#include "support/folder.h"
#include "support/made_data.h"

#include "base/file.h"
#include "base/pool.h"
#include "bench/clickme/data.h"
#include "bench/clickme_maker.h"
#include "stats/published.h"
#include "stats/saliency.h"

enum { SIDE = CLICKME_SIDE, PIXELS = CLICKME_PIXELS, ROWS = 51 };

/* ---- stand-ins for networks */

static jem_status centre(void *ctx, const stimulus *s, const saliency_request *how, float *map,
                         int64_t height, int64_t width)
{
    (void)ctx;
    (void)s;
    (void)how;
    for (int64_t p = 0; p < height * width; p++) {
        const int64_t row = 2 * (p / width) - 223, column = 2 * (p % width) - 223;
        map[p] = (float)-(row * row + column * column);
    }
    return JEM_OK;
}

static int luminance(const image *m, int64_t y, int64_t x)
{
    y = y < 0 ? 0 : y > SIDE - 1 ? SIDE - 1 : y;
    x = x < 0 ? 0 : x > SIDE - 1 ? SIDE - 1 : x;
    const uint8_t *p = m->pixels + 3 * (y * SIDE + x);
    return 299 * p[0] + 587 * p[1] + 114 * p[2];
}

static jem_status edges(void *ctx, const stimulus *s, const saliency_request *how, float *map,
                        int64_t height, int64_t width)
{
    (void)ctx;
    const image *m = s->picture;
    assert_true(height == SIDE && width == SIDE && m->height == SIDE && m->channels == 3);
    assert_true(how->y == -1); /* the sample does not know its classes */
    for (int64_t p = 0; p < PIXELS; p++) {
        const int64_t i = p / SIDE, j = p % SIDE;
        map[p] = (float)(abs(luminance(m, i, j + 1) - luminance(m, i, j - 1)) +
                         abs(luminance(m, i + 1, j) - luminance(m, i - 1, j)));
    }
    return JEM_OK;
}

/* What a subject was asked, and what it answers: `sign` times the map in `truth`. */
typedef struct witness {
    int64_t y[4], count;
    char names[4][32];
    double sign;
    const double *truth; /* [count][PIXELS] */
} witness;

static jem_status testify(void *ctx, const stimulus *s, const saliency_request *how, float *map,
                          int64_t height, int64_t width)
{
    witness *w = ctx;
    assert_true(w->count < 4 && s->place == w->count);
    snprintf(w->names[w->count], sizeof w->names[0], "%s", s->name);
    w->y[w->count++] = how->y;
    for (int64_t p = 0; p < height * width; p++)
        map[p] = (float)(w->sign * w->truth[s->place * PIXELS + p]);
    return JEM_OK;
}

/* Equal everywhere, NaN or like `edges` elsewhere, by the image's place. */
typedef struct spoilt {
    int64_t constant, nan; /* places; -1: none */
} spoilt;

static jem_status answer_spoilt(void *ctx, const stimulus *s, const saliency_request *how,
                                float *map, int64_t height, int64_t width)
{
    const spoilt *k = ctx;
    jem_status st = centre(NULL, s, how, map, height, width);
    if (s->place == k->constant)
        for (int64_t p = 0; p < height * width; p++) map[p] = 0.25f;
    if (s->place == k->nan) map[2 * width + 3] = NAN;
    return st;
}

static const subject_ops centre_ops = {.saliency = centre}, edges_ops = {.saliency = edges},
                         witness_ops = {.saliency = testify},
                         spoilt_ops = {.saliency = answer_spoilt}, no_ops = {.saliency = NULL};

/* ---- folders */

static void place_file(const char *name, const void *data, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(file_write(path, data, size));
}

/* A shard of two records, labels 7 and 999. */
static void write_shard(const char *name)
{
    static buffer shard, example;
    shard.size = 0;
    make_example(&example, 256, 3, 1, 7);
    put_record(&shard, &example);
    make_example(&example, 256, 3, 1, 999);
    put_record(&shard, &example);
    place_file(name, shard.data, shard.size);
}

/* Arrays of n images: map i rises along its rows, with a shift of its own. */
static void write_arrays(int64_t n, int64_t lines)
{
    char path[256], *index = malloc((size_t)(lines + 1) * 40);
    jem_tensor maps = JEM_TENSOR_INIT, pictures = JEM_TENSOR_INIT;
    assert_non_null(index);
    check_ok(jem_tensor_init(&maps, JEM_U8, 3, (int64_t[]){n, SIDE, SIDE}));
    check_ok(jem_tensor_init(&pictures, JEM_U8, 4, (int64_t[]){n, SIDE, SIDE, 3}));
    for (int64_t i = 0; i < n * PIXELS; i++)
        ((uint8_t *)maps.data)[i] = (uint8_t)((i % SIDE + i / PIXELS) % SIDE);
    snprintf(path, sizeof path, "%s/maps-224.npy", folder);
    check_ok(jem_npy_write(path, &maps));
    snprintf(path, sizeof path, "%s/images-224.npy", folder);
    check_ok(jem_npy_write(path, &pictures));
    size_t used = (size_t)sprintf(index, "row\tname\tsource\n");
    for (int64_t i = 0; i < lines; i++)
        used += (size_t)sprintf(index + used, "%d\tpicture-%d\tinvented\n", (int)i, (int)i);
    place_file("index.tsv", index, used);
    jem_tensor_clear(&maps);
    jem_tensor_clear(&pictures);
    free(index);
}

static jem_status ask_folder(const subject_ops *ops, void *ctx, const char *set)
{
    const subject s = {.name = "it", .needs_pictures = true, .ops = ops, .ctx = ctx};
    return asking_status(&bench_clickme, &s, folder, set);
}

/* ---- values */

static void check_alignment(const asking *a, const char *who, json_t *values)
{
    const score *s = asking_score(a, "spearman", NULL, who);
    check_published(s->value, values, "mean_spearman");
    assert_true(s->ceiling == 0.65753 && s->n == ROWS && s->low < s->value && s->value < s->high);
    s = asking_score(a, "alignment", NULL, who);
    check_published(s->value, values, "alignment");
    assert_true(s->ceiling == 1 && s->low < s->value && s->value < s->high && s->data_hash);
    static const char *const sources[] = {"imagenet-val", "co3d"};
    for (int k = 0; k < 2; k++) {
        s = asking_score(a, "spearman", sources[k], who);
        check_published(s->value, values, "mean_by_source", sources[k]);
        assert_int_equal(s->n, k ? 29 : 22);
    }
    assert_true(asking_score(a, "undefined", NULL, who)->value == 0);
}

static void check_trials(json_t *values)
{
    char path[256];
    trial_list list = TRIAL_LIST_INIT;
    json_t *each = published_get(values, "per_row", NULL);
    snprintf(path, sizeof path, "%s/trials/clickme.csv", folder);
    check_ok(trial_list_read(&list, path));
    assert_int_equal(list.count, ROWS);
    for (size_t i = 0; i < ROWS; i++)
        check_near(strtod(list.trials[i].object_response, NULL),
                   json_number_value(json_array_get(each, i)), 1e-9, 1);
    assert_string_equal(list.trials[0].imagename, "ILSVRC2012_val_00007272");
    assert_string_equal(list.trials[50].condition, "co3d");
    assert_string_equal(list.trials[50].category, "NA");
    trial_list_clear(&list);
}

static void stand_ins_that_look_get_the_published_alignments(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const subject_ops *ops;
    } stand_ins[] = {{"centre", &centre_ops}, {"edges", &edges_ops}};
    char data[4096];
    json_t *root = published_open();
    check_data(data, sizeof data, "clickme");
    for (int k = 0; k < 2; k++) {
        json_t *values = published_get(root, "clickme", stand_ins[k].name, NULL);
        const subject s = {.name = "it", .needs_pictures = true, .ops = stand_ins[k].ops};
        asking a;
        asking_begin(&a, &bench_clickme, &s, data, NULL);
        a.request.out = folder;
        check_ok(bench_clickme.run(&a.request));
        check_alignment(&a, "it", values);
        check_trials(values);
        assert_string_equal(asking_score(&a, "alignment", NULL, "it")->formula,
                            "mean Spearman's rho / 0.65753; map = max over channels of |gradient "
                            "of log sum exp f(x)|");
        asking_end(&a);
    }
    json_decref(root);
}

static void recorded_maps_get_the_published_alignment(void **state)
{
    (void)state;
    char data[4096], path[256];
    json_t *root = published_open();
    json_t *values = published_get(root, "clickme", "next-map", NULL);
    check_data(data, sizeof data, "clickme");
    jem_tensor maps = published_array("clickme/maps-224.npy", false), next = JEM_TENSOR_INIT;
    check_ok(jem_tensor_init(&next, JEM_F32, 3, (int64_t[]){ROWS, SIDE, SIDE}));
    for (int64_t i = 0; i < ROWS * PIXELS; i++)
        ((float *)next.data)[i] = ((const uint8_t *)maps.data)[(i + PIXELS) % (ROWS * PIXELS)];
    snprintf(path, sizeof path, "%s/next.npy", folder);
    check_ok(jem_npy_write(path, &next));

    subject who;
    asking a;
    check_ok(subject_of_answers(&who, path, "auto"));
    asking_begin(&a, &bench_clickme, &who, data, NULL);
    a.request.out = folder;
    check_ok(bench_clickme.run(&a.request));
    check_alignment(&a, who.name, values);
    check_trials(values);
    double iou, dice, sum = 0;
    check_ok(jem_tensor_convert(&maps, JEM_F64));
    for (int64_t i = 0; i < ROWS; i++) {
        check_ok(stats_saliency_overlap(&iou, &dice, (double *)maps.data + i * PIXELS,
                                        (float *)next.data + i * PIXELS, PIXELS));
        sum += dice;
    }
    check_near(asking_score(&a, "dice", NULL, who.name)->value, sum / ROWS, 1e-12, 1);
    assert_true(asking_score(&a, "iou", NULL, who.name)->value < sum / ROWS);
    asking_end(&a);
    subject_clear(&who);

    next.shape[0] = ROWS - 1;
    check_ok(jem_npy_write(path, &next));
    check_ok(subject_of_answers(&who, path, "maps"));
    check_fails(asking_status(&bench_clickme, &who, data, NULL), JEM_EDATA,
                "next has 50 maps for 51 images: record one for each image, in their order");
    subject_clear(&who);
    jem_tensor_clear(&next);
    jem_tensor_clear(&maps);
    json_decref(root);
}

/* The human maps of the shard's two records, prepared by themselves. */
static void truth_of_shard(double *truth)
{
    image heat = IMAGE_INIT;
    uint8_t *grey = malloc(256 * 256);
    bytes jpeg = jpeg_bytes(256, 256, 1);
    assert_non_null(grey);
    check_ok(image_decode(&heat, jpeg.data, jpeg.size, "map"));
    for (int i = 0; i < 256 * 256; i++) grey[i] = heat.pixels[3 * i];
    for (int i = 0; i < 2; i++) check_ok(map_prepare_clickme(truth + i * PIXELS, grey));
    image_clear(&heat);
    free(jpeg.data);
    free(grey);
}

/* What the witness reaches: its map is a float copy, which has other ties than the prepared one. */
static double rho_of_copy(const double *truth, double sign)
{
    double rho;
    float *copy = malloc(PIXELS * sizeof *copy);
    assert_non_null(copy);
    for (int64_t p = 0; p < PIXELS; p++) copy[p] = (float)(sign * truth[p]);
    check_ok(stats_saliency_spearman(&rho, truth, copy, 1, PIXELS, NULL));
    free(copy);
    return rho;
}

static void shards_are_prepared_and_asked_about_by_label(void **state)
{
    (void)state;
    static double truth[2 * PIXELS];
    asking a;
    truth_of_shard(truth);
    write_shard("val-0.tfrecords");
    for (int sign = -1; sign <= 1; sign += 2) {
        witness w = {.sign = sign, .truth = truth};
        const subject s = {
            .name = "it", .needs_pictures = true, .classes = 1000, .ops = &witness_ops, .ctx = &w};
        asking_begin(&a, &bench_clickme, &s, folder, "clickme.shards=1");
        a.request.out = folder;
        check_ok(bench_clickme.run(&a.request));
        /* Neither clipped above 1 nor below 0; people's map stays double. */
        const double rho = rho_of_copy(truth, sign);
        assert_true(fabs(rho) < 1 && fabs(rho) > 0.999);
        check_near(asking_score(&a, "alignment", NULL, "it")->value, rho / 0.65753, 1e-14, 1);
        assert_true(w.count == 2 && w.y[0] == 7 && w.y[1] == 999);
        assert_string_equal(w.names[0], "val-0/0");
        assert_string_equal(w.names[1], "val-0/1");
        assert_non_null(strstr(asking_score(&a, "alignment", NULL, "it")->formula, "f(x)[label]"));
        assert_null(asking_find(&a, "alignment", "val", "it"));
        asking_end(&a);
    }
    char path[256];
    trial_list list = TRIAL_LIST_INIT;
    snprintf(path, sizeof path, "%s/trials/clickme-iou.csv", folder);
    check_ok(trial_list_read(&list, path));
    assert_true(list.count == 2);
    assert_string_equal(list.trials[1].category, "999");
    trial_list_clear(&list);
}

static void shards_follow_each_other_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    static double truth[4 * PIXELS];
    truth_of_shard(truth);
    memcpy(truth + 2 * PIXELS, truth, sizeof truth / 2);
    write_shard("val-0.tfrecords");
    write_shard("val-1.tfrecords");
    witness w = {.sign = 1, .truth = truth};
    check_ok(ask_folder(&witness_ops, &w, "clickme.shards=2"));
    assert_int_equal(w.count, 4);
    assert_string_equal(w.names[2], "val-1/0");
    assert_int_equal(w.y[2], 7);
}

static void pictures_of_shards_are_resized_without_antialiasing(void **state)
{
    (void)state;
    clickme_reader r = CLICKME_READER_INIT;
    clickme_image *m = calloc(1, sizeof *m);
    image original = IMAGE_INIT;
    bool more;
    assert_non_null(m);
    write_shard("val-0.tfrecords");
    check_ok(clickme_data_open(&r, folder, 1));
    check_ok(clickme_data_next(m, &r, &more));
    assert_true(more && m->picture.height == SIDE && m->picture.channels == 3);
    bytes jpeg = jpeg_bytes(256, 256, 3);
    check_ok(image_decode(&original, jpeg.data, jpeg.size, "picture"));
    /* Output (0, 3) lies at ((0.5)8/7 - 0.5, (3.5)8/7 - 0.5) = (1/14, 3.5). */
    for (int c = 0; c < 3; c++) {
        const uint8_t *p = original.pixels + c;
        const double top = (p[3 * 3] + p[3 * 4]) / 2.;
        const double below = (p[3 * (256 + 3)] + p[3 * (256 + 4)]) / 2.;
        assert_int_equal(m->picture.pixels[3 * 3 + c], (int)(top + (below - top) / 14 + 0.5));
    }
    image_clear(&original);
    free(jpeg.data);
    image_clear(&m->picture);
    free(m);
    clickme_data_close(&r);
}

static void the_energy_is_asked_about_where_the_class_is_not_the_networks(void **state)
{
    (void)state;
    static double truth[2 * PIXELS];
    truth_of_shard(truth);
    write_shard("val-0.tfrecords");
    witness w = {.sign = 1, .truth = truth};
    asking a;
    subject s = {
        .name = "it", .needs_pictures = true, .classes = 10, .ops = &witness_ops, .ctx = &w};
    asking_begin(&a, &bench_clickme, &s, folder, "clickme.shards=1");
    check_ok(bench_clickme.run(&a.request));
    assert_true(w.y[0] == -1 && w.y[1] == -1);
    assert_non_null(strstr(asking_score(&a, "spearman", NULL, "it")->formula, "log sum exp"));
    asking_end(&a);
    w.count = 0;
    s.classes = 1000;
    asking_begin(&a, &bench_clickme, &s, folder, "clickme.target=energy");
    check_ok(options_assign(a.groups, "clickme.shards=1"));
    check_ok(options_assign(a.groups, "clickme.ceiling=0.5"));
    check_ok(bench_clickme.run(&a.request));
    assert_true(w.y[0] == -1);
    check_near(asking_score(&a, "alignment", NULL, "it")->value, 2 * rho_of_copy(truth, 1), 1e-12, 1);
    asking_end(&a);
}

/* Logits whose largest is that of class 3 plus the place. */
static jem_status answer_by_place(void *ctx, const stimulus *s, int64_t n, double *out)
{
    (void)ctx;
    for (int64_t i = 0; i < n * 1000; i++) out[i] = i % 1000 == 3 + s->place ? 2 : 1;
    return JEM_OK;
}

/* The first of two images is answered by its label, 7. */
static jem_status answer_half(void *ctx, const stimulus *s, int64_t n, double *out)
{
    (void)ctx;
    for (int64_t i = 0; i < n * 1000; i++) out[i] = i % 1000 == (s->place == 0 ? 7 : 500) ? 2 : 1;
    return JEM_OK;
}

static void a_network_of_imagenets_classes_has_an_accuracy_and_no_other_has(void **state)
{
    (void)state;
    static const subject_ops ops = {.saliency = testify, .logits = answer_half};
    static double truth[2 * PIXELS];
    truth_of_shard(truth);
    write_shard("val-0.tfrecords");
    for (int64_t classes = 10; classes <= 1000; classes += 990) {
        witness w = {.sign = 1, .truth = truth};
        asking a;
        const subject s = {.name = "it", .needs_pictures = true, .classes = classes, .ops = &ops, .ctx = &w};
        asking_begin(&a, &bench_clickme, &s, folder, "clickme.shards=1");
        check_ok(bench_clickme.run(&a.request));
        const score *found = asking_find(&a, "accuracy", NULL, "it");
        if (classes == 1000) {
            assert_non_null(found);
            assert_true(found->value == 0.5 && found->n == 2);
            /* Wilson, z = 1.959964: centre 1/2, half width z sqrt(1/8 + z^2/16) / (2 + z^2) */
            check_near(found->low, 0.0945312, 1e-6, 1);
            check_near(found->high, 0.9054688, 1e-6, 1);
        } else {
            assert_null(found);
        }
        asking_end(&a);
    }
}

static void the_answer_may_be_asked_about_and_maps_are_kept(void **state)
{
    (void)state;
    static const subject_ops ops = {.saliency = testify, .logits = answer_by_place};
    static double truth[2 * PIXELS];
    char path[256];
    jem_tensor maps = JEM_TENSOR_INIT;
    subject recorded;
    truth_of_shard(truth);
    write_shard("val-0.tfrecords");
    witness w = {.sign = 1, .truth = truth};
    asking a;
    const subject s = {.name = "it", .needs_pictures = true, .classes = 1000, .ops = &ops, .ctx = &w};
    asking_begin(&a, &bench_clickme, &s, folder, "clickme.target=answer");
    check_ok(options_assign(a.groups, "clickme.shards=1"));
    check_ok(options_assign(a.groups, "clickme.maps=true"));
    a.request.out = folder;
    check_ok(bench_clickme.run(&a.request));
    assert_true(w.y[0] == 3 && w.y[1] == 4);
    assert_non_null(strstr(asking_score(&a, "spearman", NULL, "it")->formula, "gradient of max f(x)"));
    assert_true(asking_score(&a, "accuracy", NULL, "it")->value == 0); /* labels 7 and 999 */
    const double kept = asking_score(&a, "spearman", NULL, "it")->value;
    asking_end(&a);
    snprintf(path, sizeof path, "%s/trials/clickme-maps.npy", folder);
    check_ok(jem_npy_read(&maps, path));
    assert_true(maps.dtype == JEM_F32 && maps.ndim == 3 && maps.shape[0] == 2 && maps.shape[1] == SIDE);
    for (int64_t i = 0; i < 2 * PIXELS; i++) assert_true(((float *)maps.data)[i] == (float)truth[i]);
    jem_tensor_clear(&maps);
    check_ok(subject_of_answers(&recorded, path, "auto"));
    asking_begin(&a, &bench_clickme, &recorded, folder, "clickme.shards=1");
    check_ok(bench_clickme.run(&a.request));
    assert_true(asking_score(&a, "spearman", NULL, recorded.name)->value == kept);
    asking_end(&a);
    subject_clear(&recorded);
}

static void without_a_subject_there_are_the_rows_of_people(void **state)
{
    (void)state;
    asking a;
    asking_begin(&a, &bench_clickme, NULL, "nowhere", NULL);
    check_ok(bench_clickme.run(&a.request));
    assert_true(asking_score(&a, "alignment", NULL, "human")->value == 1);
    assert_true(asking_score(&a, "spearman", NULL, "human")->value == 0.65753);
    asking_end(&a);
}

static void results_do_not_depend_on_threads(void **state)
{
    (void)state;
    char data[4096];
    asking one, three;
    pool *threads;
    made_data(data, sizeof data, "clickme");
    const subject s = {.name = "it", .needs_pictures = true, .ops = &edges_ops};
    check_ok(pool_new(&threads, 3));
    asking_begin(&one, &bench_clickme, &s, data, NULL);
    asking_begin(&three, &bench_clickme, &s, data, NULL);
    three.request.threads = threads;
    check_ok(bench_clickme.run(&one.request));
    check_ok(bench_clickme.run(&three.request));
    assert_int_equal(one.scores.count, three.scores.count);
    for (int64_t i = 0; i < one.scores.count; i++) {
        const score *x = &one.scores.scores[i], *y = &three.scores.scores[i];
        assert_memory_equal(&x->value, &y->value, sizeof x->value);
        assert_memory_equal(&x->low, &y->low, sizeof x->low);
        assert_memory_equal(&x->high, &y->high, sizeof x->high);
    }
    asking_end(&one);
    asking_end(&three);
    pool_free(threads);
}

/* ---- what is refused */

static void constant_maps_are_left_out_and_too_many_are_refused(void **state)
{
    (void)state;
    spoilt k = {.constant = 60, .nan = -1};
    const subject s = {.name = "it", .needs_pictures = true, .ops = &spoilt_ops, .ctx = &k};
    asking a;
    write_arrays(100, 100);
    asking_begin(&a, &bench_clickme, &s, folder, NULL);
    check_ok(bench_clickme.run(&a.request));
    assert_true(asking_score(&a, "spearman", NULL, "it")->n == 99);
    assert_true(asking_score(&a, "undefined", NULL, "it")->value == 1);
    assert_true(asking_score(&a, "iou", NULL, "it")->n == 100);
    asking_end(&a);
    write_arrays(99, 99);
    check_fails(ask_folder(&spoilt_ops, &k, NULL), JEM_EDATA,
                "1 of 99 images have a constant map, more than 1 %: check");
}

static void maps_that_are_not_finite_are_refused_with_image_and_place(void **state)
{
    (void)state;
    spoilt k = {.constant = -1, .nan = 2};
    write_arrays(3, 3);
    check_fails(ask_folder(&spoilt_ops, &k, NULL), JEM_EDATA,
                "image picture-2: the saliency map of it holds nan at row 2, column 3: a map");
    check_fails(ask_folder(&no_ops, NULL, NULL), JEM_EUSAGE, "saliency maps");
}

static void folders_that_are_not_clickme_are_refused(void **state)
{
    (void)state;
    check_fails(ask_folder(&centre_ops, NULL, NULL), JEM_EDATA,
                "neither val-0.tfrecords nor maps-224.npy is there: give the folder");
    write_shard("val-0.tfrecords");
    write_shard("val-1.tfrecords");
    check_fails(ask_folder(&centre_ops, NULL, NULL), JEM_EDATA,
                "val-2.tfrecords: missing; val-0 to val-16 are needed: 'jem data fetch clickme' gets them, or "
                "score part of the set with clickme.shards=2");
}

static void arrays_that_do_not_fit_each_other_are_refused(void **state)
{
    (void)state;
    write_arrays(3, 2);
    check_fails(ask_folder(&centre_ops, NULL, NULL), JEM_EDATA,
                "index.tsv: fewer lines than the 3 maps");
    write_arrays(2, 3);
    check_fails(ask_folder(&centre_ops, NULL, NULL), JEM_EDATA,
                "index.tsv: more lines than the 2 maps");
    place_file("index.tsv", "row\tname\n0\tx\n", 13);
    check_fails(ask_folder(&centre_ops, NULL, NULL), JEM_EDATA, "columns name and source");
    place_file("index.tsv", "", 0);
    check_fails(ask_folder(&centre_ops, NULL, NULL), JEM_EDATA, "columns name and source");
    place_file("index.tsv", "name\tsource\nx\n", 14);
    check_fails(ask_folder(&centre_ops, NULL, NULL), JEM_EDATA, "index.tsv:2");
    char path[256];
    jem_tensor t = JEM_TENSOR_INIT;
    snprintf(path, sizeof path, "%s/images-224.npy", folder);
    check_ok(jem_tensor_init(&t, JEM_U8, 4, (int64_t[]){1, SIDE, SIDE, 3}));
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
    check_fails(ask_folder(&centre_ops, NULL, NULL), JEM_EDATA,
                "images-224.npy: expected [n][224][224][3]");
    check_ok(jem_tensor_init(&t, JEM_F32, 4, (int64_t[]){2, SIDE, SIDE, 3}));
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
    check_fails(ask_folder(&centre_ops, NULL, NULL), JEM_EDATA, "expected uint8 levels, found f32");
}

/* Shard 0 is whole; something is wrong with its successor. */
static void spoilt_shards_are_refused_with_file_and_record(void **state)
{
    (void)state;
    static buffer shard, example;
    write_shard("val-0.tfrecords");
    make_example(&example, 256, 3, 1, 5);
    shard.size = 0;
    put_record(&shard, &example);
    const size_t whole = shard.size;
    const char *const set = "clickme.shards=2";

    place_file("val-1.tfrecords", shard.data, whole - 10);
    check_fails(ask_folder(&centre_ops, NULL, set), JEM_EDATA,
                "val-1.tfrecords: record 0 at byte 0 is cut short: fetch the file again");
    place_file("val-1.tfrecords", shard.data, 7);
    check_fails(ask_folder(&centre_ops, NULL, set), JEM_EDATA, "is cut short in its head");
    place_file("val-1.tfrecords", "", 0);
    check_fails(ask_folder(&centre_ops, NULL, set), JEM_EDATA, "val-1.tfrecords: empty");
    shard.data[200] ^= 1;
    place_file("val-1.tfrecords", shard.data, whole);
    check_fails(ask_folder(&centre_ops, NULL, set), JEM_EDATA, "val-1.tfrecords: record 0");
    shard.data[200] ^= 1;
    shard.data[3] ^= 1;
    place_file("val-1.tfrecords", shard.data, whole);
    check_fails(ask_folder(&centre_ops, NULL, set), JEM_EDATA, "wrong checksum of its length");
    make_example(&example, 256, 3, 1, 1000);
    shard.size = 0;
    put_record(&shard, &example);
    place_file("val-1.tfrecords", shard.data, shard.size);
    check_fails(ask_folder(&centre_ops, NULL, set), JEM_EDATA, "label 1000, expected 0 to 999");
    make_example(&example, 224, 3, 1, 5);
    shard.size = 0;
    put_record(&shard, &example);
    place_file("val-1.tfrecords", shard.data, shard.size);
    check_fails(ask_folder(&centre_ops, NULL, set), JEM_EDATA, "224 x 224 pixels");
    check_fails(asking_check(&bench_clickme, folder, NULL, NULL), JEM_EDATA, "val-2.tfrecords: missing");
}

static char heard[2048];

static void hear(void *ctx, const char *line)
{
    (void)ctx;
    snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s\n", line);
}

static void the_check_reads_everything_and_names_constant_maps(void **state)
{
    (void)state;
    char data[4096], path[256];
    made_data(data, sizeof data, "clickme");
    heard[0] = '\0';
    check_ok(asking_check(&bench_clickme, data, hear, NULL));
    assert_string_equal(heard, "6 images with human maps (prepared arrays, not the published "
                               "shards), 0 of them constant\n");
    write_arrays(3, 3);
    jem_tensor t = JEM_TENSOR_INIT;
    snprintf(path, sizeof path, "%s/maps-224.npy", folder);
    check_ok(jem_npy_read(&t, path));
    memset((uint8_t *)t.data + PIXELS, 9, PIXELS);
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
    heard[0] = '\0';
    check_ok(asking_check(&bench_clickme, folder, hear, NULL));
    assert_non_null(strstr(heard, "picture-1: the human map is constant: it cannot be scored"));
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(stand_ins_that_look_get_the_published_alignments),
        in_folder(recorded_maps_get_the_published_alignment),
        in_folder(shards_are_prepared_and_asked_about_by_label),
        in_folder(shards_follow_each_other_in_the_order_of_their_numbers),
        in_folder(pictures_of_shards_are_resized_without_antialiasing),
        in_folder(the_energy_is_asked_about_where_the_class_is_not_the_networks),
        in_folder(a_network_of_imagenets_classes_has_an_accuracy_and_no_other_has),
        in_folder(the_answer_may_be_asked_about_and_maps_are_kept),
        cmocka_unit_test(without_a_subject_there_are_the_rows_of_people),
        cmocka_unit_test(results_do_not_depend_on_threads),
        in_folder(constant_maps_are_left_out_and_too_many_are_refused),
        in_folder(maps_that_are_not_finite_are_refused_with_image_and_place),
        in_folder(folders_that_are_not_clickme_are_refused),
        in_folder(arrays_that_do_not_fit_each_other_are_refused),
        in_folder(spoilt_shards_are_refused_with_file_and_record),
        in_folder(the_check_reads_everything_and_names_constant_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
