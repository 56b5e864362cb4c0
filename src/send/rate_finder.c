#include "send/rate_finder.h"

#include "base/clock.h"

/* At most one answer in a hundred is a refusal, or ten in all. */
#define REFUSALS_FREE       10
#define ANSWERS_PER_REFUSAL 100

#define JUST_UNDER 0.97 /* of what was measured */
/* So much comes and goes by itself: on loopback it is many times the least. */
#define LATENCY_NOISE_US (10 * US_PER_MS)

#define STEP_FIRST           1.0
#define STEP_SHRINKS_AT_ONCE 4 /* the measure was right */
#define STEP_SHRINKS         3
#define TELLING_ANSWERS      4
#define STEP_LAST            0.03 /* from here on steps are rare */
#define STEP_SHOWS           2    /* a step of s shows within 3/s answers */
#define RARE_ANSWERS         300
#define RARE_US              (10 * US_PER_S)
#define PROVEN_ANSWERS       20
#define DROP_MOST            0.7 /* of a proven rate at one refusal */
#define PAUSE_LEAST_US       (250 * US_PER_MS)
#define PAUSE_MOST_US        US_PER_HOUR
#define PAUSE_GROWTH         3

void rate_finder_init(struct rate_finder *finder, uint32_t concurrency,
                      double learned_per_s)
{
    *finder = (struct rate_finder){
        .concurrency = concurrency,
        .lanes = 1,
        .rate_per_s = learned_per_s,
        .sure_rate_per_s = learned_per_s,
        .step = STEP_LAST,
        .is_proven = learned_per_s > 0,
    };
}

uint64_t rate_finder_refusals_left(const struct rate_finder *finder)
{
    uint64_t allowed = finder->answers / ANSWERS_PER_REFUSAL;
    if (allowed < REFUSALS_FREE)
        allowed = REFUSALS_FREE;
    return allowed > finder->refusals ? allowed - finder->refusals : 0;
}

uint32_t rate_finder_lanes(const struct rate_finder *finder)
{
    return finder->rate_per_s > 0 ? finder->concurrency : finder->lanes;
}

static void note_latency(struct rate_finder *finder, int64_t latency_us)
{
    if (finder->answers == 1 || latency_us < finder->least_latency_us)
        finder->least_latency_us = latency_us;
    if (finder->answers == 1)
        finder->latency_us = latency_us;
    finder->latency_us += (latency_us - finder->latency_us) / 8;
}

static void grow(struct rate_finder *finder)
{
    if (++finder->answers_in_round < finder->lanes)
        return;
    finder->answers_in_round = 0;
    uint64_t most = rate_finder_refusals_left(finder) / 2;
    if (most > finder->concurrency)
        most = finder->concurrency;
    bool is_slower =
        finder->latency_us > 2 * finder->least_latency_us + LATENCY_NOISE_US;
    if (is_slower)
        return;
    if (2 * finder->lanes < most)
        finder->lanes *= 2;
    else if (finder->lanes < most)
        finder->lanes = (uint32_t)most;
}

static void set_rate(struct rate_finder *finder, double rate, int64_t now_us)
{
    finder->rate_per_s = rate;
    finder->rate_from_us = now_us;
    finder->answers_at_rate = 0;
}

/* The hold is over: the whole cycle is known now. */
static void measure(struct rate_finder *finder, int64_t now_us)
{
    int64_t cycle_us = now_us - finder->cycle_from_us;
    bool is_first = finder->rate_per_s <= 0;
    bool is_step = finder->rate_per_s > finder->sure_rate_per_s;
    double rate = JUST_UNDER * (double)finder->cycle_answers *
                  (double)US_PER_S / (double)(cycle_us > 0 ? cycle_us : 1);
    double least = 0;
    if (is_step)
        least = finder->sure_rate_per_s;
    else if (finder->is_proven)
        least = DROP_MOST * finder->sure_rate_per_s;
    if (rate < least)
        rate = least;
    /* never again as fast as what was just refused */
    if (!is_first && rate > JUST_UNDER * finder->rate_per_s)
        rate = JUST_UNDER * finder->rate_per_s;
    finder->is_proven = is_step && finder->is_proven;
    finder->sure_rate_per_s = rate;
    finder->last_cycle_us = cycle_us;
    bool tells_little = finder->cycle_answers < TELLING_ANSWERS;
    if (is_first)
        finder->step = tells_little ? STEP_FIRST : STEP_FIRST / STEP_SHRINKS;
    else
        finder->step /=
            is_step && finder->steps == 0 ? STEP_SHRINKS_AT_ONCE : STEP_SHRINKS;
    finder->steps = 0;
    finder->last_hold_us = now_us - finder->refused_us;
    finder->last_cycle_refusals = finder->cycle_refusals;
    finder->cycle_refusals = 0;
    if (finder->step < STEP_LAST)
        finder->step = STEP_LAST;
    set_rate(finder, rate, now_us);
    finder->cycle_from_us = now_us;
    finder->cycle_answers = 0;
    finder->is_refused = false;
    finder->pause_us = 0;
}

