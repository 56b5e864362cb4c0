#include "sandbox/faults.h"

#include "base/random.h"

enum draw { /* keeps the draws for different faults independent */
    DRAW_FAIL,
    DRAW_DROP,
    DRAWS,
};

/* The timetable's changes come into force when somebody could notice: with
 * the next request. */
void faults_catch_up(struct faults *faults, int64_t now_us)
{
    const struct options *options = faults->options;
    int64_t since_us = now_us - faults->started_us;

    if (faults->started_us > 0) {
        while (faults->changes_done < options->change_count &&
               options->changes[faults->changes_done].at_us <= since_us)
            change_apply(&options->changes[faults->changes_done++],
                         &faults->settings);
        if (faults->settings.outage_until_us <= since_us)
            faults->settings.outage_until_us = 0;
    }
    limit_set(&faults->limit, &faults->settings.limit, now_us);
}

int64_t faults_arrive(struct faults *faults, int64_t now_us)
{
    struct settings *settings = &faults->settings;

    if (faults->started_us == 0)
        faults->started_us = now_us;
    faults_catch_up(faults, now_us);
    if (settings->slow_start_us > 0)
        faults->awake_at_us = now_us + settings->slow_start_us;
    settings->slow_start_us = 0;
    int64_t answer_at_us = now_us + settings->latency_us;
    return answer_at_us > faults->awake_at_us ? answer_at_us
                                              : faults->awake_at_us;
}

/* Does this POST's own number, for this purpose, fall into the share? */
static bool is_hit(const struct faults *faults, int64_t share, enum draw draw,
                   const struct person *person, uint64_t nth)
{
    uint64_t state = (uint64_t)faults->options->settings.seed;

    state = random_next(&state) ^ (person ? person->hash : 0);
    state = random_next(&state) + nth * DRAWS + draw;
    return random_below(&state, SHARE_ALL) < share;
}

struct fault faults_meet(struct faults *faults, const struct person *person,
                         uint64_t nth, int64_t now_us)
{
    const struct settings *settings = &faults->settings;
    json_t *status =
        person ? json_object_get(faults->options->status_for, person->lower)
               : NULL;
    struct fault fault = {.is_outage = settings->outage_until_us > 0};

    if (fault.is_outage) {
        fault.status = 503;
    } else if (status) {
        fault.status = (int)json_integer_value(status);
    } else if (faults->failed_first < settings->fail_first) {
        faults->failed_first++;
        fault.status = (int)settings->fail_status;
    } else if (!limit_take(&faults->limit, now_us)) {
        fault.is_over_limit = true;
        fault.status = 429;
    } else {
        fault.is_admitted = true;
        if (is_hit(faults, settings->fail_share, DRAW_FAIL, person, nth))
            fault.status = (int)settings->fail_status;
        fault.is_drop =
            is_hit(faults, settings->drop_share, DRAW_DROP, person, nth);
    }
    return fault;
}
