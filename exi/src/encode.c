/* Records to EXI. */
#include <string.h>

#include "bits.h"
#include "exi.h"
#include "record.h"

/* An element that has begun. */
struct frame {
    const struct exi_type *type;
    uint16_t name;
    uint16_t state;
    uint8_t slot;        /* to be read next; while a list is open: of the list */
    bool list_open;
    uint32_t items_left; /* of the list */
    uint32_t items;      /* of the list, written */
    uint32_t item;       /* this element's place in its parent's list; 0: in none */
    const struct exi_production *list; /* the open list's */
};

struct encoder {
    const struct exi_schema *schema;
    struct record_reader in;
    struct bit_writer out;
    struct exi_report *report;
    const struct exi_production *within; /* the field being written, or NULL */
    unsigned depth;
    struct frame frames[EXI_MAX_DEPTH];
};

static struct frame *top(struct encoder *e) { return &e->frames[e->depth - 1]; }

/* Note where the error is: every open element, and the field in the innermost. */
static void note_path(struct encoder *e) {
    struct exi_report *report = e->report;
    for (unsigned i = 0; i < e->depth; i++) {
        report->path[i] = (struct exi_step){e->frames[i].name, e->frames[i].item};
    }
    report->depth = (uint8_t)e->depth;
    if (!e->within) return;
    uint32_t item = e->within->repeated && e->depth ? top(e)->items : 0;
    report->path[report->depth++] = (struct exi_step){e->within->name, item};
}

static bool fail(struct encoder *e, enum exi_code code) {
    e->report->code = code;
    note_path(e);
    return false;
}

static bool fail_value(struct encoder *e, enum exi_code code, const struct exi_type *type,
                       bool negative, uint64_t value) {
    e->report->type = (int32_t)(type - e->schema->types);
    e->report->negative = negative;
    e->report->value = value;
    return fail(e, code);
}

static bool wrong_type(struct encoder *e, const struct exi_type *type) {
    e->report->found = record_kind(&e->in);
    return fail_value(e, EXI_E_TYPE, type, false, 0);
}

static bool write(struct encoder *e, unsigned count, uint32_t value) {
    return bits_write(&e->out, count, value) || fail(e, EXI_E_OUTPUT);
}

/* --- numbers --- */
static bool write_unsigned(struct encoder *e, uint64_t value) {
    while (value >= 0x80) {
        if (!write(e, 8, 0x80 | (uint32_t)(value & 0x7f))) return false;
        value >>= 7;
    }
    return write(e, 8, (uint32_t)value);
}

static bool read_number(struct encoder *e, const struct exi_type *type, bool *negative,
                        uint64_t *value) {
    return record_read_integer(&e->in, negative, value) || wrong_type(e, type);
}

static bool encode_nbit(struct encoder *e, const struct exi_type *type) {
    bool negative = false;
    uint64_t value = 0;
    if (!read_number(e, type, &negative, &value)) return false;
    int64_t number = negative ? -1 - (int64_t)(value & INT64_MAX) : (int64_t)(value & INT64_MAX);
    if (value > INT64_MAX || number < type->minimum || number > (int64_t)type->maximum) {
        return fail_value(e, EXI_E_RANGE, type, negative, value);
    }
    return write(e, type->bits, (uint32_t)(number - type->minimum));
}

static bool encode_unsigned(struct encoder *e, const struct exi_type *type) {
    bool negative = false;
    uint64_t value = 0;
    if (!read_number(e, type, &negative, &value)) return false;
    if (negative || value > type->maximum || value < (uint64_t)type->minimum) {
        return fail_value(e, EXI_E_RANGE, type, negative, value);
    }
    return write_unsigned(e, value);
}

static bool encode_integer(struct encoder *e, const struct exi_type *type) {
    bool negative = false;
    uint64_t value = 0;
    if (!read_number(e, type, &negative, &value)) return false;
    uint64_t limit = negative ? (uint64_t)(-1 - type->minimum) : type->maximum;
    if (value > limit) return fail_value(e, EXI_E_RANGE, type, negative, value);
    return write(e, 1, negative) && write_unsigned(e, value);
}

