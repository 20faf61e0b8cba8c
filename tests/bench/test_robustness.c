/* Attacks: that they stay where they may go and are the nearest there, find what is known in closed form of a
 * linear network, and depend on no order; and refinement as a defence. */
#include "bench/eval_rig.h"

#include "bench/robustness/attack.h"

enum { SIZE = 48, IMAGES = 24 };

static const rng_stream draws = {11, RNG_TEST, 0, 0};
static const benchmark *const only[] = {&bench_robustness, NULL};

/* ---- projections */

static double distance(const float *a, const float *b, int64_t n, attack_norm norm)
{
    double squares = 0, most = 0;
    for (int64_t k = 0; k < n; k++) {
        const double d = fabs((double)a[k] - (double)b[k]);
        squares += d * d;
        most = d > most ? d : most;
    }
    return norm == ATTACK_L2 ? sqrt(squares) : most;
}

static bool inside(const float *x, const float *centre, const attack_ball *b)
{
    for (int64_t k = 0; k < SIZE; k++)
        if (!((double)x[k] >= b->low && (double)x[k] <= b->high)) return false;
    return distance(x, centre, SIZE, b->norm) <= b->radius;
}

/* A centre in the box, some of it on its faces, and a point `far` from it. */
static void scatter(float *centre, float *x, uint32_t number, double far)
{
    rng_fill_uniform(centre, SIZE, -1.2f, 1.2f, &draws, number);
    for (int64_t k = 0; k < SIZE; k++) centre[k] = centre[k] < -1 ? -1 : centre[k] > 1 ? 1 : centre[k];
    rng_fill_normal(x, SIZE, &(rng_stream){11, RNG_TEST, 1, 0}, number);
    for (int64_t k = 0; k < SIZE; k++) x[k] = (float)((double)centre[k] + far * (double)x[k]);
}

static void a_projection_is_in_ball_and_box_and_no_other_point_there_is_nearer(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        const attack_ball b = {i % 2 ? ATTACK_L2 : ATTACK_LINF, i % 3 ? 0.05 * (i % 7 + 1) : 2.0, -1, 1};
        float centre[SIZE], x[SIZE], to[SIZE], other[SIZE];
        scatter(centre, x, i, i % 5 ? 0.4 : 1e-3);
        memcpy(to, x, sizeof x);
        attack_project(to, centre, SIZE, &b);
        assert_true(inside(to, centre, &b));
        if (inside(x, centre, &b)) assert_memory_equal(to, x, sizeof x);
        for (uint32_t t = 0; t < 50; t++) { /* on the way to others of ball and box, which are convex */
            double scale = 0;
            rng_fill_normal(other, SIZE, &(rng_stream){11, RNG_TEST, 2, t}, i);
            for (int64_t k = 0; k < SIZE; k++) other[k] = (float)((double)to[k] + 0.02 * (double)other[k]);
            for (int64_t k = 0; k < SIZE; k++) other[k] = other[k] < -1 ? -1 : other[k] > 1 ? 1 : other[k];
            if (b.norm == ATTACK_LINF)
                for (int64_t k = 0; k < SIZE; k++)
                    other[k] = (float)fmin(fmax((double)other[k], (double)centre[k] - b.radius), (double)centre[k] + b.radius);
            else if ((scale = distance(other, centre, SIZE, ATTACK_L2)) > b.radius)
                for (int64_t k = 0; k < SIZE; k++)
                    other[k] = (float)((double)centre[k] + ((double)other[k] - (double)centre[k]) * b.radius / scale);
            assert_true(distance(to, x, SIZE, ATTACK_L2) <= distance(other, x, SIZE, ATTACK_L2) + 1e-6);
        }
    }
}

static void without_a_box_a_projection_to_l2_is_on_the_straight_way(void **state)
{
    (void)state;
    const attack_ball b = {ATTACK_L2, 0.5, -1e6, 1e6};
    float centre[SIZE], x[SIZE], to[SIZE];
    scatter(centre, x, 3, 2);
    memcpy(to, x, sizeof x);
    attack_project(to, centre, SIZE, &b);
    const double far = distance(x, centre, SIZE, ATTACK_L2);
    for (int64_t k = 0; k < SIZE; k++)
        check_near(to[k], (double)centre[k] + ((double)x[k] - (double)centre[k]) * 0.5 / far, 1e-5, 0.1);
}

/* ---- a victim with a bent boundary, which keeps what it was asked */

