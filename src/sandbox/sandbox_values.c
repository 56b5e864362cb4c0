#include "sandbox/sandbox_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sandbox/sandbox_limit.h"

static bool digits_to_uint(const char *digits, size_t len, uint64_t max,
                           uint64_t *value)
{
    uint64_t sum = 0;

    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(digits[i] - '0');
        if (digit > max || sum > (max - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

bool sandbox_value_uint(const char *text, uint64_t max, uint64_t *value)
{
    return digits_to_uint(text, strlen(text), max, value);
}

struct unit {
    const char *name;
    int64_t us;
};

static const struct unit units[] = {
    {"ms", US_PER_MS},
    {"s", US_PER_S},
    {"m", US_PER_MINUTE},
    {"h", US_PER_HOUR},
};

#define UNIT_COUNT (sizeof units / sizeof units[0])

static int64_t unit_us(const char *name)
{
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (strcmp(name, units[i].name) == 0)
            return units[i].us;
    }
    return 0;
}

bool sandbox_value_duration(const char *text, int64_t max_us, int64_t *value_us)
{
    size_t len = strspn(text, "0123456789");
    int64_t unit = unit_us(text + len);
    uint64_t count;

    if (unit == 0 ||
        !digits_to_uint(text, len, (uint64_t)(max_us / unit), &count))
        return false;
    *value_us = (int64_t)count * unit;
    return true;
}

bool sandbox_value_rate(const char *text, uint32_t *count, int64_t *per_us)
{
    size_t len = strspn(text, "0123456789");
    uint64_t value;

    if (text[len] != '/' || strcmp(text + len + 1, "ms") == 0)
        return false;
    int64_t unit = unit_us(text + len + 1);
    if (unit == 0 || !digits_to_uint(text, len, SANDBOX_LIMIT_MAX, &value) ||
        value == 0)
        return false;
    *count = (uint32_t)value;
    *per_us = unit;
    return true;
}

bool sandbox_value_share(const char *text, uint32_t *millionths)
{
    uint64_t percent;
    uint64_t sum;
    uint64_t weight = SANDBOX_SHARE_ALL / 1000; /* of the first decimal */
    size_t len = strspn(text, "0123456789");
    const char *rest = text + len;

    if (!digits_to_uint(text, len, 100, &percent))
        return false;
    sum = percent * (SANDBOX_SHARE_ALL / 100);
    if (*rest == '.') {
        rest++;
        if (*rest < '0' || *rest > '9')
            return false;
        for (; *rest >= '0' && *rest <= '9'; rest++) {
            sum += (uint64_t)(*rest - '0') * weight;
            weight /= 10;
        }
    }
    if (strcmp(rest, "%") != 0 && *rest != '\0')
        return false;
    if (sum > SANDBOX_SHARE_ALL)
        return false;
    *millionths = (uint32_t)sum;
    return true;
}

bool sandbox_value_status(const char *text, int *status)
{
    uint64_t value;

    if (!sandbox_value_uint(text, 599, &value) || value < 200)
        return false;
    *status = (int)value;
    return true;
}

bool sandbox_value_name(const char *text, const char *const *names,
                        size_t count, size_t *index)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], text) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

void sandbox_value_show_duration(int64_t value_us, char *text)
{
    const struct unit *unit = &units[1]; /* "0s" */

    for (size_t i = 0; value_us > 0 && i < UNIT_COUNT; i++) {
        if (value_us % units[i].us == 0)
            unit = &units[i];
    }
    snprintf(text, SANDBOX_VALUE_SIZE, "%" PRId64 "%s", value_us / unit->us,
             unit->name);
}

void sandbox_value_show_rate(uint32_t count, int64_t per_us, char *text)
{
    const char *unit = "";

    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (units[i].us == per_us)
            unit = units[i].name;
    }
    snprintf(text, SANDBOX_VALUE_SIZE, "%" PRIu32 "/%s", count, unit);
}

void sandbox_value_show_share(uint32_t millionths, char *text)
{
    uint32_t per_percent = SANDBOX_SHARE_ALL / 100;
    int len = snprintf(text, SANDBOX_VALUE_SIZE, "%" PRIu32 ".%04" PRIu32,
                       millionths / per_percent, millionths % per_percent);

    while (text[len - 1] == '0')
        len--;
    if (text[len - 1] == '.')
        len--;
    snprintf(text + len, (size_t)(SANDBOX_VALUE_SIZE - len), "%%");
}
