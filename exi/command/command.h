/* The command pyplc-exi: what its parts share. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "buffer.h"
#include "exi.h"

#define PROGRAM "pyplc-exi"

enum {
    STATUS_OK,
    STATUS_FAILED, /* something could not be converted */
    STATUS_USAGE,
    STATUS_FILES, /* a file could not be read, or the output not be written */
};

/* How EXI is written. */
enum form {
    FORM_HEX,
    FORM_BASE64,
    FORM_RAW,
};

/* How requests are told apart. */
enum framing {
    FRAMING_LINES,
    FRAMING_LENGTH,
};

enum direction {
    DECODE,
    ENCODE,
};

struct options {
    enum direction direction;
    const struct exi_schema *schema; /* NULL: told from the stream */
    bool fragment;
    bool lenient;
    enum form form;
    bool whole_files; /* each is one message */
    enum framing framing;
    char **files; /* "-": standard input */
    int file_count;
};

/* What became of one message. */
struct outcome {
    struct buffer record;
    struct buffer out;     /* JSON or EXI */
    struct exi_report report;
    char error[EXI_MAX_TEXT];
    bool has_bit;          /* the error is at report.bit */
    bool warned;           /* the report's warnings are of this message */
};

/* Decode EXI to JSON, or encode JSON to EXI; false: outcome->error says why not. */
bool decode_message(const struct options *options, const uint8_t *data, size_t size,
                    struct outcome *outcome);
bool encode_message(const struct options *options, const char *text, size_t size,
                    struct outcome *outcome);

/* Give its memory back. */
void free_outcome(struct outcome *outcome);

/* Put warning number `number` into words; false where there is none. */
bool describe_warning(const struct outcome *outcome, unsigned number, char text[EXI_MAX_TEXT]);

/* Read a text form of EXI into out; false where it is none. */
bool from_form(enum form form, const uint8_t *text, size_t size, struct buffer *out);

/* Write EXI in its form. */
void add_form(enum form form, const uint8_t *data, size_t size, struct buffer *out);

/* Write {"error":...,"bit":...}, without its braces. */
void add_error(struct outcome *outcome, struct buffer *out);
void add_string(const char *text, size_t size, struct buffer *out);

/* Write to standard output and see that it arrives; ends the program where it does not. */
void print(const void *data, size_t size);

/* Say on standard error what could not be done with a file, by errno. */
void complain(const char *file);

/* The subcommands; each returns the exit status. */
int run_filter(const struct options *options);
int run_schemas(void);
int run_serve(enum framing framing);

/* What is said of a schema: by `schemas`, and by the request of that name. */
const char *standard_of(const struct exi_schema *schema);
void add_schemas(struct buffer *out);

#endif
