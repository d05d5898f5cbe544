/* EXI to records. */
#include "bits.h"
#include "exi.h"
#include "record.h"

#define MAX_GROUPS 10 /* of an Unsigned Integer of 64 bits */
#define MAX_BIG_GROUPS (EXI_MAX_BIG_BYTES * 8 / 7)

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

static struct frame *top(struct decoder *d) { return &d->frames[d->depth - 1]; }

/* Note where the error is: every open element, and what was being read in the innermost. */
static void note_path(struct decoder *d) {
    struct exi_report *report = d->report;
    for (unsigned i = 0; i < d->depth; i++) {
        report->path[i] = (struct exi_step){d->frames[i].name, d->frames[i].item};
    }
    report->depth = (uint8_t)d->depth;
    if (!d->within) return;
    uint32_t item = d->within->repeated && d->depth ? top(d)->items : 0;
    report->path[report->depth++] = (struct exi_step){d->within->name, item};
}

static bool fail(struct decoder *d, enum exi_code code) {
    d->report->code = code;
    d->report->bit = d->item_start;
    note_path(d);
    return false;
}

static bool fail_value(struct decoder *d, enum exi_code code, const struct exi_type *type,
                       bool negative, uint64_t value) {
    d->report->type = (int32_t)(type - d->schema->types);
    d->report->negative = negative;
    d->report->value = value;
    return fail(d, code);
}

static bool full(struct decoder *d) { return fail(d, EXI_E_OUTPUT); }

static void warn(struct decoder *d, enum exi_leniency kind, uint16_t name) {
    struct exi_report *report = d->report;
    if (report->warning_count < EXI_MAX_WARNINGS) {
        struct exi_warning *warning = &report->warnings[report->warning_count];
        warning->kind = (uint8_t)kind;
        warning->name = name;
        warning->bit = d->item_start;
    }
    report->warning_count++;
}

static bool read(struct decoder *d, unsigned count, uint32_t *value) {
    return bits_read(&d->in, count, value) || fail(d, EXI_E_TRUNCATED);
}

/* --- numbers --- */
/* Read an Unsigned Integer of at most 64 bits. */
static bool read_unsigned(struct decoder *d, uint16_t name, uint64_t *value) {
    uint32_t octet = 0;
    *value = 0;
    for (unsigned group = 0; group < MAX_GROUPS; group++) {
        if (!read(d, 8, &octet)) return false;
        uint64_t bits = octet & 0x7f;
        if (group == MAX_GROUPS - 1 && bits > 1) return fail(d, EXI_E_RANGE);
        *value |= bits << (7 * group);
        if (!(octet & 0x80)) {
            if (octet == 0 && group) warn(d, EXI_W_ZEROS, name);
            return true;
        }
    }
    return fail(d, EXI_E_RANGE);
}

static bool decode_nbit(struct decoder *d, const struct exi_type *type) {
    uint32_t offset = 0;
    if (!read(d, type->bits, &offset)) return false;
    int64_t value = type->minimum + (int64_t)offset;
    uint64_t below = (uint64_t)(-1 - value);
    if (value > (int64_t)type->maximum) {
        return fail_value(d, EXI_E_RANGE, type, value < 0, value < 0 ? below : (uint64_t)value);
    }
    bool done = value < 0 ? record_negative(&d->out, below)
                          : record_unsigned(&d->out, (uint64_t)value);
    return done || full(d);
}

static bool decode_unsigned(struct decoder *d, const struct exi_type *type, uint16_t name) {
    uint64_t value = 0;
    if (!read_unsigned(d, name, &value)) return false;
    if (value > type->maximum || value < (uint64_t)type->minimum) {
        return fail_value(d, EXI_E_RANGE, type, false, value);
    }
    return record_unsigned(&d->out, value) || full(d);
}

static bool decode_integer(struct decoder *d, const struct exi_type *type, uint16_t name) {
    uint32_t negative = 0;
    uint64_t value = 0;
    if (!read(d, 1, &negative) || !read_unsigned(d, name, &value)) return false;
    uint64_t limit = negative ? (uint64_t)(-1 - type->minimum) : type->maximum;
    if (value > limit) return fail_value(d, EXI_E_RANGE, type, negative, value);
    bool done = negative ? record_negative(&d->out, value) : record_unsigned(&d->out, value);
    return done || full(d);
}

