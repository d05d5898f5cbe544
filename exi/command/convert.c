/* One message, there or back. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json.h"

#define FIRST_CAPACITY 16384u   /* enough for most messages */
#define MAX_CAPACITY (1u << 28) /* string table hits can make much of little */

static bool fail(struct outcome *outcome, const char *why) {
    snprintf(outcome->error, sizeof outcome->error, "%s", why);
    return false;
}

/* Note what the report says; the bit of a stream becomes part of it. */
static bool fail_report(struct outcome *outcome, bool has_bit) {
    char bit[32] = "";
    outcome->has_bit = has_bit;
    if (has_bit) snprintf(bit, sizeof bit, " (at bit %zu)", outcome->report.bit);
    exi_describe(&outcome->report, outcome->error, sizeof outcome->error - sizeof bit);
    strcat(outcome->error, bit);
    return false;
}

/* Whether a larger buffer may help; then there is one. */
static bool grow(struct buffer *buffer, enum exi_code code) {
    if (code != EXI_E_OUTPUT || buffer->capacity >= MAX_CAPACITY) return false;
    buffer_reserve(buffer, buffer->capacity * 4);
    return true;
}

static unsigned flags_of(const struct options *options) {
    return options->fragment ? EXI_FRAGMENT : 0;
}

void free_outcome(struct outcome *outcome) {
    buffer_free(&outcome->record);
    buffer_free(&outcome->out);
}

/* --- decoding --- */
/* Tell the schema from the second byte: the event code of the root element. */
static const struct exi_schema *schema_of(const uint8_t *data, size_t size) {
    if (size < 2) return NULL;
    if (data[1] == 0x9a) return exi_find_schema("din");
    if (data[1] == 0x98) return exi_find_schema("iso2");
    return data[1] < 0x80 ? exi_find_schema("app") : NULL;
}

static enum exi_code decode(const struct options *options, const struct exi_schema *schema,
                            const uint8_t *data, size_t size, struct outcome *outcome) {
    struct buffer *record = &outcome->record;
    unsigned flags = flags_of(options);
    return (options->lenient ? exi_decode_leniently : exi_decode)(
        schema, data, size, flags, record->data, record->capacity, &record->size,
        &outcome->report);
}

/* Write the record as JSON; the report of decoding stays, for its warnings. */
static bool write_json(struct outcome *outcome) {
    struct buffer *out = &outcome->out;
    struct exi_report report;
    enum exi_code code;
    buffer_reserve(out, FIRST_CAPACITY);
    do {
        code = exi_to_json(outcome->report.schema, outcome->report.root, outcome->record.data,
                           outcome->record.size, (char *)out->data, out->capacity, &out->size,
                           &report);
    } while (grow(out, code));
    if (code == EXI_OK) return true;
    outcome->report = report;
    return fail_report(outcome, false);
}

bool decode_message(const struct options *options, const uint8_t *data, size_t size,
                    struct outcome *outcome) {
    const struct exi_schema *schema = options->schema ? options->schema : schema_of(data, size);
    enum exi_code code;
    outcome->has_bit = outcome->warned = false;
    if (!schema) {
        return fail(outcome, "neither a handshake nor DIN 70121 nor ISO 15118-2 by its second "
                             "byte: name the schema (of ISO 15118-20, the V2GTP payload type "
                             "tells it)");
    }
    buffer_reserve(&outcome->record, FIRST_CAPACITY);
    do {
        code = decode(options, schema, data, size, outcome);
    } while (grow(&outcome->record, code));
    if (code != EXI_OK) return fail_report(outcome, true);
    outcome->warned = write_json(outcome);
    return outcome->warned;
}

bool describe_warning(const struct outcome *outcome, unsigned number, char text[EXI_MAX_TEXT]) {
    const struct exi_report *report = &outcome->report;
    if (!outcome->warned || number >= report->warning_count || number >= EXI_MAX_WARNINGS) {
        return false;
    }
    const struct exi_warning *warning = &report->warnings[number];
    char bit[32];
    snprintf(bit, sizeof bit, " (at bit %zu)", warning->bit);
    exi_describe_warning(report, warning, text, EXI_MAX_TEXT - sizeof bit);
    strcat(text, bit);
    return true;
}

/* --- encoding --- */
static bool read_json(const struct options *options, const char *text, size_t size,
                      struct outcome *outcome) {
    struct buffer *record = &outcome->record;
    enum exi_code code;
    buffer_reserve(record, FIRST_CAPACITY);
    do {
        code = exi_from_json(options->schema, text, size, flags_of(options), record->data,
                             record->capacity, &record->size, &outcome->report);
    } while (grow(record, code));
    return code == EXI_OK || fail_report(outcome, false);
}

bool encode_message(const struct options *options, const char *text, size_t size,
                    struct outcome *outcome) {
    struct buffer *out = &outcome->out;
    enum exi_code code;
    outcome->has_bit = outcome->warned = false;
    if (!read_json(options, text, size, outcome)) return false;
    const char *root = exi_name(options->schema, outcome->report.root->name).text;
    buffer_reserve(out, FIRST_CAPACITY);
    do {
        code = exi_encode(options->schema, root, outcome->record.data, outcome->record.size,
                          flags_of(options), out->data, out->capacity, &out->size,
                          &outcome->report);
    } while (grow(out, code));
    return code == EXI_OK || fail_report(outcome, false);
}