/* Write a number given as big-endian two's complement. */
static bool write_big(struct encoder *e, const struct exi_type *type, struct record_span span) {
    uint8_t number[EXI_MAX_BIG_BYTES + 1] = {0}; /* little-endian, one byte to spare */
    if (span.size > EXI_MAX_BIG_BYTES) return fail_value(e, EXI_E_LENGTH, type, false, span.size);
    bool negative = span.size && span.bytes[0] & 0x80;
    for (size_t i = 0; i < span.size; i++) {
        number[i] = span.bytes[span.size - 1 - i] ^ (negative ? 0xff : 0);
    }
    size_t bits = span.size * 8;
    while (bits && !(number[(bits - 1) / 8] >> (bits - 1) % 8 & 1)) bits--;
    if (!write(e, 1, negative)) return false;
    for (size_t bit = 0; bit == 0 || bit < bits; bit += 7) {
        unsigned pair = number[bit / 8] | (unsigned)number[bit / 8 + 1] << 8;
        uint32_t more = bit + 7 < bits ? 0x80 : 0;
        if (!write(e, 8, more | (pair >> bit % 8 & 0x7f))) return false;
    }
    return true;
}

static bool encode_big(struct encoder *e, const struct exi_type *type) {
    struct record_span span;
    bool negative = false;
    uint64_t value = 0;
    if (record_read_binary(&e->in, &span)) return write_big(e, type, span);
    if (!read_number(e, type, &negative, &value)) return false;
    return write(e, 1, negative) && write_unsigned(e, value);
}

/* --- enumerations, binaries, texts --- */
static bool encode_enum(struct encoder *e, const struct exi_type *type) {
    struct record_span span;
    if (!record_read_text(&e->in, &span)) return wrong_type(e, type);
    for (uint32_t index = 0; index < type->count; index++) {
        const struct exi_text *value = &e->schema->values[type->first + index];
        if (value->length != span.size || memcmp(value->text, span.bytes, span.size)) continue;
        return write(e, type->bits, index);
    }
    e->report->found = "another text";
    return fail_value(e, EXI_E_VALUE, type, false, 0);
}

static bool check_length(struct encoder *e, const struct exi_type *type, uint64_t length) {
    if (length <= type->maximum && length >= (uint64_t)type->minimum) return true;
    return fail_value(e, EXI_E_LENGTH, type, false, length);
}

static bool encode_binary(struct encoder *e, const struct exi_type *type) {
    struct record_span span;
    if (!record_read_binary(&e->in, &span)) return wrong_type(e, type);
    if (!check_length(e, type, span.size) || !write_unsigned(e, span.size)) return false;
    for (size_t i = 0; i < span.size; i++) {
        if (!write(e, 8, span.bytes[i])) return false;
    }
    return true;
}

/* Take the next character off a UTF-8 text; false where it is none. */
static bool next_character(struct record_span *text, uint32_t *point) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = text->bytes[0];
    size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || size > text->size) return false;
    *point = size == 1 ? first : first & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((text->bytes[i] & 0xc0) != 0x80) return false;
        *point = *point << 6 | (text->bytes[i] & 0x3fu);
    }
    text->bytes += size;
    text->size -= size;
    return *point >= least[size] && *point <= 0x10ffff && (*point < 0xd800 || *point > 0xdfff);
}

static bool encode_string(struct encoder *e, const struct exi_type *type) {
    struct record_span text;
    uint32_t point = 0;
    uint64_t characters = 0;
    if (!record_read_text(&e->in, &text)) return wrong_type(e, type);
    for (struct record_span rest = text; rest.size; characters++) {
        if (!next_character(&rest, &point)) return fail(e, EXI_E_CHARACTER);
    }
    if (!check_length(e, type, characters) || !write_unsigned(e, characters + 2)) return false;
    while (text.size) {
        if (!next_character(&text, &point) || !write_unsigned(e, point)) return false;
    }
    return true;
}

static bool encode_boolean(struct encoder *e, const struct exi_type *type) {
    bool value = false;
    return record_read_boolean(&e->in, &value) ? write(e, 1, value) : wrong_type(e, type);
}

