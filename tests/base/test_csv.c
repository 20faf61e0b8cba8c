/* CSV as people and spreadsheets write it, and faults with file:line. */
#include "base/csv.h"
#include "base/file.h"
#include "base/mem.h"
#include "support/folder.h"

static char path[128];

static void write_bytes(const char *text, size_t size)
{
    snprintf(path, sizeof path, "%s/t.csv", folder);
    check_ok(file_write(path, text, size));
}

static csv read_back(const char *text)
{
    csv c = CSV_INIT;
    write_bytes(text, strlen(text));
    check_ok(csv_read(&c, path));
    return c;
}

static void refuse(const char *text, const char *message)
{
    csv c = CSV_INIT;
    write_bytes(text, strlen(text));
    check_fails(csv_read(&c, path), JEM_EDATA, message);
    check_fails(csv_read(&c, path), JEM_EDATA, path);
    assert_null(c.all);
}

static void plain_rows_are_read(void **state)
{
    csv c = read_back("a,b\n1,x\n2,\n");
    (void)state;
    assert_int_equal(c.rows, 2);
    assert_int_equal(c.columns, 2);
    assert_string_equal(csv_cell(&c, 0, 1), "x");
    assert_string_equal(csv_cell(&c, 1, 1), "");
    assert_int_equal(c.lines[1], 3);
    csv_clear(&c);
}

static void quotes_marks_and_line_ends_of_every_kind_are_understood(void **state)
{
    csv c = read_back("\xef\xbb\xbf"
                      "Name,\"the \"\"b\"\"\"\r\n\"x, y\",\"two\nlines\"\r\n\r\nlast,no end");
    (void)state;
    assert_int_equal(c.rows, 2);
    assert_string_equal(c.names[0], "Name");
    assert_string_equal(c.names[1], "the \"b\"");
    assert_string_equal(csv_cell(&c, 0, 0), "x, y");
    assert_string_equal(csv_cell(&c, 0, 1), "two\nlines");
    assert_string_equal(csv_cell(&c, 1, 1), "no end");
    assert_int_equal(c.lines[1], 5);
    csv_clear(&c);
}

static void carriage_return_ends_the_last_line_too(void **state)
{
    csv c = read_back("a,b\r\n1,2\r");
    (void)state;
    assert_int_equal(c.rows, 1);
    assert_string_equal(csv_cell(&c, 0, 1), "2");
    csv_clear(&c);
}

static void other_carriage_returns_are_letters_of_their_field(void **state)
{
    csv c = read_back("a,b\n\r\r1,\r\r\n2\r,\"3\"\r\n");
    (void)state;
    assert_int_equal(c.rows, 2);
    assert_string_equal(csv_cell(&c, 0, 0), "\r\r1");
    assert_string_equal(csv_cell(&c, 0, 1), "\r");
    assert_string_equal(csv_cell(&c, 1, 0), "2\r");
    assert_string_equal(csv_cell(&c, 1, 1), "3");
    csv_clear(&c);
}

static void a_file_of_nothing_but_short_fields_is_refused(void **state)
{
    enum { SIZE = 3 << 20 };
    char *text = NULL;
    (void)state;
    check_ok(MEM_NEW(text, SIZE + 1));
    memset(text, ',', SIZE);
    refuse(text, "too many empty or short fields");
    memset(text, 'x', SIZE);
    memcpy(text, "a\n", 2);
    csv c = read_back(text);
    assert_int_equal(c.rows, 1);
    csv_clear(&c);
    mem_free(text);
}

static void a_header_alone_has_no_rows(void **state)
{
    csv c = read_back("a,b");
    (void)state;
    assert_int_equal(c.rows, 0);
    csv_clear(&c);
}

static void columns_are_found_in_any_letter_case(void **state)
{
    csv c = read_back("Scene_Num,light\n1,2\n");
    int column = -1;
    (void)state;
    assert_int_equal(csv_find(&c, "scene_num"), 0);
    assert_int_equal(csv_find(&c, "bump"), -1);
    check_ok(csv_need(&column, &c, "LIGHT", "set data.light"));
    assert_int_equal(column, 1);
    check_fails(csv_need(&column, &c, "bump", "set data.bump"), JEM_EDATA,
                "no column 'bump' among: Scene_Num, light; set data.bump");
    csv_clear(&c);
}

static void numbers_must_be_finite_numbers(void **state)
{
    csv c = read_back("a\n1.5\n1.5x\nnan\n");
    double v = 0;
    (void)state;
    check_ok(csv_number(&v, &c, 0, 0));
    assert_true(v == 1.5);
    check_fails(csv_number(&v, &c, 1, 0), JEM_EDATA, "t.csv:3: column 'a' holds '1.5x'");
    check_fails(csv_number(&v, &c, 2, 0), JEM_EDATA, "t.csv:4");
    csv_clear(&c);
}

static void tables_are_read_as_spreadsheets_save_them(void **state)
{
    static const char *const texts[] = {"name;value\r\nx,y;0,5\r\n", "name\tvalue\nx,y\t0.5\n",
                                        "name, value\n\"x,y\", 0.5\n", "name,value\r\"x,y\",0.5\r",
                                        "sep=,\nname,value\n\"x,y\",0.5\n", "SEP=;\r\nname;value\r\nx,y;0.5\r\n",
                                        "\"a name; or\",value\n\"x,y\",0.5\n"};
    double value;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        csv c = read_back(texts[i]);
        assert_int_equal(c.columns, 2);
        assert_int_equal(c.rows, 1);
        assert_string_equal(csv_cell(&c, 0, 0), "x,y");
        check_ok(csv_number(&value, &c, 0, 1));
        assert_true(value == 0.5);
        csv_clear(&c);
    }
    refuse("sep=;\na;b\n1\n", "t.csv:3: 1 fields");
}

static void faults_name_their_line(void **state)
{
    (void)state;
    refuse("", "empty");
    refuse("\n\r\n", "empty");
    refuse("a,b\n1,2\n1,2,3\n", "t.csv:3: 3 fields where the header has 2");
    refuse("a,b\n1\n", "t.csv:2: 1 fields");
    refuse("a,b\n1,\"2\n3\n", "t.csv:2: a quote opens here and never closes");
    refuse("a,b\n\"1\"x,2\n", "t.csv:2: text after a closing quote");
    refuse("a,A\n1,2\n", "two columns are called 'A'");
    write_bytes("a\0b\n", 4);
    csv c = CSV_INIT;
    check_fails(csv_read(&c, path), JEM_EDATA, "NUL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plain_rows_are_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(quotes_marks_and_line_ends_of_every_kind_are_understood,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(carriage_return_ends_the_last_line_too, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(other_carriage_returns_are_letters_of_their_field, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_file_of_nothing_but_short_fields_is_refused, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_header_alone_has_no_rows, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(columns_are_found_in_any_letter_case, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(numbers_must_be_finite_numbers, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(tables_are_read_as_spreadsheets_save_them, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(faults_name_their_line, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