/* Write a number of `size` little-endian bytes, the last of them not 0, that needs over 64 bits. */
static bool write_big(struct decoder *d, bool negative, const uint8_t *number, size_t size) {
    bool prefix = number[size - 1] & 0x80;
    uint8_t invert = negative ? 0xff : 0;
    if (!record_binary_header(&d->out, size + prefix)) return full(d);
    if (!record_room(&d->out, size + prefix)) return full(d);
    if (prefix) d->out.data[d->out.size++] = invert;
    while (size--) d->out.data[d->out.size++] = number[size] ^ invert;
    return true;
}

static bool decode_big(struct decoder *d, const struct exi_type *type, uint16_t name) {
    uint8_t number[EXI_MAX_BIG_BYTES + 2] = {0};
    uint32_t negative = 0;
    uint32_t octet = 0x80;
    unsigned bit = 0;
    if (!read(d, 1, &negative)) return false;
    for (; octet & 0x80; bit += 7) {
        if (bit >= 7 * MAX_BIG_GROUPS) return fail_value(d, EXI_E_LENGTH, type, false, bit / 8);
        if (!read(d, 8, &octet)) return false;
        unsigned bits = (octet & 0x7fu) << (bit & 7);
        number[bit / 8] |= (uint8_t)bits;
        number[bit / 8 + 1] |= (uint8_t)(bits >> 8);
    }
    if (octet == 0 && bit > 7) warn(d, EXI_W_ZEROS, name);
    size_t size = sizeof number;
    while (size && !number[size - 1]) size--;
    if (size > 8 || (negative && size == 8 && number[7] & 0x80)) {
        return write_big(d, negative, number, size);
    }
    uint64_t value = 0;
    for (size_t i = size; i--;) value = value << 8 | number[i];
    bool done = negative ? record_negative(&d->out, value) : record_unsigned(&d->out, value);
    return done || full(d);
}

/* --- enumerations, binaries, texts --- */
static bool decode_enum(struct decoder *d, const struct exi_type *type) {
    uint32_t index = 0;
    if (!read(d, type->bits, &index)) return false;
    if (index >= type->count) return fail_value(d, EXI_E_VALUE, type, false, index);
    const struct exi_text *text = &d->schema->values[type->first + index];
    return record_text(&d->out, text->text, text->length) || full(d);
}

static bool check_length(struct decoder *d, const struct exi_type *type, uint64_t length) {
    if (length <= type->maximum && length >= (uint64_t)type->minimum) return true;
    return fail_value(d, EXI_E_LENGTH, type, false, length);
}

static bool decode_binary(struct decoder *d, const struct exi_type *type, uint16_t name) {
    uint64_t length = 0;
    uint32_t octet = 0;
    if (!read_unsigned(d, name, &length) || !check_length(d, type, length)) return false;
    if (length > bits_left(&d->in) / 8) return fail(d, EXI_E_TRUNCATED);
    size_t size = (size_t)length;
    if (!record_binary_header(&d->out, size) || !record_room(&d->out, size)) return full(d);
    for (size_t i = 0; i < size; i++) {
        if (!read(d, 8, &octet)) return false;
        d->out.data[d->out.size++] = (uint8_t)octet;
    }
    return true;
}

/* Write one character as UTF-8. */
static bool write_character(struct decoder *d, uint64_t point) {
    uint8_t *to = d->out.data + d->out.size;
    if (point < 0x80) return record_byte(&d->out, (unsigned)point) || full(d);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
        d->report->value = point;
        return fail(d, EXI_E_CHARACTER);
    }
    unsigned bytes = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (!record_room(&d->out, bytes)) return full(d);
    for (unsigned i = bytes; --i; point >>= 6) to[i] = (uint8_t)(0x80 | (point & 0x3f));
    to[0] = (uint8_t)((0xf00u >> bytes) | point);
    d->out.size += bytes;
    return true;
}

