/* What the two halves of reading JSON share: their state, and the ways in which they give up. */
#ifndef EXI_JSON_READER_H
#define EXI_JSON_READER_H

#include "exi.h"
#include "json_text.h"
#include "record.h"

#define JSON_MAX_SLOTS 32 /* of one type; exi/tables.py holds them to it */

/* An element that has begun. */
struct json_frame {
    const struct exi_type *type;
    uint16_t name;
    uint32_t item;      /* this element's place in its parent's list; 0: in none */
    uint8_t slot;       /* to be written next; while a list is open: of the list */
    bool list_open;
    uint32_t items;     /* of the list */
    size_t list_start;  /* of its header in the record */
    uint16_t list_type; /* of the items ... */
    uint16_t list_name; /* ... and their name */
    struct json_cursor list;              /* at the next item, or at the list's end */
    const uint8_t *keys[JSON_MAX_SLOTS];  /* of each slot, the first in the text; NULL: none */
};

struct json_reader {
    const struct exi_schema *schema;
    const uint8_t *end; /* of the text */
    struct record_writer out;
    struct exi_report *report;
    unsigned depth;
    struct json_frame frames[EXI_MAX_DEPTH];
};

/* The element or attribute that is being read, for the path of an error. */
struct json_place {
    uint16_t name;
    uint32_t item; /* of a list; 0: in none */
};

/* Each of these returns false, so that it can stand for the result. `place` may be NULL: the error
 * is in the innermost element that has begun. */
bool json_fail(struct json_reader *r, enum exi_code code, const struct json_place *place);
bool json_fail_type(struct json_reader *r, enum exi_code code, const struct exi_type *type,
                    const struct json_place *place);

/* Another kind of value comes than the type or a list of it wants. */
bool json_wrong_kind(struct json_reader *r, enum exi_code code, const struct exi_type *type,
                     struct json_cursor in, const struct json_place *place);

/* Note the string that comes, or the number, as what is wrong. */
void json_note_text(struct json_reader *r, struct json_cursor string);
void json_note_number(struct json_reader *r, struct json_cursor number);

/* Read a value of simple type. */
bool json_read_simple(struct json_reader *r, const struct exi_type *type, struct json_cursor *in,
                      const struct json_place *place);

#endif
