#ifndef BULK_INVITE_DOMAIN_RESULT_H
#define BULK_INVITE_DOMAIN_RESULT_H

/*
 * How an attempt ended, as far as one attempt can tell ("Which answers mean
 * what" in docs/architecture.md). The pacer and the retry rules decide what
 * follows for the run.
 */
enum result_kind {
    RESULT_ANSWERED,      /* outcome is final: invited, 409, this row refused */
    RESULT_UNKNOWN,       /* may have been processed */
    RESULT_NOT_OURS,      /* unknown, and the server does not speak the API: as
                             the very first answer the sign of a wrong URL */
    RESULT_QUOTA,         /* 429: not processed, wait */
    RESULT_NOT_PROCESSED, /* surely not: 503, 408 and their like */
    RESULT_UNREACHABLE,   /* no connection: no byte of it was sent */
    RESULT_NOT_SENT,      /* held back here, and nothing is wrong */
    RESULT_WRONG_DOOR,    /* 403, 404, 405, 3xx: the run's fault or this row's,
                             by what came before */
    RESULT_UNAUTHORIZED,  /* 401; 407, a proxy's 401 */
    RESULT_MISCONFIGURED, /* certificate or set-up: it cannot work */
};

#endif
