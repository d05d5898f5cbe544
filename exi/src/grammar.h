/* The shape of the generated tables: what a schema is to the machine.
 *
 * A record is a MessagePack array with one place (slot) for each field of a type; where a type is
 * tagged, its name comes before the first slot. An absent field is nil, a repeated one an array.
 */
#ifndef EXI_GRAMMAR_H
#define EXI_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

#define EXI_NO_TYPE UINT16_MAX
#define EXI_UNBOUNDED UINT64_MAX

enum exi_event {
    EXI_AT,    /* attribute */
    EXI_SE,    /* element */
    EXI_CH,    /* typed text: the last of those with a slot */
    EXI_EE,    /* end of the element */
    EXI_ANY,   /* any element: counted, refused */
    EXI_MIXED, /* untyped text: counted, refused */
};

enum exi_kind {
    EXI_BOOLEAN,
    EXI_NBIT,     /* integer of a small range: value - minimum in `bits` bits */
    EXI_ENUM,     /* index into a list of values, in `bits` bits: the last of fixed width */
    EXI_UNSIGNED, /* Unsigned Integer of at most 64 bits */
    EXI_INTEGER,  /* sign and Unsigned Integer, at most 64 bits */
    EXI_BIG,      /* the same without bounds; beyond 64 bits its record is two's complement bytes */
    EXI_BINARY,
    EXI_STRING,
    EXI_COMPLEX,
};

/* One event that a state declares; its code is its place in the state. */
struct exi_production {
    uint8_t event;
    uint8_t slot;    /* of the field in its record */
    uint16_t name;   /* of the element or attribute */
    uint16_t type;
    uint16_t next;   /* state, within the schema */
    uint16_t full;   /* state after item number `maximum` */
    uint16_t maximum; /* items of a bounded repetition; 0: no bound to watch */
    uint8_t repeated; /* the slot holds an array */
    uint8_t bare;     /* a substitution group's head: enum exi_bare */
};

enum exi_bare {
    EXI_NOT_BARE,
    EXI_BARE_LENIENT, /* an abstract head that lenient decoding takes as an empty element */
    EXI_BARE_REFUSED, /* an abstract head that is always an error */
};

struct exi_state {
    uint16_t first; /* production */
    uint16_t count;
    uint8_t bits;   /* of the event code */
    uint8_t empty_bits; /* of the second-level code by which an empty value ends; 0: none */
};

struct exi_type {
    uint8_t kind;
    uint8_t bits;      /* of a value of fixed width; EXI_BINARY: enum exi_digits */
    uint8_t slots;     /* EXI_COMPLEX */
    uint8_t tagged;    /* EXI_COMPLEX: the record begins with the name */
    uint16_t first;    /* EXI_COMPLEX: start state; EXI_ENUM: first value */
    uint16_t count;    /* EXI_ENUM: number of values */
    uint16_t name;     /* EXI_COMPLEX: of the class */
    uint16_t fields;   /* EXI_COMPLEX: first of its `slots` fields */
    uint32_t repeated; /* EXI_COMPLEX: one bit for each slot that holds an array */
    int64_t minimum;   /* integers: of the value; texts and binaries: of the length */
    uint64_t maximum;  /* the same; EXI_INTEGER: as int64_t */
};

/* How a binary stands in a text form, JSON for one. */
enum exi_digits {
    EXI_HEX = 16,
    EXI_BASE64 = 64,
};

/* What a slot of a record is in the document. */
enum exi_role {
    EXI_ATTRIBUTE,
    EXI_ELEMENT,
    EXI_GROUP, /* an element of one of several names: the tag of its record */
    EXI_TEXT,  /* the content of an element */
};

/* One slot of a record. */
struct exi_field {
    uint8_t role;
    uint8_t repeated;
    uint8_t required;
    uint16_t name;    /* of the field: EXI_GROUP and EXI_TEXT have none in the document */
    uint16_t type;    /* EXI_GROUP: first of its `members` */
    uint16_t members; /* EXI_GROUP: how many types it may have */
};

/* A name, or a value of an enumeration. */
struct exi_text {
    const char *text; /* ended by a NUL too */
    size_t length;
};

/* One global element (document) or element name (fragment). */
struct exi_root {
    uint16_t name;
    uint16_t type; /* EXI_NO_TYPE: none that may be a message */
};

struct exi_roots {
    const struct exi_root *roots; /* sorted by name */
    uint16_t count;
    uint16_t first; /* that may be a message; `count`: none */
    uint8_t bits;
};

struct exi_schema {
    const char *name;
    const struct exi_production *productions;
    const struct exi_state *states;
    const struct exi_type *types;
    const struct exi_field *fields;
    const uint16_t *members;       /* types of the groups' elements; a bare head is none of them */
    const uint16_t *names;         /* one for each qname: a string table partition of its own */
    const uint16_t *values;        /* of the enumerations */
    const char *texts;             /* what names and values point into: length, characters, NUL */
    struct exi_roots document;
    struct exi_roots fragment;
};

static inline struct exi_text exi_text_at(const struct exi_schema *schema, uint16_t place) {
    const char *at = schema->texts + place;
    struct exi_text found;
    found.text = at + 1;
    found.length = (unsigned char)at[0];
    return found;
}

static inline struct exi_text exi_name(const struct exi_schema *schema, unsigned name) {
    return exi_text_at(schema, schema->names[name]);
}

static inline struct exi_text exi_value(const struct exi_schema *schema, unsigned value) {
    return exi_text_at(schema, schema->values[value]);
}

/* Every schema of this build. */
extern const struct exi_schema *const exi_schemas[];
extern const unsigned exi_schema_count;

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
