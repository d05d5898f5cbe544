/* EXI to records: events and elements. */
#include "decoder.h"

/* Note the way here: every open element, and what is being read in the innermost. */
static uint8_t note_path(const struct decoder *d, struct exi_step *path) {
    unsigned depth = d->depth;
    for (unsigned i = 0; i < depth; i++) {
        path[i] = (struct exi_step){d->frames[i].name, d->frames[i].item};
    }
    if (d->within) {
        uint32_t item = d->within->repeated && depth ? d->frames[depth - 1].items : 0;
        path[depth++] = (struct exi_step){d->within->name, item};
    }
    return (uint8_t)depth;
}

bool decoder_fail(struct decoder *d, enum exi_code code) {
    d->report->code = code;
    d->report->bit = d->item_start;
    d->report->depth = note_path(d, d->report->path);
    return false;
}

bool decoder_fail_value(struct decoder *d, enum exi_code code, const struct exi_type *type,
                       bool negative, uint64_t value) {
    d->report->type = (int32_t)(type - d->schema->types);
    d->report->negative = negative;
    d->report->value = value;
    return decoder_fail(d, code);
}

bool decoder_fail_cut(struct decoder *d, uint64_t announced) {
    d->report->limit = announced;
    return decoder_fail(d, EXI_E_TRUNCATED);
}

void decoder_warn(struct decoder *d, enum exi_leniency kind, uint64_t value) {
    struct exi_report *report = d->report;
    if (report->warning_count < EXI_MAX_WARNINGS) {
        struct exi_warning *warning = &report->warnings[report->warning_count];
        warning->kind = (uint8_t)kind;
        warning->depth = note_path(d, warning->path);
        warning->value = value;
        warning->bit = d->item_start;
    }
    report->warning_count++;
}

/* --- places in the record --- */
static bool write_absent(struct decoder *d, const struct frame *f, unsigned slot) {
    bool repeated = f->type->repeated >> slot & 1;
    return record_byte(&d->out, repeated ? 0x90 : RECORD_NIL) || decoder_full(d);
}

/* Whether the list's end is read as if more items were allowed. */
static bool ends_loosely(const struct decoder *d, const struct exi_production *list) {
    return d->flags & EXI_FULL_LISTS && d->schema->types[list->type].kind == EXI_COMPLEX;
}

/* Warn of the list that ends here, if it is full: its state is still that of its items. */
static void warn_of_full_list(struct decoder *d, const struct frame *f) {
    const struct exi_production *within = d->within;
    const struct exi_state *state = &d->schema->states[f->state];
    const struct exi_production *list = &d->schema->productions[state->first];
    const struct exi_production *end = list + state->count;
    while (list < end && !(list->repeated && list->slot == f->slot)) list++;
    if (list == end || f->items != list->maximum || !ends_loosely(d, list)) return;
    d->within = list;
    decoder_warn(d, EXI_W_FULL_LIST, f->items);
    d->within = within;
    struct exi_report *report = d->report;
    if (report->warning_count > EXI_MAX_WARNINGS) return;
    struct exi_warning *warning = &report->warnings[report->warning_count - 1];
    warning->path[warning->depth - 1].item = 0; /* it is about the list */
}

static void close_list(struct decoder *d, struct frame *f) {
    if (!f->list_open) return;
    if (d->flags & EXI_FULL_LISTS) warn_of_full_list(d, f);
    record_big_endian(d->out.data + f->list_start + 1, f->items, 4);
    f->list_open = false;
    f->slot++;
}

/* Go on to `slot`; what was passed over is absent. */
static bool advance(struct decoder *d, struct frame *f, unsigned slot) {
    close_list(d, f);
    if (slot < f->slot) return decoder_fail(d, EXI_E_ORDER);
    for (; f->slot < slot; f->slot++) {
        if (!write_absent(d, f, f->slot)) return false;
    }
    return true;
}

static bool open_list(struct decoder *d, struct frame *f) {
    f->list_start = d->out.size;
    f->list_open = true;
    f->items = 0;
    return record_marked(&d->out, 0xdd, 0, 4) || decoder_full(d);
}

