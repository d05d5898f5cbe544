/* Errors and warnings in words. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exi.h"

#define MOST_NAMES 8    /* of what would have been right; more help nobody */
#define MOST_QUOTED 100 /* octets of a text of the input */

struct text {
    char *to;
    size_t left; /* with the closing zero */
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text->to, text->left, format, arguments);
    va_end(arguments);
    size_t size = wanted < 0 ? 0 : (size_t)wanted;
    if (size >= text->left) size = text->left ? text->left - 1 : 0;
    text->to += size;
    text->left -= size;
}

static void add_path(struct text *text, const struct exi_report *report) {
    for (unsigned i = 0; i < report->depth; i++) {
        const struct exi_step *step = &report->path[i];
        add(text, "%s%s", i ? "/" : "", report->schema->names[step->name].text);
        if (step->item) add(text, "[%" PRIu32 "]", step->item);
    }
    if (report->depth) add(text, ": ");
}

static void add_number(struct text *text, const struct exi_report *report) {
    if (!report->negative) {
        add(text, "%" PRIu64, report->value);
    } else if (report->value < UINT64_MAX) {
        add(text, "-%" PRIu64, report->value + 1);
    } else {
        add(text, "-18446744073709551616");
    }
}

/* Name what the state would have taken. */
static void add_expected(struct text *text, const struct exi_report *report) {
    const struct exi_schema *schema = report->schema;
    if (report->state < 0) return;
    const struct exi_state *state = &schema->states[report->state];
    if (state->count > MOST_NAMES) {
        add(text, ", expected one of %u", state->count);
        return;
    }
    add(text, ", expected ");
    for (unsigned i = 0; i < state->count; i++) {
        const struct exi_production *production = &schema->productions[state->first + i];
        const char *name = schema->names[production->name].text;
        if (i) add(text, i + 1 < state->count ? ", " : " or ");
        switch ((enum exi_event)production->event) {
        case EXI_AT: add(text, "attribute %s", name); break;
        case EXI_SE: add(text, "%s", name); break;
        case EXI_ANY: add(text, "another element"); break;
        case EXI_EE: add(text, "the end"); break;
        case EXI_CH:
        case EXI_MIXED: add(text, "text"); break;
        }
    }
}

static void add_type(struct text *text, const struct exi_report *report) {
    static const char *const words[] = {
        [EXI_BOOLEAN] = "a boolean", [EXI_NBIT] = "an integer",   [EXI_UNSIGNED] = "an integer",
        [EXI_INTEGER] = "an integer", [EXI_BIG] = "an integer",   [EXI_ENUM] = "an enumeration value",
        [EXI_BINARY] = "a binary",   [EXI_STRING] = "a text",
    };
    const struct exi_type *type = &report->schema->types[report->type];
    if (type->kind == EXI_COMPLEX) {
        add(text, "%s", report->schema->names[type->name].text);
    } else {
        add(text, "%s", words[type->kind]);
    }
}

static void add_range(struct text *text, const struct exi_report *report) {
    if (report->type < 0) {
        add(text, "a number of more than 64 bits");
        return;
    }
    const struct exi_type *type = &report->schema->types[report->type];
    add_number(text, report);
    add(text, " is outside %" PRId64 " to %" PRIu64, type->minimum, type->maximum);
}

static void add_length(struct text *text, const struct exi_report *report) {
    const struct exi_type *type = &report->schema->types[report->type];
    if (type->kind == EXI_BIG) {
        add(text, "an integer of more than %d bytes", EXI_MAX_BIG_BYTES);
        return;
    }
    add(text, "%" PRIu64 " %s", report->value, type->kind == EXI_STRING ? "characters" : "octets");
    if (report->value < (uint64_t)type->minimum) {
        add(text, ", at least %" PRId64, type->minimum);
    } else {
        add(text, ", at most %" PRIu64, type->maximum);
    }
}

static void add_quoted(struct text *text, const struct exi_report *report) {
    int size = report->text_size < MOST_QUOTED ? (int)report->text_size : MOST_QUOTED;
    add(text, "\"%.*s\"", size, (const char *)report->text);
}

static void add_value(struct text *text, const struct exi_report *report) {
    const struct exi_type *type = &report->schema->types[report->type];
    if (report->text) {
        add_quoted(text, report);
        add(text, " is none of the %u values", type->count);
    } else if (report->found) {
        add(text, "a text that is none of the %u values", type->count);
    } else {
        add(text, "value number %" PRIu64 " of %u", report->value, type->count);
    }
}

/* The errors that need no figures. */
static const char *const sentences[] = {
    [EXI_OK] = "no error",
    [EXI_E_TRUNCATED] = "the stream ends too early",
    [EXI_E_UNDECLARED] = "undeclared content",
    [EXI_E_ROOT] = "an element that is no message",
    [EXI_E_BARE] = "the abstract head of a substitution group",
    [EXI_E_WILDCARD] = "content of a wildcard or mixed text is not supported",
    [EXI_E_CHARACTER] = "a code point that is no character",
    [EXI_E_HIT] = "a string table hit that points to nothing",
    [EXI_E_TOO_MANY] = "more items than the schema allows",
    [EXI_E_DEPTH] = "too many elements within each other",
    [EXI_E_ORDER] = "an element in a place that the record does not have",
    [EXI_E_OUTPUT] = "the output buffer is too small",
    [EXI_E_RECORD] = "more values than the record has places",
    [EXI_E_MISSING] = "a required field is absent",
    [EXI_E_UNEXPECTED] = "a field that may not stand beside the others",
    [EXI_E_DOCUMENT] = "a message is an object with one key, its root element",
    [EXI_E_TWICE] = "there is one already",
};

