/*
 * A discrete-event simulation: the real pacer and retry code against model
 * servers, under a virtual clock. Prints a table: 429s and how many were
 * allowed, requests sent during a Retry-After, time over ideal (mean and worst
 * of 20 seeds), longest idle time.
 *
 *   sim          the cases that miss a goal; exits 1 when they are more than
 *                docs/pacing.md says
 *   sim --all    every case
 *   sim --trace KIND COUNT PER_S BURST LATENCY_S ROWS HINT
 *                a line for each request of one run, for plot.py
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "domain/row.h"
#include "send/due_list.h"
#include "send/pacer.h"
#include "send/retry.h"

/* The shortfall that docs/pacing.md explains: it may shrink, not grow. */
#define REFUSED_MOST 17
#define SLOW_MOST    56

enum limit_kind {
    BUCKET,
    FIXED_WINDOW,
    SLIDING_WINDOW,
    CONCURRENT
};
enum hint {
    HINT_NONE,
    HINT_RETRY_AFTER,
    HINT_RATELIMIT
};

struct server {
    enum limit_kind kind;
    double count; /* permits ... */
    double per_s; /* ... in this long; CONCURRENT: count at a time */
    double burst; /* BUCKET */
    enum hint hint;
    double change_at_s; /* the count changes then; 0: never */
    double change_to;

    double tokens;
    double tokens_at_s;
    double window_from_s;
    double window_used;
    double *log; /* SLIDING_WINDOW: times of the last `count` */
    size_t log_size, log_next;
    int busy;
};

struct scenario {
    const char *name;
    struct server server;
    double latency_s;
    int rows;
    uint32_t concurrency;
};

struct tally {
    int sent;
    int refused;
    int in_hold; /* sent during a Retry-After */
    double took_s;
    double longest_idle_s;
    int failed;
};

/* --- the server --- */

static double now_s(int64_t us)
{
    return (double)us / (double)US_PER_S;
}

static void refill(struct server *server, double at_s)
{
    double rate = server->count / server->per_s;
    server->tokens += (at_s - server->tokens_at_s) * rate;
    if (server->tokens > server->burst)
        server->tokens = server->burst;
    server->tokens_at_s = at_s;
}

/* Accepts, or says how long until it would. */
static bool accept_request(struct server *server, double at_s, double *wait_s)
{
    *wait_s = 0;
    if (server->change_at_s > 0 && at_s >= server->change_at_s) {
        server->count = server->change_to;
        server->change_at_s = 0;
    }
    switch (server->kind) {
    case BUCKET:
        refill(server, at_s);
        if (server->tokens >= 1) {
            server->tokens -= 1;
            return true;
        }
        *wait_s = (1 - server->tokens) * server->per_s / server->count;
        return false;
    case FIXED_WINDOW:
        if (at_s >= server->window_from_s + server->per_s) {
            server->window_from_s = floor(at_s / server->per_s) * server->per_s;
            server->window_used = 0;
        }
        if (server->window_used < server->count) {
            server->window_used += 1;
            return true;
        }
        *wait_s = server->window_from_s + server->per_s - at_s;
        return false;
    case SLIDING_WINDOW:
        if (at_s - server->log[server->log_next] >= server->per_s) {
            server->log[server->log_next] = at_s;
            server->log_next = (server->log_next + 1) % server->log_size;
            return true;
        }
        *wait_s = server->log[server->log_next] + server->per_s - at_s;
        return false;
    case CONCURRENT:
        if (server->busy < (int)server->count) {
            server->busy++;
            return true;
        }
        *wait_s = 1;
        return false;
    }
    return true;
}

static void reset(struct server *server, uint64_t seed)
{
    server->tokens = server->burst;
    if (server->kind == FIXED_WINDOW) /* we start somewhere in a window */
        server->window_from_s = -server->per_s * (double)(seed % 97) / 97.0;
    if (server->kind == SLIDING_WINDOW) {
        server->log_size = (size_t)server->count;
        server->log = xcalloc(server->log_size, sizeof(double));
        for (size_t i = 0; i < server->log_size; i++)
            server->log[i] = -1e12;
    }
}

