/* The EXI machine: EXI bit streams to MessagePack records and back, by the tables of a schema.
 *
 * Bytes in, bytes out: no allocation, no recursion, no state between calls, so any number of
 * threads may call at once. Any input gives either a result or an error; what an error says is put
 * into words by exi_describe(). Input and output must not overlap. A function needs less than 8 KiB
 * of stack, a report about 3 KiB.
 *
 * A record is a MessagePack array (see grammar.h); json.h turns it into text and back. Room: where
 * the answer is EXI_E_OUTPUT, try again with more; 16 times the input, and 4 KiB at least, nearly
 * always do. On any other error nothing of use is in the output, and *written is 0.
 *
 * What is declared here stays as it is within one minor version; structures may grow in the next.
 *
 * Source: W3C Efficient XML Interchange 1.0, schema-informed, bit-packed, default options.
 */
#ifndef EXI_H
#define EXI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "grammar.h"

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

#define EXI_VERSION "0.1.0"

#define EXI_MAX_DEPTH 24    /* elements within elements */
#define EXI_MAX_WARNINGS 8  /* more are counted, not kept */
#define EXI_MAX_STRINGS 128 /* of one stream that a string table hit can refer to */
#define EXI_MAX_BIG_BYTES 64 /* of an integer without bounds */
#define EXI_MAX_TEXT 4096    /* what an error or warning in words needs at most */
#define EXI_MAX_QUOTED 40    /* octets of the input that an error quotes */

enum exi_code {
    EXI_OK,
    EXI_E_HEADER,     /* the first byte is not 0x80 */
    EXI_E_TRUNCATED,  /* the stream ends too early */
    EXI_E_EVENT,      /* an event code beyond those of the state */
    EXI_E_UNDECLARED, /* an undeclared event (second level) */
    EXI_E_ROOT,       /* an element that is no message */
    EXI_E_BARE,       /* an abstract head */
    EXI_E_WILDCARD,   /* content that only a wildcard or mixed text allows */
    EXI_E_RANGE,      /* a number outside its range */
    EXI_E_VALUE,      /* a value that its enumeration does not have */
    EXI_E_LENGTH,     /* a text or binary too long or too short */
    EXI_E_CHARACTER,  /* a code point that is no character, or bytes that are no UTF-8 */
    EXI_E_HIT,        /* a string table hit that points to nothing */
    EXI_E_TOO_MANY,   /* more items than a list may have */
    EXI_E_DEPTH,      /* deeper than EXI_MAX_DEPTH */
    EXI_E_ORDER,      /* elements in an order that a record cannot hold */
    EXI_E_OUTPUT,     /* the output buffer is too small */
    EXI_E_RECORD,     /* the input is no well-formed record */
    EXI_E_TYPE,       /* a field of the wrong type */
    EXI_E_CLASS,      /* a record of the wrong class */
    EXI_E_MISSING,    /* a required field is absent */
    EXI_E_UNEXPECTED, /* a field that may not stand beside the others */
    /* Of a text form, from which a record is made: */
    EXI_E_DOCUMENT, /* not an object of one key, the root element */
    EXI_E_LIST,     /* no list where one is wanted; of records too */
    EXI_E_UNKNOWN,  /* a name that the class does not have */
    EXI_E_TWICE,    /* a field that is there already */
    EXI_E_DIGITS,   /* a text that is no binary */
    EXI_E_JSON,     /* no JSON text: `found` says why, `value` at which octet */
};

enum exi_leniency {
    EXI_W_TRAILING,  /* bytes after the end of the document */
    EXI_W_BARE,      /* an abstract head, read as an empty element */
    EXI_W_FULL_LIST, /* a full list that ends like one that is not full */
    EXI_W_EMPTY,     /* an empty value without its characters event */
    EXI_W_HIT,       /* a string table hit */
    EXI_W_ZEROS,     /* superfluous zero groups of an integer */
};

