#ifndef BULK_INVITE_APP_DOCS_MAKER_H
#define BULK_INVITE_APP_DOCS_MAKER_H

#include <stdio.h>

#include "app/option_table.h"

/*
 * What is written from option_table at build time. Each of these fills a line
 * @NAME@ of a page or a completion in docs_maker.c; the rest of it stands in
 * docs/man and src/app/completions.
 */
void mdoc_options(FILE *out); /* .Ss and .It of every option */
void mdoc_keys(FILE *out);    /* .It of every key of the config file */

/*
 * The commands and options as calls in the words of bash, zsh and fish alike,
 * to functions that each completion defines:
 *   _bulk_invite_command NAME VALUE ARGUMENT HELP
 *   _bulk_invite_option COMMANDS NAME LETTER VALUE ARGUMENT HELP
 * VALUE is none, text, file, profile or choice (of the words of ARGUMENT, with
 * "|" between them): of the option, or of the command's operand.
 */
void shell_calls(FILE *out);

#endif
