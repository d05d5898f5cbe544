/* The command line of OpenV2Gx, pyPLC's codec program: its arguments, its form of answer.
 *
 * `D` + schema letter + hex decodes, `E` + schema letter + message letter + parameters encodes; the
 * answer is one JSON object of texts. Source: https://github.com/uhi22/OpenV2Gx, by its behaviour.
 */
#ifndef OPENV2GX_H
#define OPENV2GX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exi.h"
#include "record.h"

#define OPENV2GX_MAX_STREAM 65536   /* octets: half of the longest argument that Linux passes */
#define OPENV2GX_MAX_RECORD 1048576 /* octets of what a stream says */
#define OPENV2GX_MAX_PARAMETERS 5

/* Whether a command line is one of this dialect; every one is if the program bears its name. */
bool openv2gx_asked(int argc, char *const *argv);

/* Answer on standard output. Returns 0, 1 for an answer that is an error, 3 without any output. */
int openv2gx(int argc, char *const *argv);

/* --- the answer --- */
struct openv2gx_text {
    char *text;
    size_t size;
    size_t capacity; /* with the closing zero */
    bool cut;        /* something did not fit */
};

struct openv2gx_answer {
    const char *message;              /* msgName */
    struct openv2gx_text info;
    struct openv2gx_text error;
    struct openv2gx_text result;
    struct openv2gx_text debug;
    struct openv2gx_text properties;  /* the fields, as they stand in the answer */
};

__attribute__((format(printf, 2, 3))) void openv2gx_add(struct openv2gx_text *to,
                                                        const char *format, ...);
void openv2gx_add_hex(struct openv2gx_text *to, const uint8_t *bytes, size_t size);

/* Begin a field; its value is added to the properties, then it ends. */
void openv2gx_begin(struct openv2gx_answer *answer, const char *name);
void openv2gx_end(struct openv2gx_answer *answer);
void openv2gx_add_escaped(struct openv2gx_text *to, const char *text, size_t size);
void openv2gx_field(struct openv2gx_answer *answer, const char *name, const char *value);
void openv2gx_number(struct openv2gx_answer *answer, const char *name, long long value);

/* --- the two directions --- */
void openv2gx_decode(struct openv2gx_answer *answer, const char *argument);
void openv2gx_encode(struct openv2gx_answer *answer, const char *argument);

/* Read hexadecimal digits in pairs; false where there are others or too many of them. */
bool openv2gx_hex(const char *digits, size_t count, uint8_t *bytes, size_t capacity);

/* --- a record and what is in it --- */
struct openv2gx_value {
    const struct exi_schema *schema;
    const struct exi_type *type; /* NULL: the schema has no such field */
    struct record_reader at;
    bool present;
    bool list; /* not one value but an array of them */
};

/* Find `path` in a value: names with dots between, `[n]` after one for an item of a list. */
struct openv2gx_value openv2gx_find(struct openv2gx_value from, const char *path);

/* Find the message in a body: its type says its name. */
struct openv2gx_value openv2gx_message(struct openv2gx_value document);

struct openv2gx_value openv2gx_item(struct openv2gx_value list, uint32_t number);

/* Find the content of field number `slot` of a record, and its name. */
struct openv2gx_value openv2gx_slot(struct openv2gx_value from, unsigned slot, const char **name);

uint32_t openv2gx_count(struct openv2gx_value list);
const char *openv2gx_name(const struct openv2gx_value *value);

/* A number, a boolean as 0 or 1, an enumeration's place; 0 for what is absent. */
long long openv2gx_integer(struct openv2gx_value value);

/* A text, a binary or an enumeration's value; empty for what is absent. */
struct record_span openv2gx_span(struct openv2gx_value value);

/* --- printing a message --- */
enum openv2gx_form {
    OPENV2GX_LAST,     /* ends a list of lines */
    OPENV2GX_INTO,     /* where the paths of the lines that follow begin; absent: none of them */
    OPENV2GX_ONLY_WITH, /* absent: none of the lines that follow */
    OPENV2GX_NUMBER,
    OPENV2GX_NUMBER_IF, /* ..._IF: nothing where it is absent */
    OPENV2GX_TEXT,
    OPENV2GX_TEXT_IF,
    OPENV2GX_STATUS,   /* text of a status code; reserved ones have none */
    OPENV2GX_FLAG_IF,  /* 0 as "0", 1 as "1", nothing for any other */
    OPENV2GX_BOOLEAN,  /* "false", "true" */
    OPENV2GX_USED,     /* "1" for what is there, "0" for what is not */
    OPENV2GX_HEAD,     /* the same for a group's bare head, which a schema need not have */
    OPENV2GX_TRUE_IF,  /* "True" for what is there */
    OPENV2GX_HEX,
    OPENV2GX_LENGTH,
    OPENV2GX_LENGTH_IF,
    OPENV2GX_COUNT,    /* of a list */
    OPENV2GX_SERVICES, /* of a list: a line each, number and ServiceID */
    OPENV2GX_QUANTITY, /* a physical value: Multiplier, Value, Unit as a text */
    OPENV2GX_QUANTITY_IF,
    OPENV2GX_LIMIT,    /* a physical value: Value, Multiplier, Unit as a number */
};

struct openv2gx_line {
    uint8_t form;
    char only;        /* schema letter; 0: of both */
    const char *path;
    const char *name; /* NULL: the path */
};

/* What is printed of a message; NULL where the dialect does not know it. */
const struct openv2gx_line *openv2gx_lines(const char *message);

void openv2gx_print(struct openv2gx_answer *answer, char schema, struct openv2gx_value message);
void openv2gx_print_handshake(struct openv2gx_answer *answer, struct openv2gx_value message);

/* --- messages to encode --- */
struct openv2gx_template {
    char schema;
    char letter;
    const char *name;
    const char *json;    /* with parameters in it, see openv2gx_templates.c */
    const char *missing; /* what a last parameter was before the program took it; NULL: required */
};

extern const struct openv2gx_template openv2gx_templates[];
extern const unsigned openv2gx_template_count;

#endif