typedef struct bent {
    const attack_ball *ball; /* around `centres`, which no question may leave */
    const float *centres;    /* [IMAGES][SIZE] */
    int64_t asked, steps;    /* images, passes */
    bool broken;             /* its gradient is not finite */
} bent;

static double wave(int64_t k, double v) { return sin(7 * v + (double)k); }

/* Class 1 where the sum of waves is positive. */
static jem_status classify_bent(void *ctx, const float *x, const int64_t *id, int64_t n, int32_t *answer)
{
    bent *b = ctx;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        if (b->ball) assert_true(inside(x + i * SIZE, b->centres + id[i] * SIZE, b->ball));
        for (int64_t k = 0; k < SIZE; k++) sum += wave(k, (double)x[i * SIZE + k]);
        answer[i] = sum > 0;
    }
    b->asked += n;
    return JEM_OK;
}

static jem_status slope_bent(void *ctx, const float *x, const int64_t *id, const int32_t *y, int64_t n, int64_t number,
                             float *grad)
{
    bent *b = ctx;
    (void)number;
    b->steps++;
    for (int64_t i = 0; i < n; i++) {
        if (b->ball) assert_true(inside(x + i * SIZE, b->centres + id[i] * SIZE, b->ball));
        for (int64_t k = 0; k < SIZE; k++)
            grad[i * SIZE + k] = (float)((y[i] ? -7 : 7) * cos(7 * (double)x[i * SIZE + k] + (double)k));
        if (b->broken) grad[i * SIZE + 1] = NAN;
    }
    return JEM_OK;
}

typedef struct waves {
    bent who;
    attack_victim as;
    float x[IMAGES * SIZE];
    int64_t id[IMAGES];
    int32_t y[IMAGES];
} waves;

static void waves_init(waves *w)
{
    *w = (waves){.as = {SIZE, classify_bent, slope_bent, NULL}};
    w->as.ctx = &w->who;
    for (uint32_t i = 0; i < IMAGES; i++) {
        float unused[SIZE];
        scatter(w->x + i * SIZE, unused, i, 0);
        w->id[i] = i;
    }
    check_ok(classify_bent(&w->who, w->x, w->id, IMAGES, w->y));
    w->who.centres = w->x;
}

static const attack weak = {{ATTACK_LINF, 0.025, -1, 1}, 2, 1, 0.006, 5};

static int64_t count_right(const waves *w, const int32_t *answer)
{
    int64_t n = 0;
    for (int i = 0; i < IMAGES; i++) n += answer[i] == w->y[i];
    return n;
}

static void an_attack_never_leaves_ball_or_box(void **state)
{
    (void)state;
    for (int norm = 0; norm < ATTACK_NORMS; norm++) {
        waves w;
        int32_t answer[IMAGES];
        float to[IMAGES * SIZE];
        const attack a = {{(attack_norm)norm, norm ? 0.4 : 0.07, -1, 1}, 12, 2, norm ? 0.2 : 0.03, 5};
        waves_init(&w);
        w.who.ball = &a.ball;
        check_ok(attack_run(answer, to, &a, &w.as, w.x, w.id, w.y, IMAGES));
        assert_true(w.who.asked >= IMAGES && w.who.steps >= 12);
        w.who.ball = NULL;
        int32_t again[IMAGES]; /* what it gives is what was answered about */
        check_ok(classify_bent(&w.who, to, w.id, IMAGES, again));
        assert_memory_equal(answer, again, sizeof answer);
        assert_true(count_right(&w, answer) < IMAGES);
    }
}

static void more_restarts_never_help_the_network_and_fewer_are_the_same_ones(void **state)
{
    (void)state;
    waves w;
    int32_t before[IMAGES], now[IMAGES];
    int64_t first = 0;
    attack a = weak;
    waves_init(&w);
    for (a.restarts = 1; a.restarts <= 12; a.restarts++) {
        check_ok(attack_run(now, NULL, &a, &w.as, w.x, w.id, w.y, IMAGES));
        for (int i = 0; i < IMAGES && a.restarts > 1; i++)
            if (before[i] != w.y[i]) assert_int_equal(now[i], before[i]);
        if (a.restarts == 1) first = count_right(&w, now);
        memcpy(before, now, sizeof now);
    }
    assert_true(count_right(&w, now) < first); /* and here they hurt */
}

