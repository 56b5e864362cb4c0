#include "sandbox/sandbox_faults.h"

#include <strings.h>

#include "base/clock.h"
#include "sandbox/sandbox_hash.h"
#include "sandbox/sandbox_values.h"

void sandbox_faults_init(struct sandbox_faults *faults,
                         const struct sandbox_fault_options *options,
                         int64_t now_us)
{
    *faults = (struct sandbox_faults){
        .options = options,
        .tokens = (double)options->rate_count,
        .filled_at_us = now_us,
    };
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

/* Takes a token; without one, how long until there is one. */
static int64_t rate_limit_wait_s(struct sandbox_faults *faults, int64_t now_us)
{
    double count = (double)faults->options->rate_count;
    double per_us = (double)faults->options->rate_per_us;

    faults->tokens += (double)(now_us - faults->filled_at_us) * count / per_us;
    faults->filled_at_us = now_us;
    if (faults->tokens > count)
        faults->tokens = count;
    if (faults->tokens >= 1) {
        faults->tokens -= 1;
        return 0;
    }
    int64_t wait_us = (int64_t)((1 - faults->tokens) * per_us / count);
    return wait_us / US_PER_S + 1;
}

struct sandbox_fault sandbox_faults_before(struct sandbox_faults *faults,
                                           const struct sandbox_post *post,
                                           int64_t now_us)
{
    const struct sandbox_fault_options *options = faults->options;
    struct sandbox_fault fault = {0};

    fault.status = status_for(options, post->email);
    if (fault.status != 0)
        return fault;
    if (faults->failed_first < options->fail_first) {
        faults->failed_first++;
        fault.status = options->fail_status;
        return fault;
    }
    if (options->rate_count > 0) {
        fault.retry_after_s = rate_limit_wait_s(faults, now_us);
        if (fault.retry_after_s > 0) {
            fault.status = 429;
            return fault;
        }
    }
    if (draw(faults, post, "fail") < options->fail_share)
        fault.status = options->fail_status;
    return fault;
}

bool sandbox_faults_is_dropped(const struct sandbox_faults *faults,
                               const struct sandbox_post *post)
{
    return draw(faults, post, "drop") < faults->options->drop_share;
}
