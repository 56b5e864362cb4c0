#include "send/pacer.h"

#include "base/clock.h"
#include "base/random.h"

#define PAUSE_FIRST_US US_PER_S
#define PAUSE_CAP_US   US_PER_MINUTE

/* A hold of this long is a window's rest rather than a bucket's refill: what it
 * let through unused may follow at once. */
#define CREDIT_HOLD_US (10 * US_PER_S)
#define CREDIT_LANES   2

/* A policy's window up to this is paced evenly, and so much of it is used. */
#define SHORT_WINDOW_US (10 * US_PER_S)
#define POLICY_USED     0.98

/* Servers count a reset in whole seconds, and clocks differ a little. */
#define QUOTA_ROUNDING_US   (1500 * US_PER_MS)
#define QUOTA_MARGIN_US     (100 * US_PER_MS)
#define UNAVAILABLE_IS_DOWN 3
#define UNKNOWN_IS_DOWN     5

static bool finds_its_rate(const struct pacer *pacer)
{
    return pacer->options.rate.count == 0;
}

/* As the schedule counts: thousandths of an attempt. */
static struct rate rate_of(double per_s)
{
    double thousandths = per_s * 1000;
    if (thousandths < 0.001)
        return (struct rate){0, 0};
    if (thousandths < 1000) /* slow ones in thousandths an hour */
        return (struct rate){(uint32_t)(thousandths * 3600 + 1),
                             1000 * US_PER_HOUR};
    if (thousandths > (double)UINT32_MAX / 2)
        return (struct rate){0, 0};
    return (struct rate){(uint32_t)thousandths, 1000 * US_PER_S};
}

void pacer_init(struct pacer *pacer, const struct pacer_options *options,
                int64_t now_us)
{
    *pacer = (struct pacer){
        .options = *options,
        .is_probing = true,
        .trouble_since_us = CLOCK_NEVER_US,
        .random = options->seed,
    };
    schedule_init(&pacer->schedule, options->rate, now_us);
    rate_finder_init(&pacer->finder, options->concurrency,
                     options->learned_per_s);
    if (options->held_until_us > now_us) {
        pacer->hold_reason = HOLD_QUOTA;
        pacer->hold_from_us = now_us;
        pacer->hold_began_us = now_us;
        pacer->hold_until_us = options->held_until_us;
        pacer->has_given_up =
            options->held_until_us - now_us > options->max_wait_us;
    }
    if (finds_its_rate(pacer) && options->learned_per_s > 0)
        schedule_init(&pacer->schedule, rate_of(options->learned_per_s),
                      now_us);
}

static bool is_quota_used_up(const struct pacer *pacer, int64_t now_us)
{
    return pacer->quota.is_known && pacer->quota.left <= 0 &&
           now_us < pacer->quota.until_us;
}

static uint32_t lanes(const struct pacer *pacer, int64_t now_us)
{
    bool is_quota_over =
        pacer->quota.is_known && now_us >= pacer->quota.until_us;
    if (pacer->is_probing || is_quota_over)
        return 1;
    if (pacer->quota.is_known)
        return pacer->options.concurrency;
    if (finds_its_rate(pacer) && pacer->schedule.has_credit)
        return CREDIT_LANES;
    if (finds_its_rate(pacer))
        return rate_finder_lanes(&pacer->finder);
    return pacer->options.concurrency;
}

int64_t pacer_next_us(const struct pacer *pacer, int64_t now_us)
{
    if (pacer->in_flight >= lanes(pacer, now_us))
        return CLOCK_NEVER_US;
    int64_t next_us = schedule_next_us(&pacer->schedule);
    if (pacer->hold_reason != HOLD_NONE && pacer->hold_until_us > next_us)
        next_us = pacer->hold_until_us;
    if (is_quota_used_up(pacer, now_us) && pacer->quota.until_us > next_us)
        next_us = pacer->quota.until_us;
    return next_us > now_us ? next_us : now_us;
}

bool pacer_take(struct pacer *pacer, int64_t now_us)
{
    if (pacer_next_us(pacer, now_us) > now_us)
        return false;
    pacer->in_flight++;
    if (pacer->quota.is_known && now_us >= pacer->quota.until_us) {
        pacer->quota.is_known = false;
        pacer->is_probing = true;
    }
    pacer->quota.left--;
    schedule_take(&pacer->schedule, now_us);
    return true;
}