/* The least time any client can need. */
static double ideal_s(const struct scenario *scenario)
{
    const struct server *server = &scenario->server;
    double rows = scenario->rows;
    double way = rows * scenario->latency_s / scenario->concurrency;
    double limit = 0;
    switch (server->kind) {
    case BUCKET:
        limit = (rows - server->burst) * server->per_s / server->count;
        break;
    case FIXED_WINDOW:
    case SLIDING_WINDOW:
        limit = floor((rows - 1) / server->count) * server->per_s;
        break;
    case CONCURRENT:
        way = rows * scenario->latency_s / server->count;
        break;
    }
    return fmax(fmax(way, limit), scenario->latency_s);
}

/* --- the world --- */

struct flight {
    int64_t at_us; /* when this happens */
    int64_t started_us;
    bool is_arrival; /* at the server; else back at the client */
    bool is_accepted;
    struct server_wish wish;
    struct row *row;
};

struct world {
    struct scenario scenario;
    struct pacer pacer;
    struct retry retry;
    struct due_list *waiting;
    struct flight *flights;
    size_t flight_count;
    int rows_left;
    int64_t now_us;
    int64_t closed_until_us; /* the server said so */
    int64_t last_sent_us;
    uint64_t random;
    struct tally tally;
    bool traces;
};

static int64_t one_way_us(struct world *world)
{
    int64_t mean = (int64_t)(world->scenario.latency_s * 5e5);
    return mean * 9 / 10 + random_below(&world->random, mean / 5 + 1);
}

static void add_flight(struct world *world, struct flight flight)
{
    world->flights[world->flight_count++] = flight;
}

static void send_one(struct world *world)
{
    struct row *row = NULL;
    if (due_list_next_us(world->waiting) <= world->now_us)
        row = due_list_pop(world->waiting);
    else
        row = row_new((uint64_t)world->rows_left--, "", 0, "", 0, NULL);
    row->attempts++;
    if (world->now_us < world->closed_until_us)
        world->tally.in_hold++;
    double idle = now_s(world->now_us - world->last_sent_us);
    if (idle > world->tally.longest_idle_s)
        world->tally.longest_idle_s = idle;
    world->last_sent_us = world->now_us;
    world->tally.sent++;
    add_flight(world, (struct flight){
                          .at_us = world->now_us + one_way_us(world),
                          .started_us = world->now_us,
                          .is_arrival = true,
                          .row = row,
                      });
}

/* The RateLimit header of an answer. */
static struct quota_hint quota_of(const struct server *server, double at_s)
{
    double left = 0, reset_s = 0;
    switch (server->kind) {
    case BUCKET:
        left = floor(server->tokens);
        reset_s =
            (server->burst - server->tokens) * server->per_s / server->count;
        break;
    case FIXED_WINDOW:
        left = server->count - server->window_used;
        reset_s = server->window_from_s + server->per_s - at_s;
        break;
    case SLIDING_WINDOW:
        for (size_t i = 0; i < server->log_size; i++)
            left += at_s - server->log[i] >= server->per_s;
        reset_s = server->log[server->log_next] + server->per_s - at_s;
        if (reset_s < 0)
            reset_s = 0;
        break;
    case CONCURRENT:
        return QUOTA_HINT_NONE;
    }
    return (struct quota_hint){(int64_t)left, (int64_t)ceil(reset_s) * US_PER_S,
                               (int64_t)server->count,
                               (int64_t)server->per_s * US_PER_S};
}

