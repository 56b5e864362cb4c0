#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "app/send_state.h"
#include "domain/tally.h"

static char list[] = "/tmp/test_send_end.XXXXXX";

static int set_up(void **state)
{
    static const char text[] = "email,role\n";
    (void)state;
    int fd = mkstemp(list);
    if (fd < 0 || write(fd, text, sizeof(text) - 1) < 0)
        return -1;
    return close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(list);
}

static void ok(enum error_kind kind, const struct error *err)
{
    if (kind != ERROR_NONE)
        fail_msg("%s", err->text);
}

/* The exit code of a run that took these counters to its end, of whose rows
 * the ledger has none. */
static int end_of(struct send *send)
{
    const struct options options = {.input = list, .quiet = true};
    const struct input_options input = {.path = list, .cancel_fd = -1};
    const struct ledger_options temporary = {.server = "https://example.com",
                                             .organization = "acme"};
    struct error err = ERROR_INIT;
    send->options = &options;
    send->is_ledger_usable = true;
    send->is_report_usable = true;
    send->reasons = tally_new();
    send->retry_file = retry_file_new(NULL, list, NULL);
    log_init(&send->log, STDERR_FILENO, LOG_LEVEL_NONE);
    ok(input_open(&send->input, &input, &err), &err);
    ok(report_open(&send->report, "/dev/null", REPORT_CSV, &err), &err);
    ok(ledger_open(&send->ledger, &temporary, &err), &err);
    ok(ledger_begin_run(send->ledger, list, &err), &err);
    int exit_code = send_end(send);
    ledger_close(send->ledger);
    input_close(send->input);
    retry_file_free(send->retry_file);
    tally_free(send->reasons);
    log_clear(&send->log);
    return exit_code;
}

static void a_run_whose_books_agree_ends_well(void **state)
{
    struct send send = {.counters = {.rows_read = 0}};
    (void)state;
    assert_int_equal(end_of(&send), 0);
}

/* The ledger agrees with the rows that have a status: only the reader knows of
 * the one that was lost on its way. */
static void a_row_read_that_has_no_status_is_a_bug(void **state)
{
    struct send send = {.counters = {.rows_read = 1}};
    (void)state;
    assert_int_equal(end_of(&send), error_exit_code(ERROR_STORAGE));
    assert_string_equal(send.why.text,
                        "bug: 1 rows were read and 0 have a status");
}

/* However else it ended: a signal's exit code would hide it. */
static void a_bug_in_the_totals_outranks_how_the_run_ended(void **state)
{
    struct send send = {.counters = {.rows_read = 1}, .signal = 15};
    (void)state;
    send.why.kind = ERROR_SERVER;
    assert_int_equal(end_of(&send), error_exit_code(ERROR_STORAGE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_whose_books_agree_ends_well),
        cmocka_unit_test(a_row_read_that_has_no_status_is_a_bug),
        cmocka_unit_test(a_bug_in_the_totals_outranks_how_the_run_ended),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
