/* Decoding in the dialect: `D`, schema letter, hexadecimal digits. */
#include <stdio.h>
#include <string.h>

#include "digits.h"
#include "openv2gx.h"

struct kind {
    char letter;         /* upper case; a small h is as good as a large one */
    const char *schema;  /* ours */
    const char *printed; /* theirs */
};

static const struct kind kinds[] = {
    {'H', "app", "appHandshake"},
    {'D', "din", "DIN"},
    {'1', "iso2", "ISO1"},
};

bool openv2gx_hex(const char *digits, size_t count, uint8_t *bytes, size_t capacity) {
    size_t size = 0;
    return count / 2 <= capacity && digits_from_hex((const uint8_t *)digits, count, bytes, &size);
}

/* pyPLC takes a message for received when its name stands anywhere in the answer. What could not
 * be read must therefore not name it: PreChargeReq is written PreCharge-Req. */
static void add_apart(struct openv2gx_text *to, const char *text) {
    char before = 0;
    for (; *text; before = *text++) {
        bool kind = !strncmp(text, "Req", 3) || !strncmp(text, "Res", 3);
        if (kind && before >= 'a' && before <= 'z') openv2gx_add(to, "-");
        openv2gx_add_escaped(to, text, 1);
    }
}

static void add_warnings(struct openv2gx_answer *answer, const struct exi_report *report) {
    static char text[EXI_MAX_TEXT];
    for (uint32_t i = 0; i < report->warning_count && i < EXI_MAX_WARNINGS; i++) {
        exi_describe_warning(report, &report->warnings[i], text, sizeof text);
        if (i) openv2gx_add(&answer->debug, "; ");
        add_apart(&answer->debug, text);
    }
}

static void print_header(struct openv2gx_answer *answer, struct openv2gx_value document) {
    struct record_span id = openv2gx_span(openv2gx_find(document, "Header.SessionID"));
    openv2gx_begin(answer, "header.SessionID");
    openv2gx_add_hex(&answer->properties, id.bytes, id.size);
    openv2gx_end(answer);
    openv2gx_number(answer, "header.Notification_isUsed",
                    openv2gx_find(document, "Header.Notification").present);
    openv2gx_number(answer, "header.Signature_isUsed",
                    openv2gx_find(document, "Header.Signature").present);
}

static void print_document(struct openv2gx_answer *answer, char letter,
                           struct openv2gx_value document) {
    if (letter == 'H') {
        answer->message = openv2gx_name(&document);
        openv2gx_print_handshake(answer, document);
        return;
    }
    print_header(answer, document);
    struct openv2gx_value message = openv2gx_message(document);
    if (!message.present) return;
    answer->message = openv2gx_name(&message);
    openv2gx_print(answer, letter, message);
}

static void decode(struct openv2gx_answer *answer, const struct kind *kind, const uint8_t *stream,
                   size_t size) {
    static uint8_t record[OPENV2GX_MAX_RECORD];
    static char text[EXI_MAX_TEXT];
    const struct exi_schema *schema = exi_find_schema(kind->schema);
    struct exi_report report;
    size_t written = 0;
    enum exi_code code = exi_decode_leniently(schema, stream, size, 0, record, sizeof record,
                                              &written, &report);
    openv2gx_field(answer, "schema", kind->printed);
    if (kind->letter != 'H') openv2gx_number(answer, "g_errn", code ? -1 : 0);
    if (code) {
        exi_describe(&report, text, sizeof text);
        add_apart(&answer->error, text);
        openv2gx_add(&answer->error, " (at bit %zu)", report.bit);
        return;
    }
    add_warnings(answer, &report);
    const struct exi_type *type = &schema->types[report.root->type];
    struct record_reader in = {record, record + written};
    print_document(answer, kind->letter, (struct openv2gx_value){schema, type, in, true, false});
}

static const struct kind *kind_of(char letter) {
    if (letter == 'h') letter = 'H';
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].letter == letter) return &kinds[i];
    }
    return NULL;
}

void openv2gx_decode(struct openv2gx_answer *answer, const char *argument) {
    static uint8_t stream[OPENV2GX_MAX_STREAM];
    const struct kind *kind = argument[1] ? kind_of(argument[1]) : NULL;
    size_t digits = argument[1] ? strlen(argument + 2) : 0;
    openv2gx_add(&answer->info, "%zu bytes to convert", digits / 2);
    if (argument[1] == '2') {
        openv2gx_add(&answer->error, "schema letter 2 is a draft that nothing speaks, expected 1 "
                                     "for ISO 15118-2");
    } else if (!kind || !exi_find_schema(kind->schema)) {
        openv2gx_add(&answer->error, "expected a schema letter after D: H (handshake), D (DIN "
                                     "70121) or 1 (ISO 15118-2)");
    } else if (!digits || !openv2gx_hex(argument + 2, digits, stream, sizeof stream)) {
        openv2gx_add(&answer->error, "expected pairs of hexadecimal digits after D%c, %d octets "
                                     "at most", argument[1], OPENV2GX_MAX_STREAM);
    } else {
        decode(answer, kind, stream, digits / 2);
    }
}
