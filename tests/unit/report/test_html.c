#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "report/html.h"
#include "report/html_parts.h"

#define STARTED_S 1700000000 /* 2023-11-14 22:13:20 */

static char folder[] = "/tmp/test_html.XXXXXX";
static char path[sizeof(folder) + 16];
static char page[1 << 18];
static struct error err;

static const struct html_run run = {.id = 7,
                                    .input = "team.csv",
                                    .server = "https://api.example",
                                    .organization = "acme",
                                    .end = "done",
                                    .started_s = STARTED_S,
                                    .ended_s = STARTED_S + 100};

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/page.html", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char previous[sizeof(path) + 2];

    (void)state;
    snprintf(previous, sizeof(previous), "%s.1", path);
    unlink(path);
    unlink(previous);
    return rmdir(folder);
}

static void ok(enum error_kind kind)
{
    if (kind)
        fail_msg("%s", err.text);
}

struct rows {
    struct row *const *rows;
    size_t count;
};

static enum error_kind each_row(void *context, html_take_row *take, void *html,
                                struct error *told)
{
    const struct rows *rows = context;

    for (size_t i = 0; i < rows->count; i++)
        ok(take(html, rows->rows[i], told));
    return ERROR_NONE;
}

static enum error_kind each_hold(void *context, struct html *html,
                                 struct error *told)
{
    (void)context;
    (void)told;
    html_add_hold(html,
                  (struct hold){STARTED_S + 10, STARTED_S + 40, HOLD_QUOTA});
    html_add_hold(
        html, (struct hold){STARTED_S + 90, STARTED_S + 900, HOLD_SERVER_DOWN});
    return ERROR_NONE;
}

/* The body of the page about these rows. */
static const char *page_of(struct html_run about, struct row *const *rows,
                           size_t count)
{
    struct rows all = {rows, count};

    about.each_row = each_row;
    about.each_hold = each_hold;
    about.context = &all;
    ok(html_write(path, &about, &err));
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t len = fread(page, 1, sizeof(page) - 1, file);
    fclose(file);
    page[len] = '\0';
    return strstr(page, "<body>");
}

static struct row *row_of(uint64_t line, const char *email, const char *role,
                          enum status status, const char *error)
{
    struct row *row =
        row_new(line, email, strlen(email), role, strlen(role), NULL);
    outcome_set(&row->outcome, status, CODE_NONE, error);
    row->settled_s = STARTED_S + (int64_t)line;
    return row;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in %s", part, text);
}

static void has_not(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" is in %s", part, text);
}

static void strangers_text_is_shown_and_never_obeyed(void **state)
{
    static const struct {
        const char *text;
        const char *shown;
    } cases[] = {
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"\" onload='x' &amp;", "&quot; onload=&#39;x&#39; &amp;amp;"},
        {"a\x1b[31m\n\x7f", "a\\x1B[31m\\n\\x7F"},
        {"\xe2\x80\xae"
         "gnp.exe",
         "\\u{202E}gnp.exe"},
        {"bad \xff\xc3", "bad \\xFF\\xC3"},
        {"\xc3\xbc\xe2\x82\xac", "\xc3\xbc\xe2\x82\xac"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct strbuf out;
        strbuf_init(&out, 4096);
        html_text(&out, cases[i].text);
        assert_string_equal(strbuf_str(&out), cases[i].shown);
        strbuf_clear(&out);
    }
}

static void a_long_text_is_cut_between_characters(void **state)
{
    char text[HTML_TEXT_MOST + 3];
    struct strbuf out;

    (void)state;
    memset(text, 'x', sizeof(text));
    /* the last byte that fits is the first one of this */
    memcpy(text + HTML_TEXT_MOST - 1, "\xc3\xbc", 3);
    strbuf_init(&out, 4096);
    html_text(&out, text);
    assert_int_equal(out.len, HTML_TEXT_MOST - 1 + strlen("&hellip;"));
    has(strbuf_str(&out), "x&hellip;");
    strbuf_clear(&out);
}

static void numbers_have_commas(void **state)
{
    (void)state;
    assert_string_equal(html_number(7).text, "7");
    assert_string_equal(html_number(999).text, "999");
    assert_string_equal(html_number(1234567).text, "1,234,567");
    assert_string_equal(html_number(UINT64_MAX).text,
                        "18,446,744,073,709,551,615");
}

static void one_row_that_is_well_needs_no_list(void **state)
{
    struct row *row =
        row_of(2, "ada@example.com", "admin", STATUS_INVITED, NULL);
    const char *body = page_of(run, &row, 1);

    (void)state;
    has(page, "<title>Run 7 of bulk-invite</title>");
    has(body, "<h1>1 person was invited</h1>");
    has(body, "<td class=n>1<td>The server made the invitation.");
    has(body, ">example.com<td>");
    has_not(body, "id=rows");
    has_not(page, "ada@");
    row_free(row);
}