static void neither_order_nor_company_of_images_changes_an_attack(void **state)
{
    (void)state;
    for (int norm = 0; norm < ATTACK_NORMS; norm++) {
        waves w;
        float all[IMAGES * SIZE], one[SIZE];
        int32_t answer[IMAGES], alone;
        attack a = weak;
        a.restarts = 3;
        a.ball.norm = (attack_norm)norm;
        if (norm) a.ball.radius = 0.1;
        waves_init(&w);
        check_ok(attack_run(answer, all, &a, &w.as, w.x, w.id, w.y, IMAGES));
        for (int i = IMAGES - 1; i >= 0; i--) {
            check_ok(attack_run(&alone, one, &a, &w.as, w.x + i * SIZE, w.id + i, w.y + i, 1));
            assert_int_equal(alone, answer[i]);
            assert_memory_equal(one, all + i * SIZE, sizeof one);
        }
    }
}

static void a_gradient_that_is_not_finite_ends_it_and_names_the_image(void **state)
{
    (void)state;
    waves w;
    int32_t answer;
    waves_init(&w);
    w.who.broken = true;
    check_fails(attack_run(&answer, NULL, &weak, &w.as, w.x + 7 * SIZE, w.id + 7, w.y + 7, 1), JEM_EDIVERGED, "test image 7");
}

/* ---- a linear network, whose worst case is known */

enum { L_SIDE = 8, L_SIZE = 3 * L_SIDE * L_SIDE, L_TEST = 60 };

static jem_status build_linear(graph **out, const model_spec *spec)
{
    jem_status st;
    graph *g = NULL;
    st = graph_new(&g, (shape){spec->channels, spec->height, spec->width});
    if (st != JEM_OK) return st;
    const int logits = graph_conv2d(g, 0, "fc", spec->classes, spec->height, 1, 0);
    graph_name(g, logits, "logits");
    st = graph_finish(g, logits);
    if (st != JEM_OK) graph_free(g);
    else *out = g;
    return st;
}

static const network linear = {
    .name = "linear", .usage = "linear", .about = "linear   one plane between the classes", .logits = true,
    .build = build_linear, .stages = (const char *const[]){"logits", NULL}, .heads = (const char *const[]){"logits", NULL}};

/* Grey pictures with a little of everything, so that no attack here meets the box; or `bright` ones that do. */
static dataset *pictures(bool bright)
{
    static const char *const names[] = {"a", "b"};
    dataset *d = NULL;
    check_ok(dataset_new(&d, L_TEST, 3, L_SIDE, L_SIDE, false));
    check_ok(dataset_name_classes(d, names, 2));
    for (int64_t i = 0; i < L_TEST; i++)
        for (int64_t k = 0; k < L_SIZE; k++)
            d->pixels[i * L_SIZE + k] = (uint8_t)(bright ? 255 - rng_below(&draws, (uint32_t)i, (uint32_t)k, 8)
                                                         : 120 + rng_below(&draws, (uint32_t)i, (uint32_t)k, 16));
    return d;
}

/* The rig with this network and these pictures, labelled as it answers but for every seventh. */
static rig *linear_rig(bool bright)
{
    rig *r = rig_new(0);
    const model_spec spec = {.name = "linear", .network = &linear, .classes = 2, .channels = 3, .height = L_SIDE, .width = L_SIDE};
    const engine_spec engine = *model_get_engine(r->m);
    float x[L_TEST * L_SIZE], logits[2 * L_TEST];
    int64_t index[L_TEST];
    dataset *d = pictures(bright);

    model_free(r->m);
    check_ok(model_new(&r->m, &spec, &engine));
    rng_fill_normal(model_params(r->m), model_params_count(r->m), &draws, 99);
    check_ok(model_params_changed(r->m));
    for (int64_t i = 0; i < L_TEST; i++) index[i] = i;
    check_ok(dataset_floats(x, d, index, L_TEST));
    check_ok(model_evaluate(r->m, x, L_TEST, NULL, logits, NULL, NULL));
    double mean = 0; /* both classes occur: the boundary goes through the middle */
    for (int64_t i = 0; i < L_TEST; i++) mean += (double)(logits[2 * i + 1] - logits[2 * i]) / L_TEST;
    model_params(r->m)[model_params_count(r->m) - 1] -= (float)mean;
    check_ok(model_params_changed(r->m));
    for (int64_t i = 0; i < L_TEST; i++)
        d->labels[i] = ((double)(logits[2 * i + 1] - logits[2 * i]) > mean) != (i % 7 == 0);
    dataset_seal(d);
    dataset_free(r->data.test);
    r->data.test = d;
    r->subject.m = r->m;
    r->eval.attack.images = L_TEST;
    return r;
}

