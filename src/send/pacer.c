#include "send/pacer.h"

#include "base/clock.h"
#include "base/random.h"

#define PAUSE_FIRST_US      US_PER_S
#define PAUSE_CAP_US        US_PER_MINUTE
#define BURST_WINDOW_US     (10 * US_PER_MS)
#define UNAVAILABLE_IS_DOWN 3
#define UNKNOWN_IS_DOWN     5

void pacer_init(struct pacer *pacer, const struct pacer_options *options,
                int64_t now_us)
{
    *pacer = (struct pacer){
        .options = *options,
        .is_probing = true,
        .start_us = now_us,
        .trouble_since_us = CLOCK_NEVER_US,
        .random = options->seed,
    };
    if (options->rate.count > 0) {
        int64_t burst =
            BURST_WINDOW_US * options->rate.count / options->rate.per_us;
        if (burst > 1)
            pacer->burst_tolerance = (burst - 1) * options->rate.per_us;
    }
}

/* When the schedule has the next permit. */
static int64_t scheduled_us(const struct pacer *pacer)
{
    if (pacer->options.rate.count == 0)
        return INT64_MIN;
    int64_t count = pacer->options.rate.count;
    int64_t earliest = pacer->arrival - pacer->burst_tolerance;
    /* round up: a permit may be late, never early */
    return pacer->start_us + (earliest + count - 1) / count;
}

static uint32_t lanes(const struct pacer *pacer)
{
    return pacer->is_probing ? 1 : pacer->options.concurrency;
}

int64_t pacer_next_us(const struct pacer *pacer, int64_t now_us)
{
    if (pacer->in_flight >= lanes(pacer))
        return CLOCK_NEVER_US;
    int64_t next_us = scheduled_us(pacer);
    if (pacer->hold_reason != HOLD_NONE && pacer->hold_until_us > next_us)
        next_us = pacer->hold_until_us;
    return next_us > now_us ? next_us : now_us;
}

bool pacer_take(struct pacer *pacer, int64_t now_us)
{
    if (pacer_next_us(pacer, now_us) > now_us)
        return false;
    pacer->in_flight++;
    if (pacer->options.rate.count > 0) {
        /* What was not used is gone: the schedule never lags behind now. */
        int64_t now = (now_us - pacer->start_us) * pacer->options.rate.count;
        if (pacer->arrival < now)
            pacer->arrival = now;
        pacer->arrival += pacer->options.rate.per_us;
    }
    return true;
}

uint32_t pacer_startable(const struct pacer *pacer, int64_t now_us,
                         int64_t horizon_us)
{
    int64_t until_us = now_us + horizon_us;
    if (pacer->hold_reason != HOLD_NONE && pacer->hold_until_us > until_us)
        return 0;
    if (pacer->is_probing && pacer->in_flight > 0)
        return 0;
    uint32_t most = lanes(pacer);
    if (pacer->options.rate.count == 0)
        return most;
    int64_t first_us = scheduled_us(pacer);
    if (first_us > until_us)
        return 0;
    if (first_us < now_us)
        first_us = now_us;
    int64_t more = (until_us - first_us) * pacer->options.rate.count /
                   pacer->options.rate.per_us;
    int64_t burst = pacer->burst_tolerance / pacer->options.rate.per_us;
    int64_t startable = 1 + more + burst;
    return startable < most ? (uint32_t)startable : most;
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

static void hold(struct pacer *pacer, enum hold_reason reason, int64_t asked_us,
                 int64_t now_us)
{
    int64_t length_us = pause_us(pacer);
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
        length_us = deadline_us > now_us ? deadline_us - now_us : 0;
    }
    pacer->hold_reason = reason;
    pacer->hold_from_us = now_us;
    pacer->hold_until_us = now_us + length_us;
    pacer->holds_in_row++;
    pacer->is_probing = true;
}

static void answered(struct pacer *pacer, bool is_of_before_hold)
{
    pacer->unavailable_in_row = 0;
    pacer->unknown_in_row = 0;
    if (is_of_before_hold)
        return;
    pacer->is_probing = false;
    pacer->hold_reason = HOLD_NONE;
    pacer->holds_in_row = 0;
    pacer->trouble_since_us = CLOCK_NEVER_US;
}

/* Is the trouble such that the server as a whole must be down? */
static bool means_down(struct pacer *pacer, enum pacer_event event)
{
    if (event == PACER_UNKNOWN)
        return ++pacer->unknown_in_row >= UNKNOWN_IS_DOWN;
    if (event == PACER_UNAVAILABLE)
        return ++pacer->unavailable_in_row >= UNAVAILABLE_IS_DOWN;
    return true;
}

void pacer_end(struct pacer *pacer, enum pacer_event event, int64_t started_us,
               int64_t retry_after_us, int64_t now_us)
{
    pacer->in_flight--;
    if (event == PACER_NOT_SENT)
        return;
    /* "Now", with a refusal, is no leave to hammer. */
    if (retry_after_us == 0)
        retry_after_us = -1;
    /* Several attempts that were in flight together tell of one trouble once:
     * only one that started after the hold began can make it longer. */
    bool is_of_before_hold =
        pacer->hold_reason != HOLD_NONE && started_us < pacer->hold_from_us;
    if (event == PACER_ANSWERED) {
        answered(pacer, is_of_before_hold);
        return;
    }
    if (pacer->trouble_since_us == CLOCK_NEVER_US)
        pacer->trouble_since_us = now_us;
    bool is_down = event != PACER_QUOTA && means_down(pacer, event);
    if (event != PACER_QUOTA && !is_down && retry_after_us < 0)
        return;
    if (is_of_before_hold && now_us + retry_after_us <= pacer->hold_until_us)
        return;
    hold(pacer, event == PACER_QUOTA ? HOLD_QUOTA : HOLD_SERVER_DOWN,
         retry_after_us, now_us);
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
    if (pacer->hold_reason == HOLD_NONE || pacer->hold_until_us <= now_us) {
        *until_us = 0;
        return HOLD_NONE;
    }
    *until_us = pacer->hold_until_us;
    return pacer->hold_reason;
}
