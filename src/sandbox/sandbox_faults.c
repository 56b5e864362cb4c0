#include "sandbox/sandbox_faults.h"

#include <strings.h>

#include "sandbox/sandbox_hash.h"
#include "sandbox/sandbox_values.h"

void sandbox_faults_init(struct sandbox_faults *faults,
                         const struct sandbox_fault_options *options,
                         int64_t now_us)
{
    *faults = (struct sandbox_faults){
        .options = options,
        .settings = options->settings,
    };
    sandbox_limit_init(&faults->limit, &options->settings.limit, now_us);
}

void sandbox_faults_clear(struct sandbox_faults *faults)
{
    sandbox_limit_clear(&faults->limit);
}

void sandbox_faults_change(struct sandbox_faults *faults,
                           const struct sandbox_settings *settings,
                           int64_t now_us)
{
    faults->settings = *settings;
    sandbox_limit_change(&faults->limit, &settings->limit, now_us);
}

/* The timetable's changes come into force when somebody could notice: with
 * the next request. */
static void catch_up(struct sandbox_faults *faults, int64_t now_us)
{
    const struct sandbox_timetable *timetable = &faults->options->timetable;

    while (faults->has_started && faults->events_done < timetable->count) {
        const struct sandbox_event *event =
            &timetable->events[faults->events_done];
        if (faults->started_us + event->at_us > now_us)
            break;
        sandbox_settings_apply(&faults->settings, event->name, event->value);
        faults->events_done++;
    }
    sandbox_limit_change(&faults->limit, &faults->settings.limit, now_us);
}

const struct sandbox_settings *
sandbox_faults_settings(struct sandbox_faults *faults, int64_t now_us)
{
    catch_up(faults, now_us);
    return &faults->settings;
}

int64_t sandbox_faults_arrive(struct sandbox_faults *faults, int64_t now_us)
{
    if (!faults->has_started) {
        faults->has_started = true;
        faults->started_us = now_us;
    }
    catch_up(faults, now_us);
    if (faults->settings.slow_start_us > 0) {
        faults->awake_at_us = now_us + faults->settings.slow_start_us;
        faults->settings.slow_start_us = 0;
    }
    int64_t answer_at_us = now_us + faults->settings.latency_us;
    return answer_at_us > faults->awake_at_us ? answer_at_us
                                              : faults->awake_at_us;
}

/* A number below SANDBOX_SHARE_ALL that is this POST's own; `purpose` keeps
 * the draws for different faults independent. */
static uint32_t draw(const struct sandbox_faults *faults,
                     const struct sandbox_post *post, const char *purpose)
{
    uint64_t hash = sandbox_hash_start(faults->options->seed);

    hash = sandbox_hash_text(hash, purpose);
    if (post->email) {
        hash = sandbox_hash_text(hash, post->organization);
        hash = sandbox_hash_lower(hash, post->email);
        hash = sandbox_hash_uint(hash, post->nth);
    } else {
        hash = sandbox_hash_uint(hash, post->ordinal);
    }
    return (uint32_t)(sandbox_hash_end(hash) % SANDBOX_SHARE_ALL);
}

static int status_for(const struct sandbox_fault_options *options,
                      const char *email)
{
    for (size_t i = 0; email && i < options->status_for_count; i++) {
        if (strcasecmp(options->status_for[i].email, email) == 0)
            return options->status_for[i].status;
    }
    return 0;
}

static bool is_by_chance(const struct sandbox_faults *faults,
                         const struct sandbox_post *post)
{
    return draw(faults, post, "fail") < faults->settings.fail_share;
}

struct sandbox_fault sandbox_faults_before(struct sandbox_faults *faults,
                                           const struct sandbox_post *post,
                                           int64_t now_us)
{
    const struct sandbox_fault_options *options = faults->options;
    struct sandbox_fault fault = {.is_outage = faults->settings.is_outage};

    if (fault.is_outage) {
        fault.status = 503;
        return fault;
    }
    fault.status = status_for(options, post->email);
    if (fault.status != 0)
        return fault;
    if (faults->failed_first < options->fail_first) {
        faults->failed_first++;
        fault.status = faults->settings.fail_status;
        return fault;
    }
    fault.is_admitted = sandbox_limit_take(&faults->limit, now_us);
    fault.is_over_limit = !fault.is_admitted;
    if (fault.is_over_limit)
        fault.status = 429;
    else if (is_by_chance(faults, post))
        fault.status = faults->settings.fail_status;
    return fault;
}

bool sandbox_faults_is_dropped(const struct sandbox_faults *faults,
                               const struct sandbox_post *post)
{
    return draw(faults, post, "drop") < faults->settings.drop_share;
}

void sandbox_faults_done(struct sandbox_faults *faults)
{
    sandbox_limit_done(&faults->limit);
}