/* margin [L_TEST] <- of the label before, worst [L_TEST] <- after the worst change that ball and box allow (L2: that
 * the ball alone allows). */
static void worst_margins(double *margin, double *worst, rig *r, attack_norm norm, double radius)
{
    float x[L_SIZE], at[4];
    float grad[2][L_SIZE];
    const int32_t first = 0, second = 1;
    for (int64_t i = 0; i < L_TEST; i++) {
        check_ok(dataset_floats(x, r->data.test, &i, 1));
        check_ok(model_evaluate(r->m, x, 1, &first, at, NULL, grad[0]));
        check_ok(model_evaluate(r->m, x, 1, &second, at, NULL, grad[1]));
        const int y = r->data.test->labels[i];
        double squares = 0;
        margin[i] = worst[i] = (double)at[y] - (double)at[1 - y];
        for (int64_t k = 0; k < L_SIZE; k++) {
            const double d = (double)grad[y][k] - (double)grad[1 - y][k];
            const double to = d > 0 ? fmax((double)x[k] - radius, -1) : fmin((double)x[k] + radius, 1);
            squares += d * d;
            if (norm == ATTACK_LINF) worst[i] += d * (to - (double)x[k]);
        }
        if (norm == ATTACK_L2) worst[i] -= radius * sqrt(squares);
    }
}

static double share(const double *v, double above)
{
    int64_t n = 0;
    for (int64_t i = 0; i < L_TEST; i++) n += v[i] > above;
    return (double)n / L_TEST;
}

static void set_radii(option_list *l, int count, double first, double apart)
{
    l->count = count;
    for (int i = 0; i < count; i++) l->values[i] = first + apart * i;
}

static double accuracy(const score_list *l, attack_norm norm, double radius, const char *rest)
{
    char condition[64];
    snprintf(condition, sizeof condition, "%g%s%s", radius, norm == ATTACK_LINF ? "/255" : "", rest);
    const score *s = need(l, "robustness", norm == ATTACK_LINF ? "accuracy_linf" : "accuracy_l2", condition);
    assert_true(s->low <= s->value && s->value <= s->high && s->n > 0);
    return s->value;
}

static void a_linear_network_under_linf_is_as_robust_as_its_margins_say(void **state)
{
    (void)state;
    for (int bright = 0; bright < 2; bright++) {
        rig *r = linear_rig(bright);
        score_list l = SCORE_LIST_INIT;
        double margin[L_TEST], worst[L_TEST], before = 1;
        bool between = false;
        set_radii(&r->eval.attack.linf, 9, 0, bright ? 0.05 : 0.1);
        check_ok(eval_run(&l, only, &r->subject, &r->eval));
        for (int i = 0; i < 9; i++) {
            const double radius = r->eval.attack.linf.values[i];
            worst_margins(margin, worst, r, ATTACK_LINF, 2 * radius / 255);
            const double now = accuracy(&l, ATTACK_LINF, radius, "");
            assert_true(now >= share(worst, 1e-3) && now <= share(worst, -1e-3));
            assert_true(now <= before);
            between = between || (now > 0.1 && now < 0.8);
            before = now;
        }
        assert_true(between); /* the radii are not all too large or too small */
        score_list_clear(&l);
        rig_free(r);
    }
}

static void a_linear_network_under_l2_is_as_robust_as_its_margins_say(void **state)
{
    (void)state;
    rig *r = linear_rig(false);
    score_list l = SCORE_LIST_INIT;
    double margin[L_TEST], worst[L_TEST], larger[L_TEST];
    bool between = false;
    set_radii(&r->eval.attack.l2, 6, 0, 0.004);
    r->eval.attack.steps = 60;
    check_ok(eval_run(&l, only, &r->subject, &r->eval));
    for (int i = 0; i < 6; i++) {
        const double radius = r->eval.attack.l2.values[i], now = accuracy(&l, ATTACK_L2, radius, "");
        worst_margins(margin, worst, r, ATTACK_L2, 2 * radius);
        worst_margins(margin, larger, r, ATTACK_L2, 2 * radius * 0.98); /* the walk comes as near as that */
        assert_true(now >= share(worst, 1e-3) && now <= share(larger, -1e-3));
        between = between || (now > 0.1 && now < 0.8);
    }
    assert_true(between);
    score_list_clear(&l);
    rig_free(r);
}