static bool too_many(struct decoder *d, const struct exi_production *production) {
    d->within = production;
    d->report->value = 0;
    d->report->limit = production->maximum;
    decoder_fail(d, EXI_E_TOO_MANY);
    d->report->path[d->report->depth - 1].item = 0; /* it is about the list */
    return false;
}

/* Make room for the value of `production` and go to the state after it. */
static bool place(struct decoder *d, struct frame *f, const struct exi_production *production) {
    if (!production->repeated) {
        if (!advance(d, f, production->slot)) return false;
        f->state = production->next;
        f->slot++;
        return true;
    }
    if (!f->list_open || f->slot != production->slot) {
        if (!advance(d, f, production->slot) || !open_list(d, f)) return false;
    }
    f->state = production->next;
    f->items++;
    if (production->maximum == 0 || f->items < production->maximum) return true;
    if (f->items > production->maximum) return too_many(d, production);
    d->report->full_lists += d->schema->types[production->type].kind == EXI_COMPLEX;
    if (!ends_loosely(d, production)) f->state = production->full;
    return true;
}

/* --- events --- */
static bool begin(struct decoder *d, uint16_t type_number, uint16_t name, uint32_t item) {
    const struct exi_type *type = &d->schema->types[type_number];
    if (d->depth == EXI_MAX_DEPTH) return decoder_fail(d, EXI_E_DEPTH);
    struct frame *f = &d->frames[d->depth++];
    *f = (struct frame){.type = type, .name = name, .state = type->first, .item = item};
    if (!record_array(&d->out, (unsigned)type->slots + type->tagged)) return decoder_full(d);
    if (!type->tagged) return true;
    struct exi_text tag = exi_name(d->schema, type->name);
    return record_text(&d->out, tag.text, tag.length) || decoder_full(d);
}

static bool end(struct decoder *d) {
    struct frame *f = top(d);
    if (!advance(d, f, f->type->slots)) return false;
    d->depth--;
    return true;
}

/* Write the empty value that an undeclared end of the element stands for. */
static bool empty_value(struct decoder *d, const struct exi_type *type, unsigned bits) {
    uint32_t code = 0;
    if (!decoder_read(d, bits, &code)) return false;
    if (code || (type->kind != EXI_STRING && type->kind != EXI_BINARY)) {
        return decoder_fail_value(d, EXI_E_UNDECLARED, type, false, code);
    }
    decoder_warn(d, EXI_W_EMPTY, 0);
    return decode_empty(d, type);
}

/* Read all of an element whose value has a fixed width at once, where it has nothing unusual. */
static bool usual_element(struct decoder *d, const struct exi_type *type, uint32_t *bits) {
    uint32_t all = 0;
    unsigned width = 1u + type->bits + 1u; /* its characters event, the value, its end */
    if (type->kind > EXI_ENUM || !bits_read(&d->in, width, &all)) return false;
    *bits = all >> 1;
    if (!(all & 1) && !(*bits >> type->bits)) return true;
    d->in.at -= width;
    return false;
}

/* Note what could not be read. */
static bool note_type(struct decoder *d, const struct exi_type *type) {
    d->report->type = (int32_t)(type - d->schema->types);
    return false;
}

/* Read an element of simple type: its characters and its end. */
static bool simple_element(struct decoder *d, const struct exi_type *type, uint16_t name) {
    uint32_t bit = 0;
    d->item_start = d->in.at;
    d->report->state = -1;
    if (usual_element(d, type, &bit)) {
        d->item_start++;
        return decode_fixed(d, type, bit);
    }
    if (!bits_read(&d->in, 1, &bit)) return decoder_fail_value(d, EXI_E_TRUNCATED, type, false, 0);
    if (bit) return empty_value(d, type, 3);
    if (!decode_value(d, type, name)) return note_type(d, type);
    d->item_start = d->in.at;
    if (!decoder_read(d, 1, &bit)) return false;
    return bit ? decoder_fail(d, EXI_E_UNDECLARED) : true;
}