static bool encode_value(struct encoder *e, const struct exi_type *type) {
    switch ((enum exi_kind)type->kind) {
    case EXI_BOOLEAN: return encode_boolean(e, type);
    case EXI_NBIT: return encode_nbit(e, type);
    case EXI_UNSIGNED: return encode_unsigned(e, type);
    case EXI_INTEGER: return encode_integer(e, type);
    case EXI_BIG: return encode_big(e, type);
    case EXI_ENUM: return encode_enum(e, type);
    case EXI_BINARY: return encode_binary(e, type);
    case EXI_STRING: return encode_string(e, type);
    case EXI_COMPLEX: break;
    }
    return wrong_type(e, type);
}

/* --- elements --- */
static const struct exi_production *productions_of(const struct encoder *e, uint16_t state) {
    return &e->schema->productions[e->schema->states[state].first];
}

/* Write the code of one of the state's events. */
static bool write_event(struct encoder *e, uint16_t state, unsigned code) {
    return write(e, e->schema->states[state].bits, code);
}

static bool tag_is(const struct encoder *e, const struct exi_type *type, struct record_span tag) {
    const struct exi_text *name = &e->schema->names[type->name];
    return type->tagged && name->length == tag.size && !memcmp(name->text, tag.bytes, tag.size);
}

/* Read the beginning of a record of `type`: the number of slots and the tag. */
static bool begin(struct encoder *e, const struct exi_type *type, uint16_t name, uint32_t item) {
    struct record_span tag;
    struct record_reader start = e->in;
    uint32_t count = 0;
    if (!record_read_array(&e->in, &count)) return wrong_type(e, type);
    if (type->tagged && (!record_read_text(&e->in, &tag) || !tag_is(e, type, tag))) {
        return fail_value(e, EXI_E_CLASS, type, false, 0);
    }
    if (count != (uint32_t)type->slots + type->tagged) {
        e->in = start;
        return fail_value(e, EXI_E_CLASS, type, false, 0);
    }
    if (e->depth == EXI_MAX_DEPTH) return fail(e, EXI_E_DEPTH);
    e->within = NULL;
    e->frames[e->depth++] =
        (struct frame){.type = type, .name = name, .state = type->first, .item = item};
    return true;
}

/* Look at the tag of the record that comes next; false where there is none. */
static bool peek_tag(const struct encoder *e, struct record_span *tag) {
    struct record_reader ahead = e->in;
    uint32_t count = 0;
    return record_read_array(&ahead, &count) && count && record_read_text(&ahead, tag);
}

/* Find the event for the next value of the frame's slot: its code, or -1. */
static int find_event(struct encoder *e, const struct frame *f) {
    const struct exi_state *state = &e->schema->states[f->state];
    const struct exi_production *production = productions_of(e, f->state);
    struct record_span tag = {NULL, 0};
    int first = -1;
    for (int code = 0; code < state->count; code++, production++) {
        bool has_slot = production->event == EXI_SE || production->event == EXI_AT ||
                        production->event == EXI_CH;
        if (!has_slot || production->slot != f->slot) continue;
        if (first < 0 && !peek_tag(e, &tag)) return code;
        if (first < 0) first = code;
        if (tag_is(e, &e->schema->types[production->type], tag)) return code;
    }
    return first;
}

static bool missing(struct encoder *e) {
    e->within = NULL;
    e->report->state = top(e)->state;
    return fail(e, EXI_E_MISSING);
}

/* Say why the slot's value has no event here: something before it is absent, or it may not come. */
static bool out_of_place(struct encoder *e, const struct frame *f) {
    const struct exi_production *production = productions_of(e, f->state);
    const struct exi_state *state = &e->schema->states[f->state];
    e->report->state = f->state;
    e->report->value = f->slot;
    if (f->items && f->list_open) {
        e->within = f->list;
        return fail(e, EXI_E_TOO_MANY);
    }
    for (unsigned code = 0; code < state->count; code++) {
        if (production[code].event != EXI_EE && production[code].slot < f->slot) return missing(e);
    }
    return fail(e, EXI_E_UNEXPECTED);
}

static void count_item(struct frame *f, const struct exi_production *production) {
    f->state = production->next;
    if (!production->repeated) return;
    f->items++;
    f->items_left--;
    if (production->maximum && f->items == production->maximum) f->state = production->full;
}

