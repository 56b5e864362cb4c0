/*
 * The text of an option as each of its types: in range, or an error and an
 * untouched field.
 */
#include "app/values.h"
#include "fuzz.h"

#define OF(type_, field_) \
    .type = OPTION_##type_, .offset = offsetof(struct options, field_)

/* In range? */
static bool is_good(const struct options *options, enum option_type type)
{
    switch (type) {
    case OPTION_COUNT:
        return options->limit >= 3 && options->limit <= 70;
    case OPTION_SHARE:
        return !options->max_errors.is_percent ||
               options->max_errors.number <= 100;
    case OPTION_RATE:
        return options->rate.count >= 1 &&
               options->rate.count <= VALUE_RATE_MAX &&
               options->rate.per_us > 0;
    case OPTION_DURATION:
        return options->timeout_us >= 2 &&
               options->timeout_us <= VALUE_DURATION_MAX_US;
    case OPTION_TIME:
        return options->before_s > -INT64_C(100000000000) &&
               options->before_s < INT64_C(300000000000);
    case OPTION_CHOICE:
        return options->format != NULL;
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_BOOL:
    case OPTION_ACTION:
        break;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct option_spec specs[] = {
        {OF(COUNT, limit), .min = 3, .max = 70},
        {OF(SHARE, max_errors)},
        {OF(RATE, rate)},
        {OF(BOOL, yes)},
        {OF(DURATION, timeout_us), .min = 2},
        {OF(TIME, before_s)},
        {OF(TEXT, org)},
        {OF(CHOICE, format), .argument = "csv|jsonl"},
    };
    char *text = text_of(data, size);

    for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
        struct options options, before;
        struct error err = ERROR_INIT;

        memset(&options, 0, sizeof(options));
        memset(&before, 0, sizeof(before));
        if (value_parse(&specs[i], text, &options, &err))
            require(err.kind == ERROR_USAGE && err.text[0] &&
                    memcmp(&options, &before, sizeof(options)) == 0);
        else
            require(is_good(&options, specs[i].type));
    }
    free(text);
    return 0;
}