static void arrive(struct world *world, struct flight flight)
{
    double wait_s;
    struct server *server = &world->scenario.server;
    flight.is_accepted = accept_request(server, now_s(world->now_us), &wait_s);
    flight.wish = (struct server_wish){-1, QUOTA_HINT_NONE};
    if (!flight.is_accepted && server->hint != HINT_NONE)
        flight.wish.retry_after_us = (int64_t)ceil(wait_s) * US_PER_S;
    if (server->hint == HINT_RATELIMIT)
        flight.wish.quota = quota_of(server, now_s(world->now_us));
    flight.is_arrival = false;
    flight.at_us = world->now_us + one_way_us(world);
    add_flight(world, flight);
}

static void come_back(struct world *world, struct flight flight)
{
    struct result result = {
        .kind = flight.is_accepted ? RESULT_ANSWERED : RESULT_QUOTA,
        .wish = flight.wish,
    };
    struct decision decision;
    if (world->scenario.server.kind == CONCURRENT && flight.is_accepted)
        world->scenario.server.busy--;
    result.outcome.status = flight.is_accepted ? STATUS_INVITED : STATUS_FAILED;
    retry_decide(&world->retry, flight.row, &result, world->now_us, &decision);
    pacer_end(&world->pacer, result.kind, flight.started_us, &flight.wish,
              world->now_us);
    if (world->traces)
        printf("%.6f %s\n", now_s(flight.started_us),
               flight.is_accepted ? "ok" : "429");
    if (!flight.is_accepted) {
        world->tally.refused++;
        int64_t until_us = world->now_us + flight.wish.retry_after_us;
        if (flight.wish.retry_after_us > 0 && until_us > world->closed_until_us)
            world->closed_until_us = until_us;
    }
    if (decision.step == STEP_RETRY)
        due_list_push(world->waiting, flight.row, decision.due_us);
    else
        row_free(flight.row);
}

static bool has_work(const struct world *world, int64_t *ready_us)
{
    *ready_us = world->now_us;
    if (due_list_next_us(world->waiting) <= world->now_us ||
        world->rows_left > 0)
        return true;
    *ready_us = due_list_next_us(world->waiting);
    return *ready_us < CLOCK_NEVER_US;
}

static size_t next_flight(const struct world *world)
{
    size_t first = 0;
    for (size_t i = 1; i < world->flight_count; i++)
        if (world->flights[i].at_us < world->flights[first].at_us)
            first = i;
    return first;
}

/* One event; false when there is none left. */
static bool step(struct world *world)
{
    int64_t ready_us;
    int64_t send_us = CLOCK_NEVER_US;
    if (has_work(world, &ready_us)) {
        send_us = pacer_next_us(&world->pacer, world->now_us);
        if (send_us < ready_us)
            send_us = ready_us;
    }
    size_t first = next_flight(world);
    bool has_flight = world->flight_count > 0;
    if (!has_flight && send_us == CLOCK_NEVER_US)
        return false;
    if (has_flight && world->flights[first].at_us <= send_us) {
        struct flight flight = world->flights[first];
        world->flights[first] = world->flights[--world->flight_count];
        world->now_us = flight.at_us;
        if (flight.is_arrival)
            arrive(world, flight);
        else
            come_back(world, flight);
        return true;
    }
    if (send_us > world->now_us)
        world->now_us = send_us;
    if (pacer_has_given_up(&world->pacer, world->now_us))
        return false;
    if (pacer_take(&world->pacer, world->now_us))
        send_one(world);
    return true;
}

static struct tally run(const struct scenario *scenario, uint64_t seed,
                        bool traces)
{
    struct world world = {.scenario = *scenario,
                          .random = seed,
                          .rows_left = scenario->rows,
                          .traces = traces};
    struct pacer_options options = {
        .concurrency = scenario->concurrency,
        .max_wait_us = 24 * US_PER_HOUR,
        .give_up_after_us = 15 * US_PER_MINUTE,
        .seed = seed,
    };
    reset(&world.scenario.server, seed);
    pacer_init(&world.pacer, &options, 0);
    retry_init(&world.retry, 5, 0, seed);
    world.waiting = due_list_new((size_t)scenario->rows + 1);
    world.flights = xcalloc(scenario->concurrency + 1, sizeof(struct flight));
    while (step(&world))
        ;
    world.tally.took_s = now_s(world.now_us);
    world.tally.failed = world.rows_left + (int)due_list_count(world.waiting);
    due_list_free(world.waiting);
    free(world.flights);
    free(world.scenario.server.log);
    return world.tally;
}