static void remember(struct decoder *d, uint16_t name, size_t start, uint64_t characters) {
    if (d->text_count < EXI_MAX_STRINGS) {
        struct known_text *known = &d->texts[d->text_count];
        known->start = start;
        known->size = (uint32_t)(d->out.size - start);
        known->characters = (uint32_t)characters;
        known->name = name;
    }
    d->text_count++;
}

static bool is_short(uint64_t characters) { return characters <= UINT8_MAX / 4; }

/* Begin a text: the width of its size follows from its characters, so that all texts look alike. */
static bool text_header(struct decoder *d, uint64_t characters, size_t bytes) {
    bool small = is_short(characters);
    return record_marked(&d->out, small ? 0xd9 : 0xdb, bytes, small ? 1 : 4) || full(d);
}

static bool decode_literal(struct decoder *d, const struct exi_type *type, uint16_t name,
                           uint64_t characters) {
    uint64_t point = 0;
    if (!check_length(d, type, characters)) return false;
    if (characters > bits_left(&d->in) / 8) return fail(d, EXI_E_TRUNCATED);
    size_t header = d->out.size;
    if (!text_header(d, characters, 0)) return false;
    size_t start = d->out.size;
    for (uint64_t i = 0; i < characters; i++) {
        if (!read_unsigned(d, name, &point) || !write_character(d, point)) return false;
    }
    record_big_endian(d->out.data + header + 1, d->out.size - start,
                      is_short(characters) ? 1 : 4);
    if (characters) remember(d, name, start, characters);
    return true;
}

static unsigned index_bits(unsigned count) {
    unsigned bits = 0;
    while (count > 1u << bits) bits++;
    return bits;
}

/* Read a string table hit: of the name's own partition, or of the global one. */
static bool decode_hit(struct decoder *d, const struct exi_type *type, uint16_t name, bool local) {
    unsigned count = 0;
    uint32_t index = 0;
    if (d->text_count > EXI_MAX_STRINGS) return fail(d, EXI_E_HIT);
    for (unsigned i = 0; i < d->text_count; i++) count += !local || d->texts[i].name == name;
    if (!count) return fail(d, EXI_E_HIT);
    if (!read(d, index_bits(count), &index)) return false;
    if (index >= count) return fail(d, EXI_E_HIT);
    const struct known_text *known = d->texts;
    for (;; known++) {
        if (local && known->name != name) continue;
        if (!index--) break;
    }
    warn(d, EXI_W_HIT, name);
    if (!check_length(d, type, known->characters)) return false;
    if (!text_header(d, known->characters, known->size)) return false;
    return record_bytes(&d->out, d->out.data + known->start, known->size) || full(d);
}

static bool decode_string(struct decoder *d, const struct exi_type *type, uint16_t name) {
    uint64_t code = 0;
    if (!read_unsigned(d, name, &code)) return false;
    if (code < 2) return decode_hit(d, type, name, code == 0);
    return decode_literal(d, type, name, code - 2);
}

static bool decode_value(struct decoder *d, const struct exi_type *type, uint16_t name) {
    uint32_t bit = 0;
    d->item_start = d->in.at;
    switch ((enum exi_kind)type->kind) {
    case EXI_BOOLEAN:
        return read(d, 1, &bit) && (record_byte(&d->out, 0xc2 | bit) || full(d));
    case EXI_NBIT: return decode_nbit(d, type);
    case EXI_UNSIGNED: return decode_unsigned(d, type, name);
    case EXI_INTEGER: return decode_integer(d, type, name);
    case EXI_BIG: return decode_big(d, type, name);
    case EXI_ENUM: return decode_enum(d, type);
    case EXI_BINARY: return decode_binary(d, type, name);
    case EXI_STRING: return decode_string(d, type, name);
    case EXI_COMPLEX: break;
    }
    return fail(d, EXI_E_ORDER);
}

/* --- places in the record --- */
static bool write_absent(struct decoder *d, const struct frame *f, unsigned slot) {
    bool repeated = f->type->repeated >> slot & 1;
    return record_byte(&d->out, repeated ? 0x90 : RECORD_NIL) || full(d);
}

static void close_list(struct decoder *d, struct frame *f) {
    if (!f->list_open) return;
    record_big_endian(d->out.data + f->list_start + 1, f->items, 4);
    f->list_open = false;
    f->slot++;
}

