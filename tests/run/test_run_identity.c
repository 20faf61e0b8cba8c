/* Files and settings that are not the run's are noticed and named; nothing is changed then. */
#include "run/run_rig.h"

#include "run/checkpoint_store.h"
#include "support/warnings.h"
#include "tensor/safetensors.h"

static const char *const short_chains[] = {"sampler.steps=2", "sampler.buffer_size=9", NULL};

static void set(rig *r, const char *assignment)
{
    check_ok(options_assign(config_groups(&r->cfg), assignment));
}

/* As if somebody had edited config.yaml: the run's settings are those of the rig from now on. */
static void edit(rig *r, const char *assignment)
{
    set(r, assignment);
    check_ok(run_create(r->a, &r->cfg));
}

/* A run of two epochs, stopped at its beginning. */
static void begin(rig *r, const char *out)
{
    check_fails(train(r, out, false, &stop_now), JEM_EINTERRUPTED, "saved");
}

/* A shell command in which $A and $B are the two runs. */
static void shell(const rig *r, const char *line)
{
    char command[600];
    snprintf(command, sizeof command, "A='%s' B='%s'; %s", r->a, r->b, line);
    assert_int_equal(system(command), 0);
}

static void metadata_of(char *out, size_t size, const char *folder, const char *name, const char *key)
{
    char path[300];
    safetensors *f = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(safetensors_open(&f, path));
    const char *text = safetensors_metadata(f, key);
    snprintf(out, size, "%s", text ? text : "");
    safetensors_close(f);
}

static void every_file_says_whose_it_is(void **state)
{
    (void)state;
    static const char *const files[] = {"best.safetensors", "first-epoch.safetensors",
                                        "checkpoints/000000006.safetensors"};
    rig *r = rig_new(short_chains);
    run_info a, b;
    char text[8192];
    check_ok(train(r, r->a, false, NULL));
    set(r, "engine.threads=1");
    check_ok(train(r, r->b, false, NULL));
    check_ok(run_read_info(&a, r->a));
    check_ok(run_read_info(&b, r->b));
    assert_true(run_identity_is(a.id) && run_identity_is(b.id) && strcmp(a.id, b.id) != 0);
    assert_string_equal(a.settings_hash, b.settings_hash);
    for (int i = 0; i < 3; i++) {
        metadata_of(text, sizeof text, r->a, files[i], "jem.run");
        assert_string_equal(text, a.id);
        metadata_of(text, sizeof text, r->a, files[i], "jem.settings_hash");
        assert_string_equal(text, a.settings_hash);
        metadata_of(text, sizeof text, r->a, files[i], "jem.settings");
        assert_non_null(strstr(text, "\"train.lr\":\"0.001\""));
        assert_null(strstr(text, "data.path"));
        assert_null(strstr(text, "engine.threads"));
        identity_same_file(r->a, r->b, files[i]);
    }
    set(r, "train.lr=5e-4");
    check_tmp_remove(r->b);
    check_ok(train(r, r->b, false, NULL));
    check_ok(run_read_info(&b, r->b));
    assert_string_not_equal(a.settings_hash, b.settings_hash);
    rig_free(r);
}

/* The hash of the rig's settings with these changed, on these data. */
static const char *hash_of(const rig *r, const char *const *changed, uint64_t data_hash)
{
    static char text[RUN_IDENTITY_TEXT];
    config cfg = r->cfg;
    run_identity id = RUN_IDENTITY_INIT;
    for (int i = 0; changed[i]; i++) check_ok(options_assign(config_groups(&cfg), changed[i]));
    check_ok(run_identity_init(&id, &cfg));
    check_ok(run_identity_hash(&id, &cfg, data_hash));
    memcpy(text, id.settings_hash, sizeof text);
    run_identity_clear(&id);
    return text;
}

static void runs_of_a_study_have_one_settings_hash(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    char usual[RUN_IDENTITY_TEXT];
    memcpy(usual, hash_of(r, (const char *[]){NULL}, 1), sizeof usual);
    assert_string_equal(hash_of(r, (const char *[]){"alpha=0.25", "seed=9", "train.log_every=3", NULL}, 1), usual);
    assert_string_not_equal(hash_of(r, (const char *[]){"train.lr=1", NULL}, 1), usual);
    assert_string_not_equal(hash_of(r, (const char *[]){"engine.convolution=direct", NULL}, 1), usual);
    assert_string_not_equal(hash_of(r, (const char *[]){NULL}, 2), usual);
    rig_free(r);
}