/* Name the keys that an object of the class may have. */
static void add_fields(struct text *text, const struct exi_report *report) {
    static const char *const prefix[] = {[EXI_ATTRIBUTE] = "@", [EXI_ELEMENT] = ""};
    const struct exi_schema *schema = report->schema;
    const struct exi_type *type = &schema->types[report->type];
    const struct exi_field *field = &schema->fields[type->fields];
    for (const struct exi_field *end = field + type->slots; field < end; field++) {
        for (unsigned i = 0; field->role == EXI_GROUP && i < field->members; i++) {
            const struct exi_type *member = &schema->types[schema->members[field->type + i]];
            add(text, ", %s", schema->names[member->name].text);
        }
        if (field->role == EXI_TEXT) add(text, ", #");
        if (field->role > EXI_ELEMENT) continue;
        add(text, ", %s%s", prefix[field->role], schema->names[field->name].text);
    }
}

static void add_unknown(struct text *text, const struct exi_report *report) {
    const struct exi_type *type = &report->schema->types[report->type];
    add_quoted(text, report);
    add(text, " is not known in %s", report->schema->names[type->name].text);
    if (!type->slots) return;
    add(text, ", which has");
    size_t before = text->left;
    char *start = text->to;
    add_fields(text, report);
    if (text->left < before) *start = ' ';
}

static void add_found(struct text *text, const struct exi_report *report, const char *found) {
    add(text, "expected ");
    add_type(text, report);
    add(text, ", found %s", found);
}

static void add_root(struct text *text, const struct exi_report *report) {
    if (report->text) {
        add_quoted(text, report);
        add(text, " is no message");
    } else {
        add(text, "%s", sentences[EXI_E_ROOT]);
    }
}

static void add_missing(struct text *text, const struct exi_report *report) {
    if (report->field < 0) {
        add(text, "%s", sentences[EXI_E_MISSING]);
    } else {
        uint16_t name = report->schema->fields[report->field].name;
        add(text, "%s is missing", report->schema->names[name].text);
    }
}

static void add_digits(struct text *text, const struct exi_report *report) {
    bool hex = report->schema->types[report->type].bits == EXI_HEX;
    add(text, hex ? "not pairs of hexadecimal digits" : "not base64");
}

static void add_reason(struct text *text, const struct exi_report *report) {
    switch (report->code) {
    case EXI_E_HEADER: add(text, "EXI header 0x%02x, expected 0x80", (unsigned)report->value); break;
    case EXI_E_EVENT: add(text, "undeclared event code %" PRIu64, report->value); break;
    case EXI_E_RANGE: add_range(text, report); break;
    case EXI_E_VALUE: add_value(text, report); break;
    case EXI_E_LENGTH: add_length(text, report); break;
    case EXI_E_ROOT: add_root(text, report); break;
    case EXI_E_MISSING: add_missing(text, report); break;
    case EXI_E_LIST: add(text, "expected a list, found %s", report->found); break;
    case EXI_E_UNKNOWN: add_unknown(text, report); break;
    case EXI_E_DIGITS: add_digits(text, report); break;
    case EXI_E_JSON:
        add(text, "not JSON: %s at octet %" PRIu64, report->found, report->value);
        break;
    case EXI_E_TYPE: add_found(text, report, report->found); break;
    case EXI_E_CLASS: add_found(text, report, "an object of another class"); break;
    default: add(text, "%s", sentences[report->code]);
    }
}

/* Whether what the state would have taken makes the error clearer. */
static bool has_expected(enum exi_code code) {
    return code == EXI_E_EVENT || code == EXI_E_UNDECLARED || code == EXI_E_MISSING ||
           code == EXI_E_UNEXPECTED;
}

void exi_describe(const struct exi_report *report, char *text, size_t size) {
    struct text to = {text, size};
    if (size) text[0] = 0;
    add_path(&to, report);
    add_reason(&to, report);
    if (has_expected(report->code)) add_expected(&to, report);
}

void exi_describe_warning(const struct exi_report *report, const struct exi_warning *warning,
                          char *text, size_t size) {
    static const char *const words[] = {
        [EXI_W_TRAILING] = "bytes after the end of the message",
        [EXI_W_BARE] = "abstract head read as an empty element",
        [EXI_W_FULL_LIST] = "a full list ends like one that is not full",
        [EXI_W_EMPTY] = "empty value without a characters event",
        [EXI_W_HIT] = "string table hit",
        [EXI_W_ZEROS] = "superfluous zero groups in an integer",
    };
    struct text to = {text, size};
    if (size) text[0] = 0;
    if (warning->kind != EXI_W_TRAILING && warning->kind != EXI_W_FULL_LIST) {
        add(&to, "%s: ", report->schema->names[warning->name].text);
    }
    add(&to, "%s", words[warning->kind]);
}

void exi_start_report(struct exi_report *report, const struct exi_schema *schema) {
    report->schema = schema;
    report->root = NULL;
    report->code = EXI_OK;
    report->bit = 0;
    report->depth = 0;
    report->state = -1;
    report->type = -1;
    report->field = -1;
    report->value = 0;
    report->negative = false;
    report->found = NULL;
    report->text = NULL;
    report->text_size = 0;
    report->warning_count = 0;
    report->full_lists = 0;
}

const struct exi_schema *exi_find_schema(const char *name) {
    for (unsigned i = 0; i < exi_schema_count; i++) {
        if (!strcmp(exi_schemas[i]->name, name)) return exi_schemas[i];
    }
    return NULL;
}
