/* A fresh folder for each test of a program:
 * cmocka_unit_test_setup_teardown(f, make_folder, remove_folder). */
#ifndef SUPPORT_FOLDER_H
#define SUPPORT_FOLDER_H

#include "support/check.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    check_tmp(folder, sizeof folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    check_tmp_remove(folder);
    return 0;
}

#endif
