/* Memory limits from made-up /proc and control groups, disk from the real system. */
#include "support/folder.h"

#include "base/file.h"
#include "base/machine.h"

static const int64_t gib = 1 << 30;

/* DIR/NAME with the text in it, and the folders above. */
static void put(const char *dir, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    check_ok(dir_make(path));
    *slash = '/';
    check_ok(file_write(path, text, strlen(text)));
}

static void put_meminfo(const char *dir)
{
    put(dir, "proc/meminfo",
        "MemTotal:       16777216 kB\nMemFree:        1000 kB\nMemAvailable:    8388608 kB\n");
}

static void without_groups_the_machine_is_the_limit(void **state)
{
    char dir[64];
    machine_memory m;
    (void)state;
    check_tmp(dir, sizeof dir);
    put_meminfo(dir);
    check_ok(machine_memory_read(&m, dir));
    assert_int_equal(m.total, 16 * gib);
    assert_int_equal(m.available, 8 * gib);
    assert_int_equal(m.limit, 0);
    check_tmp_remove(dir);
}

static void a_group_of_version_2_and_those_around_it_limit(void **state)
{
    char dir[64];
    machine_memory m;
    (void)state;
    check_tmp(dir, sizeof dir);
    put_meminfo(dir);
    put(dir, "proc/self/cgroup", "0::/jobs/one\n");
    put(dir, "sys/fs/cgroup/jobs/one/memory.max", "max\n");
    put(dir, "sys/fs/cgroup/jobs/memory.max", "2147483648\n");
    put(dir, "sys/fs/cgroup/jobs/memory.current", "1610612736\n");
    put(dir, "sys/fs/cgroup/jobs/memory.stat", "anon 5\ninactive_file 536870912\nfile 7\n");
    check_ok(machine_memory_read(&m, dir));
    assert_int_equal(m.total, 2 * gib);
    assert_int_equal(m.limit, 2 * gib);
    assert_int_equal(m.available, gib); /* 2 - 1.5 in use + 0.5 that can be given up */
    check_tmp_remove(dir);
}

static void version_1_and_a_group_that_is_not_mounted_work(void **state)
{
    char dir[64];
    machine_memory m;
    (void)state;
    check_tmp(dir, sizeof dir);
    put_meminfo(dir);
    put(dir, "proc/self/cgroup", "9:name=systemd:/\n4:memory:/not/visible/here\n0::/\n");
    put(dir, "sys/fs/cgroup/memory/memory.limit_in_bytes", "4294967296\n");
    put(dir, "sys/fs/cgroup/memory/memory.usage_in_bytes", "1073741824\n");
    check_ok(machine_memory_read(&m, dir));
    assert_int_equal(m.total, 4 * gib);
    assert_int_equal(m.available, 3 * gib);
    put(dir, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"); /* none */
    check_ok(machine_memory_read(&m, dir));
    assert_int_equal(m.limit, 0);
    check_tmp_remove(dir);
}

static void a_full_group_has_nothing_left(void **state)
{
    char dir[64];
    machine_memory m;
    (void)state;
    check_tmp(dir, sizeof dir);
    put_meminfo(dir);
    put(dir, "proc/self/cgroup", "0::/\n");
    put(dir, "sys/fs/cgroup/memory.max", "1073741824\n");
    put(dir, "sys/fs/cgroup/memory.current", "2147483648\n");
    check_ok(machine_memory_read(&m, dir));
    assert_int_equal(m.available, 0);
    check_tmp_remove(dir);
}

/* What ulimit -v and -d set; 1 GiB is mapped, 256 MiB of it touched. */
static void put_limits(const char *dir, const char *addresses, const char *data)
{
    char text[400];
    snprintf(text, sizeof text,
             "Limit                     Soft Limit           Hard Limit           Units     \n"
             "Max data size             %-20s unlimited            bytes     \n"
             "Max address space         %-20s unlimited            bytes     \n", data, addresses);
    put(dir, "proc/self/limits", text);
    put(dir, "proc/self/status", "Name:\tjem\nVmSize:\t 1048576 kB\nVmRSS:\t  262144 kB\n"
                                 "RssAnon:\t  131072 kB\nVmData:\t  131072 kB\n");
}

static void limits_of_the_process_count_what_is_mapped(void **state)
{
    machine_memory m;
    (void)state;
    put_meminfo(folder);
    put_limits(folder, "4294967296", "unlimited");
    check_ok(machine_memory_read(&m, folder));
    assert_int_equal(m.limit, 4 * gib);
    assert_true(m.of_process);
    assert_int_equal(m.total, 4 * gib - 3 * gib / 4); /* libraries take room that is never used */
    assert_int_equal(m.available, m.total);
    put_limits(folder, "unlimited", "2147483648");
    check_ok(machine_memory_read(&m, folder));
    assert_int_equal(m.limit, 2 * gib);
    assert_int_equal(m.total, 2 * gib);
    put_limits(folder, "unlimited", "unlimited");
    check_ok(machine_memory_read(&m, folder));
    assert_int_equal(m.limit, 0);
    assert_false(m.of_process);
}

static void the_lower_of_group_and_process_counts(void **state)
{
    machine_memory m;
    (void)state;
    put_meminfo(folder);
    put(folder, "proc/self/cgroup", "0::/\n");
    put(folder, "sys/fs/cgroup/memory.max", "1073741824\n");
    put_limits(folder, "4294967296", "unlimited");
    check_ok(machine_memory_read(&m, folder));
    assert_int_equal(m.total, gib);
    assert_false(m.of_process);
    put_limits(folder, "1073741824", "unlimited");
    check_ok(machine_memory_read(&m, folder));
    assert_int_equal(m.total, gib / 4);
    assert_true(m.of_process);
}

static void room_that_is_not_there_is_said_before_it_is_needed(void **state)
{
    (void)state;
    check_ok(machine_check_room(1 << 20, "a test"));
    check_fails(machine_check_room((size_t)1 << 60, "a test"), JEM_ENOMEM, "a test needs");
}

static void a_system_that_says_nothing_is_an_error(void **state)
{
    machine_memory m;
    (void)state;
    check_fails(machine_memory_read(&m, "/nonexistent"), JEM_EIO, "meminfo");
}

static void room_on_disk_is_that_of_the_nearest_folder(void **state)
{
    char dir[64], path[128];
    int64_t here, below;
    (void)state;
    check_tmp(dir, sizeof dir);
    check_ok(machine_disk_free(&here, dir));
    assert_true(here > 0);
    snprintf(path, sizeof path, "%s/not/yet/there", dir);
    check_ok(machine_disk_free(&below, path));
    assert_true(below > 0);
    check_ok(machine_disk_free(&below, "no-such-folder-here"));
    check_ok(machine_disk_free(&below, "/no-such-folder-at-the-root"));
    check_ok(machine_disk_free(&below, ""));
    check_tmp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_groups_the_machine_is_the_limit),
        cmocka_unit_test(a_group_of_version_2_and_those_around_it_limit),
        cmocka_unit_test(version_1_and_a_group_that_is_not_mounted_work),
        cmocka_unit_test(a_full_group_has_nothing_left),
        cmocka_unit_test_setup_teardown(limits_of_the_process_count_what_is_mapped, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(the_lower_of_group_and_process_counts, make_folder,
                                        remove_folder),
        cmocka_unit_test(room_that_is_not_there_is_said_before_it_is_needed),
        cmocka_unit_test(a_system_that_says_nothing_is_an_error),
        cmocka_unit_test(room_on_disk_is_that_of_the_nearest_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
