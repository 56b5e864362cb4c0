#ifndef BULK_INVITE_LEDGER_SCHEMA_H
#define BULK_INVITE_LEDGER_SCHEMA_H

/* The text of schema.sql; the build makes a C string of it. */
extern const char ledger_schema[];

#define LEDGER_SCHEMA_VERSION 1

#endif