static void every_row_that_needs_a_look_is_on_the_page(void **state)
{
    struct row *rows[] = {
        row_of(2, "ada@example.com", "admin", STATUS_INVITED, NULL),
        row_of(3, "bob@Example.COM", "enginer", STATUS_REJECTED,
               "no such role"),
        row_of(4, "cleo@example.org", "enginer", STATUS_REJECTED,
               "no such role"),
        row_of(5, "", "", STATUS_INVALID, "\"email\" is empty"),
        row_of(6, "ada@example.com", "admin", STATUS_DUPLICATE, "same person"),
        row_of(7, "dan@example.com", "admin", STATUS_UNPROCESSED, "stopped"),
    };
    size_t count = sizeof(rows) / sizeof(*rows);
    struct html_run again = run;
    again.already_invited = 1200;
    const char *body = page_of(again, rows, count);

    (void)state;
    has(body,
        "<h1>1 person was invited, <a class=look href=\"#rows\">4 rows need a "
        "look</a></h1>");
    has(body, "<th>All rows<td class=n>1,206<td>");
    has(body, "<th>refused by the server: no such role<td class=n>2<td>3, 4");
    /* example.com: one invited, one duplicate, two that need a look */
    has(strstr(body, ">example.com<td>"),
        "<td class=n>1<td class=n>1<td class=n>2<");
    has(body, "<tr><th>3<td>bob@Example.COM<td>enginer<td>rejected"
              "<td>no such role</tr>");
    has(body, "<tr><th>5<td class=muted>none<td class=muted>none"
              "<td>invalid<td>&quot;email&quot; is empty</tr>");
    has(body, "<tr><th>7<td>");
    has_not(body, "<tr><th>2<td>");
    has_not(body, "<tr><th>6<td>");
    has(body, "Not in here: 1 row that was not sent");
    has(body, "1,200 rows were only counted");
    for (size_t i = 0; i < count; i++)
        row_free(rows[i]);
}

static void names_beyond_the_first_are_put_together(void **state)
{
    struct row *rows[30];
    size_t count = sizeof(rows) / sizeof(*rows);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        char role[16];
        snprintf(role, sizeof(role), "role%zu", i);
        rows[i] = row_of(i + 2, "ada@example.com", role,
                         i == 29 ? STATUS_INVALID : STATUS_INVITED, "no");
    }
    const char *body = page_of(run, rows, count);
    has(body, "<tr><th>role24<td>");
    has_not(body, "<tr><th>role25<td>");
    has(strstr(body, "<tr><th class=muted>all others<td>"),
        "<td class=n>4<td class=n>0<td class=n>1<");
    for (size_t i = 0; i < count; i++)
        row_free(rows[i]);
}

static void a_run_without_rows_says_so(void **state)
{
    const char *body = page_of(run, NULL, 0);

    (void)state;
    has(body, "<h1>There were no rows</h1>");
    has_not(body, "<svg");
}

static void the_next_page_keeps_the_one_before(void **state)
{
    char previous[sizeof(path) + 2];

    (void)state;
    snprintf(previous, sizeof(previous), "%s.1", path);
    page_of(run, NULL, 0);
    page_of(run, NULL, 0);
    assert_int_equal(access(previous, R_OK), 0);
}

static void holds_are_drawn_told_and_cut_at_the_runs_end(void **state)
{
    struct row *row =
        row_of(2, "ada@example.com", "admin", STATUS_INVITED, NULL);
    const char *body = page_of(run, &row, 1);

    (void)state;
    /* 30 s and, of 810 s, the 10 s to the end; a column of 1 s is 10 wide */
    has(body, "Everything waited 2 times, for 40 s in all");
    has(body, "<rect class=quota x=100.00 width=300.00 ");
    has(body, "<rect class=down x=900.00 width=100.00 ");
    has(body, "<li class=quota>The server asked to wait: 30 s");
    has(body, "<li class=down>The server was unavailable: 10 s");
    row_free(row);
}

static void a_hold_that_was_made_longer_is_one(void **state)
{
    struct html_chart *chart = calloc(1, sizeof(*chart));

    (void)state;
    chart->start_s = 1000;
    html_chart_hold(chart, (struct hold){1010, 1020, HOLD_QUOTA});
    html_chart_hold(chart, (struct hold){1015, 1050, HOLD_QUOTA});
    html_chart_hold(chart, (struct hold){1050, 1060, HOLD_QUOTA});
    html_chart_hold(chart, (struct hold){1070, 1080, HOLD_NONE});
    html_chart_hold(chart, (struct hold){900, 1080, HOLD_QUOTA});
    assert_int_equal(chart->hold_count, 2);
    assert_int_equal(chart->holds[0].until_s, 1050);
    assert_int_equal(chart->held_s[HOLD_QUOTA], 50);
    free(chart);
}

static void columns_grow_wider_and_lose_no_row(void **state)
{
    struct html_chart *chart = calloc(1, sizeof(*chart));
    uint64_t sum = 0;

    (void)state;
    chart->start_s = 1000;
    /* four days, and then two hundred years */
    for (int64_t i = 0; i < 5000; i++)
        html_chart_add(chart, 1000 + i * 70, HTML_INVITED);
    html_chart_add(chart, INT64_C(6000000000), HTML_LOOK);
    for (size_t i = 0; i < HTML_CHART_COLUMNS; i++)
        sum += chart->columns[i][HTML_INVITED];
    assert_int_equal(sum, 5000);
    assert_int_equal(chart->columns[0][HTML_INVITED], 5000);
    assert_int_equal(chart->columns[HTML_CHART_COLUMNS - 1][HTML_LOOK], 1);
    free(chart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_text_is_shown_and_never_obeyed),
        cmocka_unit_test(a_long_text_is_cut_between_characters),
        cmocka_unit_test(numbers_have_commas),
        cmocka_unit_test(one_row_that_is_well_needs_no_list),
        cmocka_unit_test(every_row_that_needs_a_look_is_on_the_page),
        cmocka_unit_test(names_beyond_the_first_are_put_together),
        cmocka_unit_test(a_run_without_rows_says_so),
        cmocka_unit_test(the_next_page_keeps_the_one_before),
        cmocka_unit_test(holds_are_drawn_told_and_cut_at_the_runs_end),
        cmocka_unit_test(a_hold_that_was_made_longer_is_one),
        cmocka_unit_test(columns_grow_wider_and_lose_no_row),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
