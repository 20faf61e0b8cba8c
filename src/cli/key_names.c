/* Keys that were taken for options: see cli_find_key in cli.h. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/options_table.h"
#include "bench/eval.h"
#include "cli/cli.h"
#include "train/config.h"

/* The option as keys are written: --log-every is log_every. */
static void word_of(char word[CLI_KEY], const char *flag)
{
    snprintf(word, CLI_KEY, "%s", flag + strspn(flag, "-"));
    for (char *c = word; *c; c++)
        if (*c == '-') *c = '_';
}

/* Commands that use a trained run leave its settings alone, but for where and how it is run. */
static bool takes(const command *c, const char *key)
{
    const bool decides = c == &command_train || c == &command_sweep || c == &command_plan ||
                         c == &command_speed;
    return decides || strncmp(key, "engine.", 7) == 0 || strcmp(key, "data.path") == 0;
}

/* How many keys of the groups are called so; key <- the last of them. */
static int count_keys(char key[CLI_KEY], const option_group *groups, const char *word)
{
    int n = 0;
    for (option_place p = {NULL, NULL, 0}; options_next(groups, &p);) {
        char full[OPTION_KEY_MAX];
        options_full_key(&p, full);
        bool whole = strcmp(full, word) == 0;
        if (!whole && strcmp(p.option->key, word) != 0) continue;
        snprintf(key, CLI_KEY, "%s", full);
        if (whole) return 1;
        n++;
    }
    return n;
}

bool cli_find_key(char key[CLI_KEY], const command *c, const char *flag)
{
    char word[CLI_KEY];
    config *cfg = NULL;
    eval_options e;
    const option_group of_eval[] = {{"eval", eval_option_table, &e}, {NULL, NULL, NULL}};
    bool found = false;

    word_of(word, flag);
    if (MEM_NEW(cfg, 1) != JEM_OK) return false;
    if (config_defaults(cfg, &config_builtin) != JEM_OK) goto done; /* no more than a hint */
    found = count_keys(key, config_groups(cfg), word) == 1 && takes(c, key);
    if (!found && c == &command_eval) found = count_keys(key, of_eval, word) == 1;
done:
    mem_free(cfg);
    return found;
}