/* Go on to `slot`; what was passed over is absent. */
static bool advance(struct decoder *d, struct frame *f, unsigned slot) {
    close_list(d, f);
    if (slot < f->slot) return fail(d, EXI_E_ORDER);
    for (; f->slot < slot; f->slot++) {
        if (!write_absent(d, f, f->slot)) return false;
    }
    return true;
}

static bool open_list(struct decoder *d, struct frame *f) {
    f->list_start = d->out.size;
    f->list_open = true;
    f->items = 0;
    return record_marked(&d->out, 0xdd, 0, 4) || full(d);
}

/* Make room for the value of `production` and go to the state after it. */
static bool place(struct decoder *d, struct frame *f, const struct exi_production *production) {
    f->state = production->next;
    if (!production->repeated) {
        if (!advance(d, f, production->slot)) return false;
        f->slot++;
        return true;
    }
    if (!f->list_open || f->slot != production->slot) {
        if (!advance(d, f, production->slot) || !open_list(d, f)) return false;
    }
    f->items++;
    if (production->maximum == 0 || f->items < production->maximum) return true;
    if (f->items > production->maximum) {
        d->within = production;
        return fail(d, EXI_E_TOO_MANY);
    }
    d->report->full_lists++;
    if (!(d->flags & EXI_FULL_LISTS)) f->state = production->full;
    return true;
}

/* --- events --- */
static bool begin(struct decoder *d, uint16_t type_number, uint16_t name, uint32_t item) {
    const struct exi_type *type = &d->schema->types[type_number];
    if (d->depth == EXI_MAX_DEPTH) return fail(d, EXI_E_DEPTH);
    struct frame *f = &d->frames[d->depth++];
    *f = (struct frame){.type = type, .name = name, .state = type->first, .item = item};
    if (!record_array(&d->out, (unsigned)type->slots + type->tagged)) return full(d);
    if (!type->tagged) return true;
    const struct exi_text *tag = &d->schema->names[type->name];
    return record_text(&d->out, tag->text, tag->length) || full(d);
}

static bool end(struct decoder *d) {
    struct frame *f = top(d);
    if (!advance(d, f, f->type->slots)) return false;
    d->depth--;
    return true;
}

/* Write the empty value that an undeclared end of the element stands for. */
static bool empty_value(struct decoder *d, const struct exi_type *type, uint16_t name,
                        unsigned bits) {
    uint32_t code = 0;
    if (!bits || !read(d, bits, &code)) return bits ? false : fail(d, EXI_E_UNDECLARED);
    if (code || (type->kind != EXI_STRING && type->kind != EXI_BINARY)) {
        return fail(d, EXI_E_UNDECLARED);
    }
    if (!check_length(d, type, 0)) return false;
    warn(d, EXI_W_EMPTY, name);
    if (type->kind == EXI_STRING) return text_header(d, 0, 0);
    return record_binary_header(&d->out, 0) || full(d);
}

/* Read an element of simple type: its characters and its end. */
static bool simple_element(struct decoder *d, const struct exi_type *type, uint16_t name) {
    uint32_t bit = 0;
    d->item_start = d->in.at;
    d->report->state = -1;
    if (!read(d, 1, &bit)) return false;
    if (bit) return empty_value(d, type, name, 3);
    if (!decode_value(d, type, name)) return false;
    d->item_start = d->in.at;
    if (!read(d, 1, &bit)) return false;
    return bit ? fail(d, EXI_E_UNDECLARED) : true;
}

static bool bare_head(struct decoder *d, const struct exi_production *production) {
    bool lenient = production->bare == EXI_BARE_LENIENT && d->flags & EXI_LENIENT;
    d->within = production;
    if (!lenient) return fail(d, EXI_E_BARE);
    d->within = NULL;
    warn(d, EXI_W_BARE, production->name);
    return true;
}

static bool element(struct decoder *d, struct frame *f, const struct exi_production *production) {
    const struct exi_type *type = &d->schema->types[production->type];
    bool simple = type->kind != EXI_COMPLEX;
    if (production->bare != EXI_NOT_BARE && !bare_head(d, production)) return false;
    if (!place(d, f, production)) return false;
    uint32_t item = production->repeated ? f->items : 0;
    if (!simple) return begin(d, production->type, production->name, item);
    d->within = production;
    return simple_element(d, type, production->name);
}