bool rate_finder_set_ceiling(struct rate_finder *finder, double ceiling_per_s,
                             int64_t now_us)
{
    bool is_same = finder->ceiling_per_s >= 0.99 * ceiling_per_s &&
                   finder->ceiling_per_s <= 1.01 * ceiling_per_s;
    if (is_same)
        return false;
    finder->ceiling_per_s = ceiling_per_s;
    finder->sure_rate_per_s = ceiling_per_s;
    finder->is_proven = true;
    set_rate(finder, ceiling_per_s, now_us);
    return true;
}

/* Has the present rate been tried for long enough? */
static bool is_tried(const struct rate_finder *finder, int64_t now_us)
{
    int64_t tried_us = now_us - finder->rate_from_us;
    if (tried_us < finder->last_cycle_us)
        return false;
    if (finder->step > STEP_LAST)
        return (double)finder->answers_at_rate >= STEP_SHOWS / finder->step;
    return finder->answers_at_rate >= RARE_ANSWERS && tried_us >= RARE_US;
}

static bool step_up(struct rate_finder *finder, int64_t started_us,
                    int64_t now_us)
{
    if (started_us < finder->rate_from_us)
        return false;
    finder->answers_at_rate++;
    if (finder->answers_at_rate >= PROVEN_ANSWERS &&
        finder->rate_per_s <= finder->sure_rate_per_s)
        finder->is_proven = true;
    if (!is_tried(finder, now_us) ||
        rate_finder_refusals_left(finder) < finder->last_cycle_refusals + 2)
        return false;
    if (finder->rate_per_s > finder->sure_rate_per_s)
        finder->steps++;
    finder->sure_rate_per_s = finder->rate_per_s;
    double rate = finder->rate_per_s * (1 + finder->step);
    if (finder->ceiling_per_s > 0 && rate > finder->ceiling_per_s)
        rate = finder->ceiling_per_s;
    set_rate(finder, rate, now_us);
    return true;
}

bool rate_finder_answered(struct rate_finder *finder, int64_t started_us,
                          int64_t now_us)
{
    bool has_changed = false;
    if (finder->answers++ == 0)
        finder->cycle_from_us = started_us;
    note_latency(finder, now_us - started_us);
    if (finder->is_refused) {
        measure(finder, now_us);
        has_changed = true;
    } else if (finder->rate_per_s > 0) {
        has_changed = step_up(finder, started_us, now_us);
    } else {
        grow(finder);
    }
    finder->cycle_answers++;
    return has_changed;
}

int64_t rate_finder_refused(struct rate_finder *finder, int64_t now_us)
{
    finder->refusals++;
    finder->cycle_refusals++;
    if (!finder->is_refused)
        finder->refused_us = now_us;
    finder->is_refused = true;
    bool is_longer = finder->pause_us > 0;
    finder->pause_us =
        is_longer ? finder->pause_us * PAUSE_GROWTH : finder->last_hold_us / 8;
    if (finder->pause_us < PAUSE_LEAST_US)
        finder->pause_us = PAUSE_LEAST_US;
    if (finder->pause_us > PAUSE_MOST_US)
        finder->pause_us = PAUSE_MOST_US;
    return finder->pause_us;
}

void rate_finder_answered_late(struct rate_finder *finder)
{
    finder->answers++;
    finder->cycle_answers++;
}

void rate_finder_refused_late(struct rate_finder *finder)
{
    finder->refusals++;
}

void rate_finder_restart(struct rate_finder *finder, int64_t now_us)
{
    finder->cycle_from_us = now_us;
    finder->cycle_answers = 0;
}
