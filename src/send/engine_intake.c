#include "base/clock.h"
#include "send/engine_state.h"

/* A slow producer of rows must not pass for a slow disk. */
#define COMMIT_TIME_MOST_US (50 * US_PER_MS)

uint32_t engine_in_flight(const struct engine *engine)
{
    return engine->options.concurrency - engine->idle_count;
}

uint32_t engine_admitted(const struct engine *engine)
{
    return engine_in_flight(engine) + (uint32_t)engine->ready.count +
           (uint32_t)due_list_count(engine->waiting) + engine->asked_intents;
}

static void push_ready(struct ready_list *ready, struct row *row)
{
    ready->rows[(ready->first + ready->count++) % ready->size] = row;
}

struct row *engine_pop_ready(struct engine *engine)
{
    struct ready_list *ready = &engine->ready;
    if (ready->count == 0)
        return NULL;
    struct row *row = ready->rows[ready->first];
    ready->first = (ready->first + 1) % ready->size;
    ready->count--;
    return row;
}

static void note_commit_time(struct engine *engine, int64_t now_us)
{
    int64_t took_us = now_us - engine->asked_since_us;
    if (took_us > COMMIT_TIME_MOST_US)
        took_us = COMMIT_TIME_MOST_US;
    engine->commit_time_us = (7 * engine->commit_time_us + took_us) / 8;
    engine->asked_since_us = now_us;
}

void engine_receive(struct engine *engine, int64_t now_us)
{
    enum {
        TAKE_MOST = 64
    };
    struct row *rows[TAKE_MOST];
    size_t room;
    size_t count;
    do {
        room = engine->ready.size - engine->ready.count;
        if (room > TAKE_MOST)
            room = TAKE_MOST;
        count = bounded_queue_pop(engine->ports.ready, rows, room);
        if (count > 0)
            note_commit_time(engine, now_us);
        for (size_t i = 0; i < count; i++) {
            if (rows[i]->has_been_parked)
                engine->asked_intents--;
            else
                engine->asked_new--;
            push_ready(&engine->ready, rows[i]);
        }
    } while (count == room && count > 0);
}

static void mark_asking(struct engine *engine, int64_t now_us)
{
    if (engine->asked_new + engine->asked_intents == 0)
        engine->asked_since_us = now_us;
}

void engine_ask(struct engine *engine, int64_t now_us)
{
    uint32_t startable =
        pacer_startable(&engine->pacer, now_us, engine->commit_time_us);
    uint32_t have = (uint32_t)engine->ready.count + engine->asked_intents;

    /* Rows that wait have waited longest. */
    while (have < startable && due_list_next_us(engine->waiting) <=
                                   now_us + engine->commit_time_us) {
        mark_asking(engine, now_us);
        engine_tell(engine, HANDOFF_INTENT, due_list_pop(engine->waiting));
        engine->asked_intents++;
        have++;
    }
    have += engine->asked_new;
    uint32_t admitted = engine_admitted(engine) + engine->asked_new;
    if (have >= startable || admitted >= engine->admitted_most ||
        atomic_load(&engine->is_end_of_rows))
        return;
    uint32_t wanted = startable - have;
    if (wanted > engine->admitted_most - admitted)
        wanted = engine->admitted_most - admitted;
    mark_asking(engine, now_us);
    engine->asked_new += wanted;
    engine->asked_now += wanted;
}

void engine_start_ready(struct engine *engine, int64_t now_us)
{
    struct error err = ERROR_INIT;
    while (engine->ready.count > 0 && engine->idle_count > 0 &&
           pacer_take(&engine->pacer, now_us)) {
        struct attempt *attempt = engine->idle[--engine->idle_count];
        struct row *row = engine_pop_ready(engine);
        if (attempt_start(attempt, row, now_us, &err)) {
            /* Only memory can be short here: nothing was sent. */
            engine->idle[engine->idle_count++] = attempt;
            outcome_set(&row->outcome, STATUS_UNPROCESSED, CODE_SETUP,
                        err.text);
            engine_tell(engine, HANDOFF_SETTLED, row);
            engine_stop_because(engine, &err);
            return;
        }
        atomic_fetch_add_explicit(&engine->ports.counters->attempts, 1,
                                  memory_order_relaxed);
    }
}

int64_t engine_next_start_us(const struct engine *engine, int64_t now_us)
{
    int64_t next_us = pacer_next_us(&engine->pacer, now_us);
    if (engine->ready.count > 0 || next_us == CLOCK_NEVER_US)
        return next_us;
    /* The coming of what was asked for wakes the loop; but new rows may never
     * come, and those that wait for a retry do not wait for them. */
    int64_t wanted_us = CLOCK_NEVER_US;
    if (engine->asked_intents == 0)
        wanted_us = due_list_next_us(engine->waiting);
    if (engine->asked_new + engine->asked_intents == 0 &&
        !atomic_load(&engine->is_end_of_rows) &&
        engine_admitted(engine) < engine->admitted_most)
        wanted_us = 0;
    if (wanted_us == CLOCK_NEVER_US)
        return wanted_us;
    if (wanted_us < next_us)
        wanted_us = next_us;
    return wanted_us - engine->commit_time_us;
}