/* --- the cases --- */

static const struct {
    const char *name;
    double count, per_s;
} limits[] = {
    {"50/h", 50, 3600}, {"600/m", 600, 60},  {"1/s", 1, 1},
    {"10/s", 10, 1},    {"50/s", 50, 1},     {"100/s", 100, 1},
    {"500/s", 500, 1},  {"5000/s", 5000, 1},
};

static const double latencies_s[] = {0.005, 0.05, 0.3, 2};

static const char *const kind_names[] = {"bucket", "fixed window",
                                         "sliding window", "concurrent"};
static const char *const hint_names[] = {"none", "Retry-After", "RateLimit"};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define GOAL_RATIO   1.15
#define ALL_SEEDS    20
#ifndef SEEDS /* fewer are enough for a sanitizer */
#define SEEDS ALL_SEEDS
#endif

/* What became of all cases. */
struct verdicts {
    int cases;
    int limited; /* the limit, and not the way there, takes the time */
    int broken;  /* asked during a Retry-After, or lost a row */
    int refused; /* more 429s than 1 % or ten */
    int slow;    /* limited, and over GOAL_RATIO on average */
};

static struct tally worst_of(const struct scenario *scenario, double *ratio)
{
    struct tally worst = {0};
    double ideal = ideal_s(scenario);
    *ratio = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct tally tally = run(scenario, seed, false);
        if (tally.refused > worst.refused)
            worst.refused = tally.refused;
        if (tally.longest_idle_s > worst.longest_idle_s)
            worst.longest_idle_s = tally.longest_idle_s;
        worst.took_s = fmax(worst.took_s, tally.took_s);
        worst.in_hold += tally.in_hold;
        worst.failed += tally.failed;
        *ratio += tally.took_s / ideal / SEEDS;
    }
    return worst;
}

static void judge(const struct scenario *scenario, bool prints_all,
                  struct verdicts *verdicts)
{
    double ratio;
    double ideal = ideal_s(scenario);
    struct tally worst = worst_of(scenario, &ratio);
    double allowed = fmax(10, scenario->rows / 100.0);
    /* Where the limit is not what takes the time, growing carefully does. */
    bool is_limited = ideal > 2 * scenario->rows * scenario->latency_s / 5;
    bool is_broken = worst.in_hold > 0 || worst.failed > 0;
    bool is_refused = worst.refused > allowed;
    bool is_slow = is_limited && ratio > GOAL_RATIO;
    verdicts->cases++;
    verdicts->limited += is_limited;
    verdicts->broken += is_broken;
    verdicts->refused += is_refused;
    verdicts->slow += is_slow;
    if (!prints_all && !is_broken && !is_refused && !is_slow)
        return;
    printf("%-14s %-6s %5.0f %-11s %5.0f ms %5d %4d/%-3.0f %4d %9.1f %6.2f "
           "%6.2f %7.1f%s%s%s\n",
           kind_names[scenario->server.kind], scenario->name,
           scenario->server.burst, hint_names[scenario->server.hint],
           scenario->latency_s * 1000, scenario->rows, worst.refused, allowed,
           worst.in_hold, ideal, ratio, worst.took_s / ideal,
           worst.longest_idle_s, is_broken ? "  BROKEN" : "",
           is_refused ? "  429s" : "", is_slow ? "  slow" : "");
}

