/* The command line of decode, encode and serve. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "command.h"

/* Read the arguments after the subcommand `name`. Returns -1 to go on, or the exit status: of
 * --help, or of wrong usage, of which standard error has been told. */
int read_options(const char *name, int argc, char **argv, struct options *options);

/* Say how the program is used. */
void print_help(FILE *to);

/* Say on standard error what is wrong; returns the exit status. */
__attribute__((format(printf, 2, 3))) int wrong_usage(const char *name, const char *format, ...);

#endif