static bool text_event(struct decoder *d, struct frame *f,
                       const struct exi_production *production) {
    const struct exi_type *type = &d->schema->types[production->type];
    return place(d, f, production) && decode_value(d, type, f->name);
}

static bool empty_text(struct decoder *d, struct frame *f, const struct exi_state *state) {
    const struct exi_production *production = &d->schema->productions[state->first];
    const struct exi_type *type = &d->schema->types[production->type];
    if (!state->empty_bits) return fail(d, EXI_E_UNDECLARED);
    return place(d, f, production) && empty_value(d, type, f->name, state->empty_bits) && end(d);
}

/* Read one event and what belongs to it. */
static bool event(struct decoder *d) {
    struct frame *f = top(d);
    const struct exi_state *state = &d->schema->states[f->state];
    uint32_t code = 0;
    d->item_start = d->in.at;
    d->within = NULL;
    d->report->state = f->state;
    if (!read(d, state->bits, &code)) return false;
    d->report->value = code;
    if (code == state->count) return empty_text(d, f, state);
    if (code > state->count) return fail(d, EXI_E_EVENT);
    const struct exi_production *production = &d->schema->productions[state->first + code];
    switch ((enum exi_event)production->event) {
    case EXI_AT:
        d->within = production;
        return place(d, f, production) &&
               decode_value(d, &d->schema->types[production->type], production->name);
    case EXI_SE: return element(d, f, production);
    case EXI_CH: return text_event(d, f, production);
    case EXI_EE: return end(d);
    case EXI_ANY:
    case EXI_MIXED: break;
    }
    return fail(d, EXI_E_WILDCARD);
}

/* --- the document --- */
static bool root(struct decoder *d, const struct exi_roots *roots) {
    uint32_t byte = 0;
    uint32_t code = 0;
    if (!read(d, 8, &byte)) return false;
    d->report->value = byte;
    if (byte != 0x80) return fail(d, EXI_E_HEADER);
    d->item_start = d->in.at;
    if (!read(d, roots->bits, &code)) return false;
    d->report->value = code;
    if (code >= roots->count) return fail(d, EXI_E_EVENT);
    const struct exi_root *found = &roots->roots[code];
    if (found->type != EXI_NO_TYPE) return begin(d, found->type, found->name, 0);
    d->report->path[0] = (struct exi_step){found->name, 0};
    fail(d, EXI_E_ROOT);
    d->report->depth = 1;
    return false;
}

/* Read what comes after the root element: in a fragment its own end, then nothing. */
static bool finish(struct decoder *d) {
    const struct exi_roots *fragments = &d->schema->fragment;
    uint32_t code = 0;
    d->item_start = d->in.at;
    d->within = NULL;
    d->report->state = -1;
    if (d->flags & EXI_FRAGMENT) {
        if (!read(d, fragments->bits, &code)) return false;
        d->report->value = code;
        if (code != fragments->count + 1u) return fail(d, EXI_E_EVENT);
    }
    d->item_start = (d->in.at + 7) / 8 * 8;
    if (d->item_start < d->in.bits) warn(d, EXI_W_TRAILING, 0);
    return true;
}

enum exi_code exi_decode(const struct exi_schema *schema, const uint8_t *data, size_t size,
                         unsigned flags, uint8_t *out, size_t capacity, size_t *written,
                         struct exi_report *report) {
    struct decoder decoder;
    struct decoder *d = &decoder;
    d->schema = schema;
    d->in = (struct bit_reader){data, size * 8, 0};
    d->out = (struct record_writer){out, capacity, 0};
    d->report = report;
    d->item_start = 0;
    d->within = NULL;
    d->flags = flags;
    d->depth = 0;
    d->text_count = 0;
    exi_start_report(report, schema);
    *written = 0;
    if (!root(d, flags & EXI_FRAGMENT ? &schema->fragment : &schema->document)) return report->code;
    while (d->depth) {
        if (!event(d)) return report->code;
    }
    if (finish(d)) *written = d->out.size;
    return report->code;
}
