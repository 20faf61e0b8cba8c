/* The settings of a study: see sweep_config.h. */
#include "study/sweep_config.h"

#include <string.h>

#include "base/mem.h"
#include "base/options_table.h"
#include "base/try.h"
#include "run/run.h"
#include "train/init_weights.h"

/* "" if both are the same study's; `there` is changed. */
static jem_status differ(char *difference, size_t size, config *there, config *cfg)
{
    there->alpha = cfg->alpha;
    there->seed = cfg->seed;
    return config_difference(there, cfg, difference, size);
}

static jem_status refuse(const char *study, const char *file, const char *difference)
{
    return jem_error(JEM_EUSAGE,
                     "%s: its runs have other settings (%s: %s); choose another folder, or set them as "
                     "they are there", study, file, difference);
}

/* Compares with the runs that have begun: *runs says how many.  Settings that cannot be read are
 * that run's trouble. */
static jem_status check_runs(int *runs, bool compare, config *cfg, const char *study)
{
    jem_status st;
    char **names = NULL, *folder = NULL, difference[3 * OPTION_STRING_MAX] = "";
    config *there = NULL;
    int count = 0;

    *runs = 0;
    TRY(MEM_NEW(there, 1));
    TRY(dir_list(&names, &count, study));
    for (int i = 0; i < count; i++) {
        mem_free(folder);
        folder = NULL;
        TRY(str_format(&folder, "%s/%s", study, names[i]));
        if (!run_is(folder)) continue;
        ++*runs;
        if (!compare || run_load_config(there, &cfg->lists, folder) != JEM_OK) continue;
        TRY(differ(difference, sizeof difference, there, cfg));
        if (!difference[0]) continue;
        st = refuse(study, names[i], difference);
        goto done;
    }
done:
    strings_free(names, count);
    mem_free(folder);
    mem_free(there);
    return st;
}

/* Keys that decide no result may be otherwise this time. */
static jem_status note_other(sweep_config *s, config *there, config *cfg)
{
    jem_status st = JEM_OK;
    char key[OPTION_KEY_MAX], kept[OPTION_TEXT_MAX], now[OPTION_TEXT_MAX];
    const option_group *groups = config_groups(there), *others = config_groups(cfg);

    for (option_place p = {NULL, NULL, 0}; options_next(groups, &p);) {
        options_full_key(&p, key);
        if (config_key_role(key) == CONFIG_DECIDES) continue;
        options_value_text(&p, kept, sizeof kept);
        TRY(options_get(others, key, now, sizeof now));
        if (strcmp(kept, now) == 0) continue;
        if (s->count == SWEEP_CONFIG_SET)
            return jem_error(JEM_EINTERNAL, "more than %d keys may differ", SWEEP_CONFIG_SET);
        TRY(str_format(&s->set[s->count], "%s=%s", key, now));
        s->count++;
    }
done:
    return st;
}

jem_status sweep_config_check(sweep_config *s, config *cfg, const char *study)
{
    jem_status st;
    sweep_config b = SWEEP_CONFIG_INIT;
    char difference[3 * OPTION_STRING_MAX] = "";
    config *there = NULL;

    TRY(MEM_NEW(there, 1));
    TRY(config_absolute_paths(cfg));
    TRY(init_weights_settle(cfg));
    TRY(str_format(&b.path, "%s/config.yaml", study));
    b.kept = file_exists(b.path);
    TRY(check_runs(&b.begun, !b.kept, cfg, study));
    if (b.begun == 0) b.kept = false; /* nothing has been made of it */
    if (b.kept) {
        TRY(config_load(there, &cfg->lists, b.path, NULL, 0));
        TRY(differ(difference, sizeof difference, there, cfg));
        if (difference[0]) {
            st = refuse(study, "config.yaml", difference);
            goto done;
        }
        TRY(note_other(&b, there, cfg));
    }
    *s = b;
    b = (sweep_config)SWEEP_CONFIG_INIT;
done:
    sweep_config_clear(&b);
    mem_free(there);
    return st;
}

bool sweep_config_sets(const sweep_config *s, const char *key)
{
    const size_t n = strlen(key);
    for (int i = 0; i < s->count; i++)
        if (strncmp(s->set[i], key, n) == 0 && s->set[i][n] == '=') return true;
    return false;
}

jem_status sweep_config_keep(sweep_config *s, config *cfg)
{
    jem_status st;
    file_writer w = FILE_WRITER_INIT;

    if (s->kept) return JEM_OK;
    TRY(file_writer_open(&w, s->path));
    TRY(file_writer_printf(&w, "# The settings of every run of this study, as jem sweep found them "
                               "when it began:\n# all runs and later sweeps read them here. "
                               "alpha and seed are each run's own.\n"));
    TRY(options_save(config_groups(cfg) + 1, &w)); /* without the first group: alpha and seed */
    TRY(file_writer_commit(&w));
    s->kept = true;
done:
    file_writer_abort(&w);
    return st;
}

void sweep_config_clear(sweep_config *s)
{
    for (int i = 0; i < s->count; i++) mem_free(s->set[i]);
    mem_free(s->path);
    *s = (sweep_config)SWEEP_CONFIG_INIT;
}
