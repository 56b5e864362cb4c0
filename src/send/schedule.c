#include "send/schedule.h"

#include "base/clock.h"

#define BURST_WINDOW_US (10 * US_PER_MS)

void schedule_init(struct schedule *schedule, struct rate rate, int64_t now_us)
{
    *schedule = (struct schedule){.rate = rate, .start_us = now_us};
    if (rate.count == 0)
        return;
    int64_t burst = BURST_WINDOW_US * rate.count / rate.per_us;
    if (burst > 1)
        schedule->burst_tolerance = (burst - 1) * rate.per_us;
}

static bool is_unlimited(const struct schedule *schedule)
{
    return schedule->rate.count == 0;
}

void schedule_set_rate(struct schedule *schedule, struct rate rate,
                       int64_t now_us)
{
    int64_t last_us = schedule->last_us;
    schedule_init(schedule, rate, now_us);
    schedule->last_us = last_us;
    schedule->arrival = (last_us - now_us) * rate.count + rate.per_us;
    if (schedule->arrival < 0)
        schedule->arrival = 0;
}

void schedule_give_credit(struct schedule *schedule, int64_t credit_us,
                          int64_t now_us)
{
    if (is_unlimited(schedule))
        return;
    schedule->arrival =
        (now_us - credit_us - schedule->start_us) * schedule->rate.count;
    schedule->has_credit = true;
}

int64_t schedule_next_us(const struct schedule *schedule)
{
    if (is_unlimited(schedule))
        return INT64_MIN;
    int64_t count = schedule->rate.count;
    int64_t earliest = schedule->arrival - schedule->burst_tolerance;
    /* round up: a permit may be late, never early */
    return schedule->start_us + (earliest + count - 1) / count;
}

void schedule_take(struct schedule *schedule, int64_t now_us)
{
    schedule->last_us = now_us;
    if (is_unlimited(schedule))
        return;
    int64_t now = (now_us - schedule->start_us) * schedule->rate.count;
    if (schedule->arrival >= now)
        schedule->has_credit = false;
    /* What was not used is gone: the schedule never lags behind now. */
    if (schedule->arrival < now && !schedule->has_credit)
        schedule->arrival = now;
    schedule->arrival += schedule->rate.per_us;
}

uint32_t schedule_count(const struct schedule *schedule, int64_t now_us,
                        int64_t until_us, uint32_t most)
{
    if (is_unlimited(schedule))
        return most;
    int64_t first_us = schedule_next_us(schedule);
    if (first_us > until_us)
        return 0;
    if (first_us < now_us && !schedule->has_credit)
        first_us = now_us;
    int64_t more =
        (until_us - first_us) * schedule->rate.count / schedule->rate.per_us;
    int64_t burst = schedule->burst_tolerance / schedule->rate.per_us;
    int64_t count = 1 + more + burst;
    return count < most ? (uint32_t)count : most;
}