static void settings_edited_behind_a_run_are_named(void **state)
{
    (void)state;
    static const char *const edits[][2] = {
        {"train.lr=5e-4", "train.lr is 0.001 there and 0.0005 here"},
        {"sampler.steps=3", "sampler.steps is 2 there and 3 here"},
        {"train.batch=6", "train.batch is 8 there and 6 here"},
        {"rescue.rules=rate", "rescue.rules is noise,rate,steps,rate,energy_l2 there and rate here"},
        {"train.checkpoint_every=2", "train.checkpoint_every is 0 there and 2 here"},
    };
    rig *r = rig_new(short_chains);
    begin(r, r->a);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        config before = r->cfg;
        edit(r, edits[i][0]);
        check_fails(train(r, r->a, true, NULL), JEM_EUSAGE, edits[i][1]);
        assert_non_null(strstr(jem_error_message(), "checkpoints/0000000"));
        assert_non_null(strstr(jem_error_message(), "put the setting back"));
        r->cfg = before;
    }
    edit(r, "train.event_files=false"); /* changes nothing */
    edit(r, "engine.threads=1");
    warnings_listen();
    check_fails(train(r, r->a, true, &stop_now), JEM_EINTERRUPTED, "saved");
    assert_string_equal(warnings, "");
    edit(r, "engine.convolution=direct"); /* may be chosen, and is said once */
    check_fails(train(r, r->a, true, &stop_now), JEM_EINTERRUPTED, "saved");
    assert_non_null(strstr(warnings, "engine.convolution is fast there and direct here"));
    edit(r, "train.log_every=3");
    check_fails(train(r, r->a, true, &stop_now), JEM_EINTERRUPTED, "saved");
    assert_non_null(strstr(warnings, "train.log_every is 2 there and 3 here"));
    warnings_listen();
    check_ok(train(r, r->a, true, NULL));
    log_set_sink(NULL);
    assert_string_equal(warnings, "");
    rig_free(r);
}

static void a_trained_run_is_not_used_with_other_settings(void **state)
{
    (void)state;
    rig *r = rig_new(short_chains);
    run *opened = NULL;
    float *images = NULL;
    int64_t n;
    check_ok(train(r, r->a, false, NULL));
    edit(r, "sampler.steps=5");
    check_fails(run_open(&opened, &config_builtin, r->a, NULL, 0), JEM_EUSAGE, "sampler.steps is 2 there and 5 here");
    edit(r, "sampler.steps=2");
    check_ok(run_open(&opened, &config_builtin, r->a, (const char *[]){"engine.convolution=direct"}, 1));
    check_ok(run_replay(&images, &n, opened));
    mem_free(images);
    run_close(opened);

    check_ok(train(r, r->b, false, NULL));
    shell(r, "cp $B/best.safetensors $A/best.safetensors");
    check_fails(run_open(&opened, &config_builtin, r->a, NULL, 0), JEM_EUSAGE, "best.safetensors: belongs to another run");
    rig_free(r);
}

/* Of a run of an older version, which does not say with which settings it was trained. */
static void a_network_that_cannot_be_made_is_refused_by_name(void **state)
{
    (void)state;
    rig *r = rig_new(short_chains);
    run *opened = NULL;
    run_info info;
    check_ok(train(r, r->a, false, NULL));
    check_ok(run_read_info(&info, r->a));
    info.id[0] = '\0';
    check_ok(run_write_info(&info, r->a));
    edit(r, "model.pool=fixed");
    check_fails(run_open(&opened, &config_builtin, r->a, NULL, 0), JEM_EUSAGE, "wrn-10-1 on 16x16 images leaves");
    assert_non_null(strstr(jem_error_message(), r->a));
    assert_non_null(strstr(jem_error_message(), "config.yaml"));
    rig_free(r);
}

static void a_state_of_another_run_is_refused(void **state)
{
    (void)state;
    static const char *const others[] = {"alpha=0.5", "train.lr=5e-4"};
    for (int i = 0; i < 2; i++) {
        rig *r = rig_new(short_chains);
        run_info info;
        char other[RUN_IDENTITY_TEXT];
        begin(r, r->a);
        config before = r->cfg;
        set(r, others[i]); /* the first: twins but for their names */
        check_ok(train(r, r->b, false, NULL));
        r->cfg = before;
        check_ok(run_read_info(&info, r->b));
        memcpy(other, info.id, sizeof other);
        check_ok(run_read_info(&info, r->a));
        shell(r, "cp $B/checkpoints/000000006.safetensors $A/checkpoints/");
        check_fails(train(r, r->a, true, NULL), JEM_EUSAGE, "belongs to another run");
        assert_non_null(strstr(jem_error_message(), "checkpoints/000000006.safetensors"));
        assert_non_null(strstr(jem_error_message(), other));
        assert_non_null(strstr(jem_error_message(), info.id));
        shell(r, "cmp $A/checkpoints/000000006.safetensors $B/checkpoints/000000006.safetensors"); /* neither set aside nor adopted */
        shell(r, "rm $A/checkpoints/000000006.safetensors $A/run.json");
        check_ok(train(r, r->a, true, NULL)); /* who it is, its states know as well */
        run_info again;
        check_ok(run_read_info(&again, r->a));
        assert_string_equal(info.id, again.id);
        rig_free(r);
    }
}