uint32_t pacer_startable(const struct pacer *pacer, int64_t now_us,
                         int64_t horizon_us)
{
    int64_t until_us = now_us + horizon_us;
    if (pacer->hold_reason != HOLD_NONE && pacer->hold_until_us > until_us)
        return 0;
    uint32_t most = lanes(pacer, now_us);
    if (is_quota_used_up(pacer, until_us) ||
        (most == 1 && pacer->in_flight > 0))
        return 0;
    if (pacer->quota.is_known && now_us < pacer->quota.until_us &&
        pacer->quota.left < most)
        most = pacer->quota.left > 1 ? (uint32_t)pacer->quota.left : 1;
    return schedule_count(&pacer->schedule, now_us, until_us, most);
}

/* Doubles from the first pause to the cap, in its upper half at random: a
 * pause near zero would be no pause. */
static int64_t pause_us(struct pacer *pacer)
{
    unsigned doublings = pacer->holds_in_row < 6 ? pacer->holds_in_row : 6;
    int64_t pause = PAUSE_FIRST_US << doublings;
    if (pause > PAUSE_CAP_US)
        pause = PAUSE_CAP_US;
    return pause / 2 + random_below(&pacer->random, pause / 2 + 1);
}

/* How long to hold for a quota when the server does not say. */
static int64_t quota_pause_us(struct pacer *pacer, int64_t now_us)
{
    if (!finds_its_rate(pacer))
        return pause_us(pacer);
    int64_t pause = rate_finder_refused(&pacer->finder, now_us);
    return pause + random_below(&pacer->random, pause / 10 + 1);
}

static void hold(struct pacer *pacer, enum hold_reason reason, int64_t asked_us,
                 int64_t now_us)
{
    int64_t length_us =
        reason == HOLD_QUOTA ? quota_pause_us(pacer, now_us) : pause_us(pacer);
    if (asked_us >= 0)
        length_us = asked_us + random_below(&pacer->random, asked_us / 20 + 1);
    int64_t allowed_us = reason == HOLD_QUOTA ? pacer->options.max_wait_us
                                              : pacer->options.give_up_after_us;
    int64_t deadline_us = CLOCK_NEVER_US;
    if (pacer->trouble_since_us < CLOCK_NEVER_US - allowed_us)
        deadline_us = pacer->trouble_since_us + allowed_us;
    if (now_us + length_us > deadline_us) {
        /* A quota that opens too late is known to be useless now; a server
         * may come back until the last moment. */
        if (reason == HOLD_QUOTA || now_us >= deadline_us)
            pacer->has_given_up = true;
        /* The next run must still learn when the quota opens. */
        if (reason != HOLD_QUOTA)
            length_us = deadline_us > now_us ? deadline_us - now_us : 0;
    }
    if (pacer->hold_reason == HOLD_NONE)
        pacer->hold_began_us = now_us;
    pacer->hold_reason = reason;
    pacer->hold_from_us = now_us;
    pacer->hold_until_us = now_us + length_us;
    pacer->holds_in_row++;
    pacer->is_probing = true;
}

/* Tells the finder, and follows what it found. */
static void learn(struct pacer *pacer, int64_t started_us, int64_t now_us)
{
    int64_t held_us = 0;
    if (pacer->hold_reason == HOLD_QUOTA)
        held_us = now_us - pacer->hold_began_us;
    else if (pacer->hold_reason == HOLD_SERVER_DOWN)
        rate_finder_restart(&pacer->finder, now_us);
    if (!rate_finder_answered(&pacer->finder, started_us, now_us))
        return;
    schedule_set_rate(&pacer->schedule, rate_of(pacer->finder.rate_per_s),
                      now_us);
    if (held_us >= CREDIT_HOLD_US && !pacer->is_credit_refused &&
        rate_finder_refusals_left(&pacer->finder) >= 3)
        schedule_give_credit(&pacer->schedule, held_us - held_us / 10, now_us);
}

static void answered(struct pacer *pacer, bool is_of_before_hold,
                     int64_t started_us, int64_t now_us)
{
    pacer->unavailable_in_row = 0;
    pacer->unknown_in_row = 0;
    if (is_of_before_hold) {
        rate_finder_answered_late(&pacer->finder);
        return;
    }
    if (finds_its_rate(pacer))
        learn(pacer, started_us, now_us);
    pacer->is_probing = false;
    pacer->hold_reason = HOLD_NONE;
    pacer->holds_in_row = 0;
    pacer->trouble_since_us = CLOCK_NEVER_US;
}

/* Is the trouble such that the server as a whole must be down? */
static bool means_down(struct pacer *pacer, enum result_kind kind)
{
    if (kind == RESULT_NOT_PROCESSED)
        return ++pacer->unavailable_in_row >= UNAVAILABLE_IS_DOWN;
    if (kind == RESULT_UNKNOWN || kind == RESULT_NOT_OURS)
        return ++pacer->unknown_in_row >= UNKNOWN_IS_DOWN;
    return kind == RESULT_UNREACHABLE;
}

