#ifndef BULK_INVITE_DOMAIN_ROW_H
#define BULK_INVITE_DOMAIN_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/outcome.h"

/*
 * A row: one CSV record on its way from the reader to the report. A row that
 * passed the checks is an invite (email, role, person are set); one that did
 * not carries its outcome from the start. One heap block that one stage owns
 * at a time; handing it on hands on the ownership.
 *
 * The life of an invite in the ledger:
 *
 *             admit                    settle
 *   (new) -------------> INTENT ------------------> SETTLED
 *                        |    ^                        ^
 *        surely not      |    |  due again, a permit   |
 *        processed, held v    |  is near               | gave up, stopped
 *                       PENDING -----------------------+
 *
 *   state     what it means                      killed in this state
 *   PENDING   no request is under way, and any   nothing was sent or it was
 *             that was is surely not processed   surely refused: owed, sent by
 *                                                the next run
 *   INTENT    a request may be under way         may have been processed: the
 *                                                next run says `unknown`
 *   SETTLED   the outcome is final for this run  nothing to do
 */
enum row_state {
    ROW_PENDING = 0, /* values are stored in the ledger: never renumber */
    ROW_INTENT = 1,
    ROW_SETTLED = 2,
};

/* The cell of a row that somebody has to look at. */
enum row_cell {
    ROW_CELL_NONE, /* not one of these, or the row as a whole */
    ROW_CELL_EMAIL,
    ROW_CELL_ROLE,
};

/* A row as the input has it, for the retry file. */
struct row_record {
    const char *encoding; /* that the text was decoded from, as iconv(3) calls
                             it; NULL: the bytes are the input's own, UTF-8 */
    size_t len;
    char text[]; /* without a line end and the `error` cell of an earlier retry
                    file, and with all the cells of the header; UTF-8, bytes
                    that could not be decoded as in input/encoding.h */
};

/* How an input writes rows: for a file of some of them that reads the same. */
struct row_form {
    const char *head; /* text up to the first row, with a column `error` */
    size_t head_len;
    char delimiter;
    const char *line_end;
};

/* A random UUID (RFC 9562, version 4). */
#define IDEMPOTENCY_KEY_SIZE 16

struct row {
    uint64_t line; /* where the record starts, as an editor counts, from 1 */
    int64_t id;    /* the ledger's number, 0 before admission */
    int64_t settled_s; /* seconds since 1970, of one that was read back from the
                          ledger; else 0 */
    int64_t replaces;  /* the earlier row that this one sends again, or 0 */
    char *email;  /* as it is sent: what the file says, trimmed; UTF-8. For an
                     invalid row what could be read, perhaps not UTF-8 */
    char *role;   /* as it is sent; "" when the row has none */
    char *person; /* identity key (domain/person.h), NULL for an invalid row */
    unsigned char idempotency_key[IDEMPOTENCY_KEY_SIZE]; /* kept over retries;
                                                             zeros: none yet */
    unsigned attempts;        /* requests started in this run */
    unsigned failed_attempts; /* of these, counted against --max-attempts */
    bool has_been_parked;     /* comes back by HANDOFF_INTENT, not by an ask */
    uint64_t answers_seen;    /* the run's proper answers at the last failure
                                 (send/retry.h) */
    enum row_cell cell_at_fault; /* for an outcome that was found here */
    struct outcome outcome;
    struct row_record *record; /* or NULL; a block of its own, the row's */
};

/* A row with copies of the texts (email and role are at most `len` bytes and
 * get a NUL; person may be NULL). */
struct row *row_new(uint64_t line, const char *email, size_t email_len,
                    const char *role, size_t role_len, const char *person);

bool row_has_idempotency_key(const struct row *row);

/* NULL is fine. */
void row_free(struct row *row);

#endif