static void judge_limit(size_t limit, bool prints_all,
                        struct verdicts *verdicts)
{
    double rate = limits[limit].count / limits[limit].per_s;
    struct scenario scenario = {
        .name = limits[limit].name,
        .concurrency = 16,
        .rows = (int)fmin(fmax(rate * 60, 150), 2000),
    };
    for (int kind = BUCKET; kind <= SLIDING_WINDOW; kind++)
        for (int hint = HINT_NONE; hint <= HINT_RATELIMIT; hint++)
            for (size_t way = 0; way < COUNT(latencies_s); way++)
                for (int size = kind == BUCKET ? 0 : 1;
                     size < (kind == BUCKET ? 3 : 2); size++) {
                    const double bursts[] = {1, fmax(2, rate),
                                             fmax(5, limits[limit].count)};
                    scenario.latency_s = latencies_s[way];
                    scenario.server = (struct server){
                        .kind = (enum limit_kind)kind,
                        .count = limits[limit].count,
                        .per_s = limits[limit].per_s,
                        .burst = bursts[size],
                        .hint = (enum hint)hint,
                    };
                    judge(&scenario, prints_all, verdicts);
                }
}

/* Limits that change in mid-run, and limits on what runs at once. */
static void judge_others(bool prints_all, struct verdicts *verdicts)
{
    struct scenario scenario = {
        .name = "at once",
        .server = {.kind = CONCURRENT, .count = 4, .per_s = 1},
        .latency_s = 0.05,
        .rows = 1000,
        .concurrency = 16,
    };
    judge(&scenario, prints_all, verdicts);
    scenario.name = "50->10";
    scenario.server = (struct server){.kind = BUCKET,
                                      .count = 50,
                                      .per_s = 1,
                                      .burst = 50,
                                      .hint = HINT_RETRY_AFTER,
                                      .change_at_s = 10,
                                      .change_to = 10};
    judge(&scenario, prints_all, verdicts);
    scenario.name = "10->50";
    scenario.server.count = 10;
    scenario.server.burst = 10;
    scenario.server.change_to = 50;
    judge(&scenario, prints_all, verdicts);
}

/* KIND COUNT PER_S BURST LATENCY_S ROWS HINT, each a number. */
static void trace(char **words)
{
    struct scenario scenario = {
        .server = {.kind = (enum limit_kind)strtol(words[0], NULL, 10),
                   .count = strtod(words[1], NULL),
                   .per_s = strtod(words[2], NULL),
                   .burst = strtod(words[3], NULL),
                   .hint = (enum hint)strtol(words[6], NULL, 10)},
        .latency_s = strtod(words[4], NULL),
        .rows = (int)strtol(words[5], NULL, 10),
        .concurrency = 16,
    };
    run(&scenario, 1, true);
}

int main(int argc, char **argv)
{
    if (argc == 9 && strcmp(argv[1], "--trace") == 0) {
        trace(argv + 2);
        return 0;
    }
    bool prints_all = argc > 1 && strcmp(argv[1], "--all") == 0;
    struct verdicts verdicts = {0};
    printf("limit          rate   burst headers     latency  rows 429s/may in "
           "hold   ideal s  ratio  worst  idle s\n");
    for (size_t limit = 0; limit < COUNT(limits); limit++)
        judge_limit(limit, prints_all, &verdicts);
    judge_others(prints_all, &verdicts);
    printf("%d cases, %d of them limited: %d broken, %d with too many 429s, "
           "%d over %.2f of ideal\n",
           verdicts.cases, verdicts.limited, verdicts.broken, verdicts.refused,
           verdicts.slow, GOAL_RATIO);
    /* The rule is held to what it reaches (docs/pacing.md): no worse. Fewer
     * seeds have another mean. */
    return verdicts.broken > 0 || verdicts.refused > REFUSED_MOST ||
           (SEEDS == ALL_SEEDS && verdicts.slow > SLOW_MOST);
}