static bool is_proper_answer(enum result_kind kind)
{
    return kind == RESULT_ANSWERED || kind == RESULT_WRONG_DOOR ||
           kind == RESULT_UNAUTHORIZED || kind == RESULT_MISCONFIGURED;
}

/* A short window's resets are said in whole seconds, too coarse to wait for:
 * what it holds is spread over it instead. */
static void follow_policy(struct pacer *pacer, const struct quota_hint *hint,
                          int64_t now_us)
{
    if (!finds_its_rate(pacer) || hint->limit <= 0 ||
        hint->window_us > SHORT_WINDOW_US)
        return;
    pacer->follows_policy = true;
    if (rate_finder_set_ceiling(&pacer->finder,
                                POLICY_USED * (double)hint->limit *
                                    (double)US_PER_S / (double)hint->window_us,
                                now_us))
        schedule_set_rate(&pacer->schedule, rate_of(pacer->finder.rate_per_s),
                          now_us);
}

/* Of answers that come out of order the most careful counts: what is still in
 * flight may not be in the number yet. */
static void note_quota(struct pacer *pacer, const struct quota_hint *hint,
                       int64_t now_us)
{
    follow_policy(pacer, hint, now_us);
    if (pacer->follows_policy || hint->remaining < 0 || hint->reset_us < 0)
        return;
    int64_t until_us = now_us + hint->reset_us + QUOTA_MARGIN_US;
    int64_t left = hint->remaining - pacer->in_flight;
    int64_t moved_us = until_us - pacer->quota.until_us;
    bool is_same_window = pacer->quota.is_known &&
                          moved_us < QUOTA_ROUNDING_US &&
                          moved_us > -QUOTA_ROUNDING_US;
    if (is_same_window && pacer->quota.left < left)
        left = pacer->quota.left;
    pacer->quota.is_known = true;
    pacer->quota.left = left;
    pacer->quota.until_us = until_us;
    if (left <= 0 && hint->reset_us > pacer->options.max_wait_us)
        pacer->has_given_up = true;
}

void pacer_end(struct pacer *pacer, enum result_kind kind, int64_t started_us,
               const struct server_wish *wish, int64_t now_us)
{
    bool is_quota = kind == RESULT_QUOTA;
    pacer->in_flight--;
    if (kind == RESULT_NOT_SENT)
        return;
    note_quota(pacer, &wish->quota, now_us);
    /* "Now", with a refusal, is no leave to hammer. */
    int64_t retry_after_us =
        wish->retry_after_us > 0 ? wish->retry_after_us : -1;
    /* Several attempts that were in flight together tell of one trouble once:
     * only one that started after the hold began can make it longer. */
    bool is_of_before_hold =
        pacer->hold_reason != HOLD_NONE && started_us <= pacer->hold_from_us;
    if (is_proper_answer(kind)) {
        answered(pacer, is_of_before_hold, started_us, now_us);
        return;
    }
    if (pacer->trouble_since_us == CLOCK_NEVER_US)
        pacer->trouble_since_us = now_us;
    if (!means_down(pacer, kind) && !is_quota && retry_after_us < 0)
        return;
    if (is_of_before_hold && now_us + retry_after_us <= pacer->hold_until_us) {
        if (is_quota)
            rate_finder_refused_late(&pacer->finder);
        return;
    }
    if (pacer->schedule.has_credit && is_quota)
        pacer->is_credit_refused = true;
    hold(pacer, is_quota ? HOLD_QUOTA : HOLD_SERVER_DOWN, retry_after_us,
         now_us);
}

bool pacer_has_given_up(const struct pacer *pacer, int64_t now_us)
{
    if (pacer->has_given_up)
        return true;
    if (pacer->hold_reason != HOLD_SERVER_DOWN)
        return false;
    return now_us - pacer->trouble_since_us >= pacer->options.give_up_after_us;
}

enum hold_reason pacer_hold(const struct pacer *pacer, int64_t now_us,
                            int64_t *until_us)
{
    if (is_quota_used_up(pacer, now_us)) {
        *until_us = pacer->quota.until_us;
        return HOLD_QUOTA;
    }
    if (pacer->hold_reason == HOLD_NONE || pacer->hold_until_us <= now_us) {
        *until_us = 0;
        return HOLD_NONE;
    }
    *until_us = pacer->hold_until_us;
    return pacer->hold_reason;
}