static void age_file(const char *path)
{
    safetensors *f = NULL;
    safetensors_writer *w = NULL;
    const char *key;
    check_ok(safetensors_open(&f, path));
    check_ok(safetensors_writer_new(&w));
    for (int i = 0; (key = safetensors_metadata_key(f, i)); i++)
        if (strcmp(key, "jem.checksum") != 0 && strcmp(key, "jem.run") != 0 &&
            strncmp(key, "jem.settings", 12) != 0)
            check_ok(safetensors_writer_metadata(w, key, safetensors_metadata(f, key)));
    for (int i = 0; i < safetensors_count(f); i++) {
        const jem_tensor t = safetensors_view(f, i);
        check_ok(safetensors_writer_add(w, safetensors_name(f, i), t.dtype, t.ndim, t.shape, t.data));
    }
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
    safetensors_close(f);
}

/* Makes b's files those of an older version, which say nothing of the run. */
static void age(const rig *r)
{
    static const char *const folders[] = {"", "/checkpoints"};
    for (int k = 0; k < 2; k++) {
        char folder[200], path[500], **names = NULL;
        int count = 0;
        snprintf(folder, sizeof folder, "%s%s", r->b, folders[k]);
        check_ok(dir_list(&names, &count, folder));
        for (int i = 0; i < count; i++) {
            snprintf(path, sizeof path, "%s/%s", folder, names[i]);
            if (strstr(names[i], ".safetensors")) age_file(path);
        }
        strings_free(names, count);
    }
    shell(r, "sed -i '/^ *\"\\(id\\|settings_hash\\|own_checksum\\)\"/d' \"$B/run.json\" && ! grep -q settings_hash $B/run.json");
}

static void a_run_of_an_older_version_is_taken_over_once(void **state)
{
    (void)state;
    rig *r = rig_new(short_chains);
    run *opened = NULL;
    char id[64], text[64];
    check_ok(train(r, r->a, false, NULL));
    check_ok(train(r, r->b, false, NULL));
    age(r);
    check_ok(run_open(&opened, &config_builtin, r->b, NULL, 0)); /* says nothing, and is used as it is */
    assert_string_equal(opened->info.id, "");
    run_close(opened);

    /* one that is not finished: its second epoch is repeated from the state after the first */
    shell(r, "rm $B/checkpoints/000000006.safetensors $B/run.json");
    warnings_listen();
    check_fails(train(r, r->b, true, &stop_now), JEM_EINTERRUPTED, "saved");
    assert_non_null(strstr(warnings, "files of an older version of jem"));
    warnings_listen();
    check_ok(train(r, r->b, true, NULL));
    log_set_sink(NULL);
    assert_string_equal(warnings, "");
    metadata_of(id, sizeof id, r->b, "checkpoints/000000006.safetensors", "jem.run");
    assert_true(run_identity_is(id));
    metadata_of(text, sizeof text, r->b, "first-epoch.safetensors", "jem.run");
    assert_string_equal(text, id);
    metadata_of(text, sizeof text, r->b, "checkpoints/000000003.safetensors", "jem.run");
    assert_string_equal(text, id);
    identity_same_file(r->a, r->b, "best.safetensors");
    identity_same_file(r->a, r->b, "first-epoch.safetensors");
    identity_same_file(r->a, r->b, "checkpoints/000000003.safetensors");
    identity_same_file(r->a, r->b, "checkpoints/000000006.safetensors");
    rig_free(r);
}

/* A digit that changed is damage: a finished run is used as run.json says. */
static void a_digit_changed_in_run_json_is_noticed(void **state)
{
    (void)state;
    rig *r = rig_new(short_chains);
    run *opened = NULL;
    run_info before, info;
    check_ok(train(r, r->a, false, NULL));
    check_ok(run_read_info(&before, r->a));
    shell(r, "sed -i 's/\"iterations\": 6/\"iterations\": 7/' $A/run.json && grep -q ': 7' $A/run.json");
    check_fails(run_read_info(&info, r->a), JEM_EDATA, "run.json: its checksum does not match");
    check_fails(run_open(&opened, &config_builtin, r->a, NULL, 0), JEM_EDATA, "jem resume writes it again");
    check_ok(train(r, r->a, true, NULL));
    check_ok(run_read_info(&info, r->a));
    assert_int_equal(info.iterations, 6);
    assert_string_equal(info.id, before.id);
    rig_free(r);
}