static bool bare_head(struct decoder *d, const struct exi_production *production) {
    bool lenient = production->bare == EXI_BARE_LENIENT && d->flags & EXI_LENIENT;
    d->within = production;
    d->report->field = (int32_t)(top(d)->type->fields + production->slot);
    if (!lenient) return decoder_fail(d, EXI_E_BARE);
    decoder_warn(d, EXI_W_BARE, 0);
    d->within = NULL;
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

static bool attribute(struct decoder *d, struct frame *f,
                      const struct exi_production *production) {
    const struct exi_type *type = &d->schema->types[production->type];
    d->within = production;
    if (!place(d, f, production)) return false;
    return decode_value(d, type, production->name) || note_type(d, type);
}

static bool text_event(struct decoder *d, struct frame *f,
                       const struct exi_production *production) {
    const struct exi_type *type = &d->schema->types[production->type];
    if (!place(d, f, production)) return false;
    return decode_value(d, type, f->name) || note_type(d, type);
}

static bool empty_text(struct decoder *d, struct frame *f, const struct exi_state *state) {
    if (!state->empty_bits) return decoder_fail(d, EXI_E_UNDECLARED);
    const struct exi_production *production = &d->schema->productions[state->first];
    const struct exi_type *type = &d->schema->types[production->type];
    return place(d, f, production) && empty_value(d, type, state->empty_bits) && end(d);
}

/* Read one event and what belongs to it. */
static bool event(struct decoder *d) {
    struct frame *f = top(d);
    const struct exi_state *state = &d->schema->states[f->state];
    uint32_t code = 0;
    d->item_start = d->in.at;
    d->within = NULL;
    d->report->state = f->state;
    if (!decoder_read(d, state->bits, &code)) return false;
    d->report->value = code;
    if (code == state->count) return empty_text(d, f, state);
    if (code > state->count) return decoder_fail(d, EXI_E_EVENT);
    const struct exi_production *production = &d->schema->productions[state->first + code];
    switch ((enum exi_event)production->event) {
    case EXI_AT: return attribute(d, f, production);
    case EXI_SE: return element(d, f, production);
    case EXI_CH: return text_event(d, f, production);
    case EXI_EE: return end(d);
    case EXI_ANY:
    case EXI_MIXED: break;
    }
    return decoder_fail(d, EXI_E_WILDCARD);
}

/* --- the document --- */
static bool root(struct decoder *d, const struct exi_roots *roots) {
    uint32_t byte = 0;
    uint32_t code = 0;
    if (!decoder_read(d, 8, &byte)) return false;
    d->report->value = byte;
    if (byte != 0x80) return decoder_fail(d, EXI_E_HEADER);
    d->item_start = d->in.at;
    if (!decoder_read(d, roots->bits, &code)) return false;
    d->report->value = code;
    d->report->roots = roots;
    if (code >= roots->count) return decoder_fail(d, EXI_E_EVENT);
    const struct exi_root *found = &roots->roots[code];
    if (found->type != EXI_NO_TYPE) {
        d->report->root = found;
        d->report->roots = NULL;
        return begin(d, found->type, found->name, 0);
    }
    d->report->path[0] = (struct exi_step){found->name, 0};
    decoder_fail(d, EXI_E_ROOT);
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
        if (!decoder_read(d, fragments->bits, &code)) return false;
        d->report->value = code;
        if (code != fragments->count + 1u) return decoder_fail(d, EXI_E_EVENT);
    }
    d->item_start = (d->in.at + 7) / 8 * 8;
    size_t left = d->in.bits - d->item_start;
    if (left) decoder_warn(d, EXI_W_TRAILING, left / 8);
    return true;
}

enum exi_code exi_decode(const struct exi_schema *schema, const uint8_t *data, size_t size,
                         unsigned flags, uint8_t *out, size_t capacity, size_t *written,
                         struct exi_report *report) {
    struct decoder decoder;
    struct decoder *d = &decoder;
    d->schema = schema;
    bits_start(&d->in, data, size);
    d->out = record_start(out, capacity);
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
