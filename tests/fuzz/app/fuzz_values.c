/*
 * The text of an option as each of its types: in range, or an error and an
 * untouched value.
 */
#include "app/values.h"
#include "fuzz.h"

static struct error err;

/* An error says something; a value is untouched by one. */
static bool is_read(enum error_kind kind, bool is_untouched)
{
    require(kind == ERROR_NONE ||
            (kind == ERROR_USAGE && err.text[0] && is_untouched));
    return kind == ERROR_NONE;
}

static void numbers(const char *text)
{
    uint64_t count = 77, number = 77;
    bool is_percent = false, is_true = false;
    struct rate rate = {.count = 0};

    if (is_read(value_parse_count(text, 3, 70, &count, &err), count == 77))
        require(count >= 3 && count <= 70);
    count = 77;
    is_read(value_parse_count(text, 0, UINT64_MAX, &count, &err), count == 77);
    if (is_read(value_parse_share(text, &number, &is_percent, &err),
                number == 77 && !is_percent))
        require(!is_percent || number <= 100);
    if (is_read(value_parse_rate(text, &rate, &err), rate.count == 0))
        require(rate.count >= 1 && rate.count <= VALUE_RATE_MAX);
    is_read(value_parse_bool(text, &is_true, &err), !is_true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    int64_t us = -77, s = INT64_MIN;

    if (is_read(value_parse_duration(text, &us, &err), us == -77))
        require(us >= 0 && us <= VALUE_DURATION_MAX_US);
    if (is_read(value_parse_time(text, &s, &err), s == INT64_MIN))
        require(s > -INT64_C(100000000000) && s < INT64_C(300000000000));
    numbers(text);
    free(text);
    return 0;
}