/* A state that has no name of its own is not taken for one of whichever run it is put into. */
static void an_old_state_of_another_alpha_is_not_taken_over(void **state)
{
    (void)state;
    rig *r = rig_new(short_chains);
    begin(r, r->a);
    set(r, "alpha=0.25");
    check_ok(train(r, r->b, false, NULL));
    set(r, "alpha=0.5");
    age(r);
    shell(r, "cp $B/checkpoints/000000006.safetensors $A/checkpoints/");
    check_fails(train(r, r->a, true, NULL), JEM_EUSAGE, "is of another run (alpha 0.25");
    shell(r, "cmp $A/checkpoints/000000006.safetensors $B/checkpoints/000000006.safetensors");
    rig_free(r);
}

/* A run that a resume would have to mend in five places. */
static void make_hurt(rig *r)
{
    check_ok(train(r, r->a, false, NULL));
    check_ok(train(r, r->b, false, NULL)); /* its twin, but for the name */
    shell(r, "cd $A && rm run.json && touch jem-0123456789abcdef.tmp && sed -i '3s/.*/x/' metrics.csv &&"
             " for f in checkpoints/000000006 best first-epoch; do"
             " printf damaged | dd of=$f.safetensors bs=1 seek=9000 conv=notrunc status=none; done");
}

static void a_refused_resume_has_changed_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *change, *words;
        uint64_t data_hash;
        jem_status refused;
    } cases[] = {
        {"sed -i 's/ lr: 0.001/ lr: 0.002/' $A/config.yaml", "lr is 0.001 there and 0.002 here", 0, JEM_EUSAGE},
        {"cp $B/checkpoints/000000003.safetensors $A/checkpoints", "belongs to another run", 0, JEM_EUSAGE},
        {"cp $B/best.safetensors $A", "best.safetensors: belongs to another run", 0, JEM_EUSAGE},
        {":", "the training images are not the ones", 1, JEM_EDATA},
        {"rm $A/checkpoints/0*; sed -i 's/wrn-10-1/wrn-11-1/' $A/config.yaml", "wrn-11-1", 0, JEM_EUSAGE},
        {"echo other > $A/metrics.csv", "metrics.csv: not a training log", 0, JEM_EDATA},
        {"echo other > $A/checkpoints/000000003.safetensors", "none of the 2 checkpoints", 0, JEM_EDATA},
    };
    rig *r = rig_new(short_chains);
    make_hurt(r);
    const uint64_t hash = r->data.train->hash;
    shell(r, "mv $A $A.hurt");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        shell(r, "rm -rf $A $A.before; cp -r $A.hurt $A");
        shell(r, cases[i].change);
        shell(r, "cp -r $A $A.before");
        r->data.train->hash = cases[i].data_hash ? cases[i].data_hash : hash;
        check_ok(run_load_config(&r->cfg, &config_builtin, r->a));
        check_fails(train(r, r->a, true, NULL), cases[i].refused, cases[i].words);
        assert_non_null(strstr(jem_error_message(), r->a));
        shell(r, "diff -r $A.before $A");
    }
    shell(r, "rm -r $A; cp -r $A.hurt $A");
    check_ok(run_load_config(&r->cfg, &config_builtin, r->a));
    check_ok(train(r, r->a, true, NULL));
    shell(r, "cd $A && test -e checkpoints/000000006.safetensors.damaged &&"
             " test ! -e jem-0123456789abcdef.tmp && ! grep -qx x metrics.csv");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_says_whose_it_is),
        cmocka_unit_test(runs_of_a_study_have_one_settings_hash),
        cmocka_unit_test(settings_edited_behind_a_run_are_named),
        cmocka_unit_test(a_trained_run_is_not_used_with_other_settings),
        cmocka_unit_test(a_network_that_cannot_be_made_is_refused_by_name),
        cmocka_unit_test(a_state_of_another_run_is_refused),
        cmocka_unit_test(a_run_of_an_older_version_is_taken_over_once),
        cmocka_unit_test(a_digit_changed_in_run_json_is_noticed),
        cmocka_unit_test(an_old_state_of_another_alpha_is_not_taken_over),
        cmocka_unit_test(a_refused_resume_has_changed_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