/* ---- networks through evaluation */

static void few(rig *r)
{
    r->eval.attack.images = 12;
    r->eval.attack.steps = 3;
    set_radii(&r->eval.attack.linf, 2, 0, 8);
    set_radii(&r->eval.attack.l2, 2, 0, 0.5);
}

static void radius_0_is_clean_accuracy_and_rows_give_the_scores(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    score_list l = SCORE_LIST_INIT;
    trial_list t = TRIAL_LIST_INIT;
    char path[256];
    static const benchmark *const both[] = {&bench_classification, &bench_robustness, NULL};
    few(r);
    r->eval.attack.images = TEST;
    check_ok(eval_run(&l, both, &r->subject, &r->eval));
    const double clean = need(&l, "classification", "accuracy", NULL)->value;
    check_near(accuracy(&l, ATTACK_LINF, 0, ""), clean, 1e-12, 1);
    check_near(accuracy(&l, ATTACK_L2, 0, ""), clean, 1e-12, 1);
    check_near(need(&l, "robustness", "above_chance", NULL)->value, clean - 0.5, 1e-12, 1);
    const double under = accuracy(&l, ATTACK_LINF, 8, "");
    assert_true(under <= clean);
    snprintf(path, sizeof path, "%s/trials/robustness.csv", r->dir);
    check_ok(trial_list_read(&t, path));
    assert_int_equal(t.count, 4 * TEST);
    int64_t right = 0;
    for (int64_t i = 0; i < t.count; i++)
        right += strcmp(t.trials[i].condition, "linf 8/255") == 0 &&
                 strcmp(t.trials[i].object_response, t.trials[i].category) == 0;
    check_near((double)right / TEST, under, 1e-12, 1);
    trial_list_clear(&t);
    score_list_clear(&l);
    rig_free(r);
}

static void nothing_is_attacked_unless_it_is_asked_for(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    score_list l = SCORE_LIST_INIT;
    check_ok(eval_run(&l, only, &r->subject, &r->eval));
    assert_int_equal(l.count, 0);
    rig_free(r);
}

/* A sampler that does not move and no noise: refined copies are the image, and so are the scores. */
static void refinement_that_moves_nothing_changes_nothing(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    score_list l = SCORE_LIST_INIT;
    few(r);
    r->eval.attack.refine = (option_list){2, {0, 2}};
    r->eval.attack.copies = 2;
    r->eval.attack.draws = 3;
    r->eval.attack.noise_std = 0;
    r->sampler.noise_std = 0;
    r->subject.step_size = 0;
    check_ok(eval_run(&l, only, &r->subject, &r->eval));
    for (int norm = 0; norm < ATTACK_NORMS; norm++)
        for (int i = 0; i < 2; i++) {
            const double radius = norm ? 0.5 * i : 8 * i;
            check_near(accuracy(&l, (attack_norm)norm, radius, " refined 2"), accuracy(&l, (attack_norm)norm, radius, ""), 1e-12, 1);
        }
    score_list_clear(&l);
    rig_free(r);
}

static void scores_of_a_defence_say_how_it_was_attacked_and_come_out_again(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    score_list l = SCORE_LIST_INIT, again = SCORE_LIST_INIT;
    few(r);
    r->eval.attack.refine = (option_list){1, {2}};
    r->eval.attack.copies = 2;
    r->eval.attack.draws = 4;
    check_ok(eval_run(&l, only, &r->subject, &r->eval));
    const score *s = need(&l, "robustness", "accuracy_linf", "8/255 refined 2");
    assert_non_null(strstr(s->formula, "mean logits of 2 copies with noise 0.03, each refined by 2 Langevin steps"));
    assert_non_null(strstr(s->formula, "expectation over 4 fresh copies a step, through refinement as through the identity"));
    assert_non_null(strstr(s->formula, "attacked by what the network without refinement falls for"));
    check_ok(eval_run(&again, only, &r->subject, &r->eval));
    for (int64_t i = 0; i < l.count; i++) assert_true(l.scores[i].value == again.scores[i].value);
    score_list_clear(&l);
    score_list_clear(&again);
    rig_free(r);
}

