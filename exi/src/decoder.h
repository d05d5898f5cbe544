/* What the two halves of the decoder share: its state, and the ways in which it gives up. */
#ifndef EXI_DECODER_H
#define EXI_DECODER_H

#include "bits.h"
#include "exi.h"
#include "record.h"

/* An element that has begun. */
struct frame {
    const struct exi_type *type;
    uint16_t name;
    uint16_t state;
    uint8_t slot;      /* to be written next; while a list is open: of the list */
    bool list_open;
    uint32_t items;    /* of the list */
    uint32_t item;     /* this element's place in its parent's list; 0: in none */
    size_t list_start; /* of its header in the output */
};

/* A text that a string table hit may refer to. */
struct known_text {
    size_t start; /* in the output */
    uint32_t size;
    uint32_t characters;
    uint16_t name;
};

struct decoder {
    const struct exi_schema *schema;
    struct bit_reader in;
    struct record_writer out;
    struct exi_report *report;
    size_t item_start; /* bit where the item being read began */
    const struct exi_production *within; /* the attribute or simple element being read, or NULL */
    unsigned flags;
    unsigned depth;
    unsigned text_count;
    struct frame frames[EXI_MAX_DEPTH];
    struct known_text texts[EXI_MAX_STRINGS];
};

static inline struct frame *top(struct decoder *d) { return &d->frames[d->depth - 1]; }

/* Each of these returns false, so that it can stand for the result. */
bool decoder_fail(struct decoder *d, enum exi_code code);
bool decoder_fail_value(struct decoder *d, enum exi_code code, const struct exi_type *type,
                        bool negative, uint64_t value);

/* The stream is shorter than the text or binary that it announces. */
bool decoder_fail_cut(struct decoder *d, uint64_t announced);

void decoder_warn(struct decoder *d, enum exi_leniency kind, uint64_t value);

static inline bool decoder_full(struct decoder *d) { return decoder_fail(d, EXI_E_OUTPUT); }

static inline bool decoder_read(struct decoder *d, unsigned count, uint32_t *value) {
    return bits_read(&d->in, count, value) || decoder_fail(d, EXI_E_TRUNCATED);
}

/* Take a value of fixed width, of which these are the bits. */
bool decode_fixed(struct decoder *d, const struct exi_type *type, uint32_t bits);

/* Read a value of simple type, of an element or attribute with this name. */
bool decode_value(struct decoder *d, const struct exi_type *type, uint16_t name);

/* Write the empty value of a text or binary type. */
bool decode_empty(struct decoder *d, const struct exi_type *type);

#endif
