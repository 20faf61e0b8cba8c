/* The list of commands: to add one, name it here and in cli.h. */
#include "cli/cli.h"

#include <stddef.h>

const command *const *cli_commands(void)
{
    static const command *const commands[] = {
        &command_data,    &command_plan,   &command_speed,  &command_train,   &command_resume,
        &command_sweep,   &command_eval,   &command_fid,    &command_bench,   &command_sweetspot,
        &command_report,  &command_table,  &command_compare, &command_sample, &command_refine,
        &command_apply,   &command_import, &command_export, &command_info,    &command_list,
        NULL,
    };
    return commands;
}