/* What a scoring of so many images says of each, by "CONDITION IMAGE". */
static void read_answers(trial_list *out, rig *r, int64_t images)
{
    score_list l = SCORE_LIST_INIT;
    char path[256];
    r->eval.attack.images = images;
    check_ok(eval_run(&l, only, &r->subject, &r->eval));
    snprintf(path, sizeof path, "%s/trials/robustness.csv", r->dir);
    check_ok(trial_list_read(out, path));
    score_list_clear(&l);
}

static void an_image_is_answered_alike_however_many_others_there_are(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    trial_list many = TRIAL_LIST_INIT, some = TRIAL_LIST_INIT;
    few(r);
    r->eval.attack.refine = (option_list){2, {0, 1}};
    r->eval.attack.copies = 3;
    r->eval.attack.draws = 2;
    read_answers(&many, r, TEST);
    read_answers(&some, r, TEST / 4); /* every fourth */
    assert_int_equal(many.count, 4 * some.count);
    for (int64_t i = 0, k = 0; i < some.count; i++, k++) {
        const trial *a = &some.trials[i];
        while (strcmp(many.trials[k].condition, a->condition) != 0 || strcmp(many.trials[k].imagename, a->imagename) != 0) k++;
        assert_string_equal(many.trials[k].object_response, a->object_response);
    }
    trial_list_clear(&many);
    trial_list_clear(&some);
    rig_free(r);
}

static void an_untrained_head_is_said_to_be_at_chance(void **state)
{
    (void)state;
    rig *r = rig_new(1);
    score_list l = SCORE_LIST_INIT;
    few(r);
    check_ok(eval_run(&l, only, &r->subject, &r->eval));
    const score *s = need(&l, "robustness", "accuracy_linf", "8/255");
    assert_non_null(strstr(s->formula, "at chance: its classifier was never trained"));
    assert_non_null(strstr(last_warning, "decides at chance"));
    assert_true(need(&l, "robustness", "above_chance", NULL)->low <= 0);
    score_list_clear(&l);
    rig_free(r);
}

static void radii_out_of_order_are_refused_and_pictures_without_pixels_left_out(void **state)
{
    (void)state;
    rig *r = rig_new(0.5);
    score_list l = SCORE_LIST_INIT;
    few(r);
    r->eval.attack.linf.values[1] = 0;
    check_fails(eval_run(&l, only, &r->subject, &r->eval), JEM_EUSAGE, "eval.attack_linf");
    few(r);
    r->eval.attack.refine = (option_list){1, {1.5}};
    check_fails(eval_run(&l, only, &r->subject, &r->eval), JEM_EUSAGE, "eval.refine_steps");
    r->eval.attack.refine = (option_list){1, {0}};
    dataset *floats = NULL;
    check_ok(dataset_new(&floats, TEST, 3, SIDE, SIDE, true));
    dataset_free(r->data.test);
    r->data.test = floats;
    check_ok(eval_run(&l, only, &r->subject, &r->eval));
    assert_int_equal(l.count, 0);
    assert_non_null(strstr(last_warning, "robustness left out"));
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_projection_is_in_ball_and_box_and_no_other_point_there_is_nearer),
        cmocka_unit_test(without_a_box_a_projection_to_l2_is_on_the_straight_way),
        cmocka_unit_test(an_attack_never_leaves_ball_or_box),
        cmocka_unit_test(more_restarts_never_help_the_network_and_fewer_are_the_same_ones),
        cmocka_unit_test(neither_order_nor_company_of_images_changes_an_attack),
        cmocka_unit_test(a_gradient_that_is_not_finite_ends_it_and_names_the_image),
        cmocka_unit_test(a_linear_network_under_linf_is_as_robust_as_its_margins_say),
        cmocka_unit_test(a_linear_network_under_l2_is_as_robust_as_its_margins_say),
        cmocka_unit_test(radius_0_is_clean_accuracy_and_rows_give_the_scores),
        cmocka_unit_test(nothing_is_attacked_unless_it_is_asked_for),
        cmocka_unit_test(refinement_that_moves_nothing_changes_nothing),
        cmocka_unit_test(scores_of_a_defence_say_how_it_was_attacked_and_come_out_again),
        cmocka_unit_test(an_image_is_answered_alike_however_many_others_there_are),
        cmocka_unit_test(an_untrained_head_is_said_to_be_at_chance),
        cmocka_unit_test(radii_out_of_order_are_refused_and_pictures_without_pixels_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
