/* The library at the edges of what its functions may be given: `limits SCHEMA STREAM...`, in hex.
 *
 * Nothing at all, every size of the output, every cut of the input, sizes beyond what can be
 * counted in bits. Memory is of exactly the size that is said, so that a sanitizer sees every step
 * beyond it. Exit status 1 and a line for the first that is not as exi.h has it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exi.h"
#include "json.h"
#include "record.h"

#define MOST 65536u

static const struct exi_schema *schema;
static const struct exi_root *root;
static struct exi_report report;

static void expect(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "limits: %s: %s\n", schema->name, what);
    exit(1);
}

/* A block of exactly `size` octets; of none: NULL. */
static void *room(size_t size) {
    if (!size) return NULL;
    void *data = malloc(size);
    if (!data) exit(2);
    return data;
}

static void *copy_of(const void *data, size_t size) {
    void *copy = room(size);
    if (copy) memcpy(copy, data, size);
    return copy;
}

/* --- each of the four conversions, as one kind of function --- */
typedef enum exi_code convert(const void *data, size_t size, void *out, size_t capacity,
                              size_t *written);

static enum exi_code decode(const void *data, size_t size, void *out, size_t capacity,
                            size_t *written) {
    enum exi_code code = exi_decode(schema, data, size, 0, out, capacity, written, &report);
    if (!code) root = report.root;
    return code;
}

static enum exi_code encode(const void *data, size_t size, void *out, size_t capacity,
                            size_t *written) {
    const char *name = exi_name(schema, root->name).text;
    return exi_encode(schema, name, data, size, 0, out, capacity, written, &report);
}

static enum exi_code to_json(const void *data, size_t size, void *out, size_t capacity,
                             size_t *written) {
    return exi_to_json(schema, root, data, size, out, capacity, written, &report);
}

static enum exi_code from_json(const void *data, size_t size, void *out, size_t capacity,
                               size_t *written) {
    return exi_from_json(schema, data, size, 0, out, capacity, written, &report);
}

/* --- what must hold of each --- */
static void check_nothing(convert *to) {
    size_t written = 1;
    expect(to(NULL, 0, NULL, 0, &written) != EXI_OK, "made something of nothing");
    expect(written == 0, "wrote something of nothing");
}

/* With less room than is needed, the one error that says so; `spare`: what may be needed for a
 * while on top of what is written in the end. */
static void check_rooms(convert *to, const void *data, size_t size, size_t needed, size_t spare) {
    for (size_t capacity = 0; capacity <= needed + spare; capacity++) {
        void *out = room(capacity);
        size_t written = 1;
        enum exi_code code = to(data, size, out, capacity, &written);
        expect(code == EXI_OK || code == EXI_E_OUTPUT, "another error than the lack of room");
        expect(written == (code ? 0 : needed), "wrote something else");
        expect(code == EXI_OK || capacity < needed + spare, "needs more room than it says");
        expect(code != EXI_OK || capacity >= needed, "wrote more than there is room for");
        free(out);
    }
}

static void check_cuts(convert *to, const uint8_t *data, size_t size) {
    static uint8_t out[MOST];
    for (size_t cut = 0; cut < size; cut++) {
        void *part = copy_of(data, cut);
        size_t written = 1;
        expect(to(part, cut, out, sizeof out, &written) != EXI_OK, "took a part for the whole");
        expect(written == 0, "wrote something of a part");
        free(part);
    }
}

/* Convert, by way of everything that has to fail; returns the size. */
static size_t check(convert *to, const void *data, size_t size, void *out, size_t spare) {
    size_t written = 0;
    void *exact = copy_of(data, size);
    expect(to(exact, size, out, MOST, &written) == EXI_OK, "refused a good message");
    check_nothing(to);
    check_rooms(to, exact, size, written, spare);
    check_cuts(to, exact, size);
    free(exact);
    return written;
}

/* --- sizes that are a lie: nothing so far behind may be looked at --- */
static void check_more_than_bits_can_count(const uint8_t *stream, size_t size) {
    static uint8_t padded[MOST + 8];
    static uint8_t out[MOST];
    size_t written = 0;
    size_t beyond = SIZE_MAX / 8 + 1;
    memcpy(padded, stream, size);
    expect(decode(padded, beyond + size, out, sizeof out, &written) == EXI_OK,
           "refused a message for what comes after it");
    expect(report.warning_count > 0, "forgot what comes after the message");
    const struct exi_warning *last = &report.warnings[report.warning_count - 1];
    expect(last->kind == EXI_W_TRAILING, "forgot what comes after the message");
    expect(last->value > SIZE_MAX / 16, "counted what comes after the message wrongly");
}

static void check_more_than_records_can_count(void) {
    struct record_writer out = record_start(NULL, SIZE_MAX);
    expect(out.capacity <= UINT32_MAX, "would write lengths that do not fit");
}

static size_t from_hex(const char *text, uint8_t *to) {
    size_t size = 0;
    for (; text[0] && text[1] && size < MOST; text += 2) {
        char digits[3] = {text[0], text[1], '\0'};
        to[size++] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return size;
}

int main(int argc, char **argv) {
    static uint8_t stream[MOST];
    static uint8_t record[MOST];
    static uint8_t again[MOST];
    static char json[MOST];
    schema = argc > 2 ? exi_find_schema(argv[1]) : NULL;
    if (!schema) return 2;
    for (int i = 2; i < argc; i++) {
        size_t size = from_hex(argv[i], stream);
        size_t of_record = check(decode, stream, size, record, 0);
        expect(check(encode, record, of_record, again, 0) == size, "encoded something else");
        size_t of_json = check(to_json, record, of_record, json, 0);
        check(from_json, json, of_json, again, of_json); /* base64 is decoded where it will be */
        check_more_than_bits_can_count(stream, size);
    }
    check_more_than_records_can_count();
    printf("%d messages\n", argc - 2);
    return 0;
}