static bool element(struct encoder *e, struct frame *f, const struct exi_production *production) {
    const struct exi_type *type = &e->schema->types[production->type];
    if (production->bare != EXI_NOT_BARE) return fail(e, EXI_E_BARE);
    if (type->kind == EXI_COMPLEX) {
        return begin(e, type, production->name, production->repeated ? f->items : 0);
    }
    return write(e, 1, 0) && encode_value(e, type) && write(e, 1, 0);
}

/* Write the value of the frame's slot. */
static bool field(struct encoder *e, struct frame *f) {
    int code = find_event(e, f);
    if (code < 0) return out_of_place(e, f);
    const struct exi_production *production = productions_of(e, f->state) + code;
    e->within = production;
    if (production->repeated && !f->list_open) {
        if (!record_read_array(&e->in, &f->items_left)) {
            return wrong_type(e, &e->schema->types[production->type]);
        }
        f->list_open = true;
        f->list = production;
        f->items = 0;
        return true;
    }
    if (!write_event(e, f->state, (unsigned)code)) return false;
    count_item(f, production);
    if (!production->repeated) f->slot++;
    if (production->event == EXI_SE) return element(e, f, production);
    return encode_value(e, &e->schema->types[production->type]);
}

static bool end(struct encoder *e, const struct frame *f) {
    const struct exi_state *state = &e->schema->states[f->state];
    const struct exi_production *production = productions_of(e, f->state);
    for (unsigned code = 0; code < state->count; code++) {
        if (production[code].event != EXI_EE) continue;
        e->depth--;
        return write_event(e, f->state, code);
    }
    return missing(e);
}

/* Write one event and what belongs to it. */
static bool step(struct encoder *e) {
    struct frame *f = top(e);
    e->within = NULL;
    if (f->list_open) {
        if (f->items_left) return field(e, f);
        f->list_open = false;
        f->slot++;
        return true;
    }
    if (f->slot == f->type->slots) return end(e, f);
    if (record_at_nil(&e->in)) {
        e->in.at++;
        f->slot++;
        return true;
    }
    return field(e, f);
}

/* --- the document --- */
static int find_root(const struct exi_schema *schema, const struct exi_roots *roots,
                     const char *name) {
    for (int code = 0; code < roots->count; code++) {
        const struct exi_root *candidate = &roots->roots[code];
        if (candidate->type != EXI_NO_TYPE && !strcmp(schema->names[candidate->name].text, name)) {
            return code;
        }
    }
    return -1;
}

static bool root(struct encoder *e, const struct exi_roots *roots, const char *name) {
    int code = find_root(e->schema, roots, name);
    if (code < 0) return fail(e, EXI_E_ROOT);
    const struct exi_root *found = &roots->roots[code];
    if (!write(e, 8, 0x80) || !write(e, roots->bits, (uint32_t)code)) return false;
    return begin(e, &e->schema->types[found->type], found->name, 0);
}

static bool finish(struct encoder *e, unsigned flags) {
    const struct exi_roots *fragments = &e->schema->fragment;
    if (flags & EXI_FRAGMENT && !write(e, fragments->bits, fragments->count + 1u)) return false;
    if (e->in.at != e->in.end) return fail(e, EXI_E_RECORD);
    return bits_pad(&e->out) || fail(e, EXI_E_OUTPUT);
}

enum exi_code exi_encode(const struct exi_schema *schema, const char *name, const uint8_t *data,
                         size_t size, unsigned flags, uint8_t *out, size_t capacity,
                         size_t *written, struct exi_report *report) {
    struct encoder encoder;
    struct encoder *e = &encoder;
    e->schema = schema;
    e->in = (struct record_reader){data, data + size};
    e->out = (struct bit_writer){out, capacity, 0, 0, 0};
    e->report = report;
    e->within = NULL;
    e->depth = 0;
    exi_start_report(report, schema);
    *written = 0;
    if (!root(e, flags & EXI_FRAGMENT ? &schema->fragment : &schema->document, name)) {
        return report->code;
    }
    while (e->depth) {
        if (!step(e)) return report->code;
    }
    if (finish(e, flags)) *written = e->out.size;
    return report->code;
}