/* Flags of exi_decode() and exi_encode(). */
#define EXI_FRAGMENT 1u   /* a fragment stream instead of a document */
#define EXI_LENIENT 2u    /* take the heads of substitution groups as empty elements */
#define EXI_FULL_LISTS 4u /* full lists of objects end like lists that are not full */

struct exi_step {
    uint16_t name;
    uint32_t item; /* of a list, counted from 1; 0: not in a list */
};

struct exi_warning {
    uint8_t kind;
    uint8_t depth; /* steps of the path; 0: it is about all of the stream */
    struct exi_step path[EXI_MAX_DEPTH + 1];
    uint64_t value; /* EXI_W_TRAILING: bytes; EXI_W_FULL_LIST: items */
    size_t bit;
};

/* A text of the input, or its beginning. */
struct exi_quote {
    uint8_t bytes[EXI_MAX_QUOTED];
    uint8_t size;
    bool there; /* or else there is none */
    bool cut;
};

struct exi_report {
    const struct exi_schema *schema;
    const struct exi_root *root; /* of the stream; NULL: it had none that may be a message */
    const struct exi_roots *roots; /* of which the root element is none; NULL: that is not wrong */
    enum exi_code code;
    size_t bit;          /* where the item began that is wrong (decoding only) */
    struct exi_step path[EXI_MAX_DEPTH + 1];
    uint8_t depth;
    int32_t state;       /* whose productions were expected; -1: none */
    int32_t type;        /* of the value that is wrong, or wanted; -1: none */
    int32_t field;       /* that is missing or not wanted; -1: none */
    uint64_t value;      /* the number, length, count or code that is wrong ... */
    bool negative;       /* ... below zero: value is then -1 - number */
    uint64_t limit;      /* the most items; of what is cut short: octets or characters; 0: none */
    const char *found;   /* what stood there instead, in words; NULL: the number `value` */
    struct exi_quote quote; /* that itself: a text, or the digits of a number of any size */
    struct exi_warning warnings[EXI_MAX_WARNINGS];
    uint32_t warning_count;
    uint32_t full_lists; /* lists of objects that reached the most items they may have */
};

/* Decode `size` bytes of EXI into a record. The output size is in *written. */
enum exi_code exi_decode(const struct exi_schema *schema, const uint8_t *data, size_t size,
                         unsigned flags, uint8_t *out, size_t capacity, size_t *written,
                         struct exi_report *report);

/* Decode what real peers send: by the schema if that is possible, else with the leniencies of
 * EXI_LENIENT, EXI_FULL_LISTS or both, of which the report warns. `flags` is EXI_FRAGMENT or 0. */
enum exi_code exi_decode_leniently(const struct exi_schema *schema, const uint8_t *data,
                                   size_t size, unsigned flags, uint8_t *out, size_t capacity,
                                   size_t *written, struct exi_report *report);

/* Encode the record of the element `root` as EXI. */
enum exi_code exi_encode(const struct exi_schema *schema, const char *root, const uint8_t *data,
                         size_t size, unsigned flags, uint8_t *out, size_t capacity,
                         size_t *written, struct exi_report *report);

/* Put the error of a report into one sentence: where, then what; the bit is not in it. A text of
 * EXI_MAX_TEXT takes every sentence, a shorter one ends in three dots. */
void exi_describe(const struct exi_report *report, char *text, size_t size);

/* Say only where: `PreChargeReq/EVTargetVoltage/Value`; nothing where no element had begun. */
void exi_describe_path(const struct exi_report *report, char *text, size_t size);

/* The same for a warning. */
void exi_describe_warning(const struct exi_report *report, const struct exi_warning *warning,
                          char *text, size_t size);
void exi_describe_warning_path(const struct exi_report *report, const struct exi_warning *warning,
                               char *text, size_t size);

/* Begin a report: no error, no warnings. */
void exi_start_report(struct exi_report *report, const struct exi_schema *schema);

/* Find a schema by its name; NULL where there is none. */
const struct exi_schema *exi_find_schema(const char *name);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
