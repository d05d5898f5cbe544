/* What a fuzzer calls, libFuzzer or drive.c. The environment's FUZZ_TARGET names the operation.
 *
 * The first octet of the input chooses the schema (and how small is small), the second the flags
 * and the element that a record is of; the rest is a stream, a record or a JSON text. Whatever it is, the library must
 * give a result or an error; and what it takes must come back the same on its way to and fro.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exi.h"
#include "json.h"
#include "json_text.h"

#define CAPACITY (1u << 16)
#define FLAG_FRAGMENT 0x80u
#define FLAG_LENIENT 0x40u
#define FLAG_SMALL 0x20u /* an output buffer that is often too small */
#define ROOT_BITS 0x1fu

struct bytes {
    uint8_t *data; /* of exactly this size, so that a sanitizer sees every step beyond */
    size_t size;
};

struct subject {
    const struct exi_schema *schema;
    const struct exi_roots *roots;
    const struct exi_root *root;
    unsigned flags; /* EXI_FRAGMENT or 0 */
    bool lenient;
    size_t capacity;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void give_up(const struct subject *subject, const char *what) {
    fprintf(stderr, "fuzz: %s: %s\n", subject->schema->name, what);
    abort();
}

static uint8_t *room(size_t size) {
    uint8_t *data = malloc(size ? size : 1);
    if (!data) exit(2);
    return data;
}

static struct bytes copy_of(const uint8_t *data, size_t size) {
    struct bytes copy = {room(size), size};
    if (size) memcpy(copy.data, data, size);
    return copy;
}

static bool same(struct bytes a, struct bytes b) {
    return a.size == b.size && !memcmp(a.data, b.data, a.size);
}

/* Put all that a report says into words, into room for all of it and for a little of it. */
static void talk(const struct exi_report *report) {
    static const size_t sizes[] = {EXI_MAX_TEXT, 24, 1};
    char text[EXI_MAX_TEXT];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        exi_describe(report, text, sizes[i]);
        exi_describe_path(report, text, sizes[i]);
        for (unsigned w = 0; w < report->warning_count && w < EXI_MAX_WARNINGS; w++) {
            exi_describe_warning(report, &report->warnings[w], text, sizes[i]);
            exi_describe_warning_path(report, &report->warnings[w], text, sizes[i]);
        }
    }
}

/* What is said fits what is there; of what fails, nothing counts as written. */
static void check_report(const struct subject *s, enum exi_code code, size_t written,
                         const struct exi_report *report) {
    if (written > s->capacity) give_up(s, "more written than there is room for");
    if (code != EXI_OK && written) give_up(s, "something written on an error");
    if (code != report->code) give_up(s, "another error reported than returned");
    if (report->depth > EXI_MAX_DEPTH + 1) give_up(s, "a path deeper than its places");
}

/* --- the four conversions: each gives a copy of exactly what was written --- */
static enum exi_code decode(struct subject *s, struct bytes in, bool lenient, struct bytes *out,
                            struct exi_report *report) {
    uint8_t *data = room(s->capacity);
    size_t written = 0;
    enum exi_code code =
        lenient ? exi_decode_leniently(s->schema, in.data, in.size, s->flags, data, s->capacity,
                                       &written, report)
                : exi_decode(s->schema, in.data, in.size, s->flags, data, s->capacity, &written,
                             report);
    talk(report);
    check_report(s, code, written, report);
    if (report->bit > in.size * 8) give_up(s, "an error behind the end of the stream");
    if (code == EXI_OK) s->root = report->root;
    *out = copy_of(data, code == EXI_OK ? written : 0);
    free(data);
    return code;
}

static const char *root_name(const struct subject *s) {
    return exi_name(s->schema, s->root->name).text;
}

static enum exi_code encode(const struct subject *s, struct bytes in, struct bytes *out,
                            struct exi_report *report) {
    uint8_t *data = room(s->capacity);
    size_t written = 0;
    enum exi_code code = exi_encode(s->schema, root_name(s), in.data, in.size, s->flags, data,
                                    s->capacity, &written, report);
    talk(report);
    check_report(s, code, written, report);
    *out = copy_of(data, code == EXI_OK ? written : 0);
    free(data);
    return code;
}

static enum exi_code to_json(const struct subject *s, struct bytes in, struct bytes *out,
                             struct exi_report *report) {
    char *text = (char *)room(s->capacity);
    size_t written = 0;
    enum exi_code code = exi_to_json(s->schema, s->root, in.data, in.size, text, s->capacity,
                                     &written, report);
    talk(report);
    check_report(s, code, written, report);
    *out = copy_of((uint8_t *)text, code == EXI_OK ? written : 0);
    free(text);
    return code;
}

static enum exi_code from_json(struct subject *s, struct bytes in, struct bytes *out,
                               struct exi_report *report) {
    uint8_t *data = room(s->capacity);
    size_t written = 0;
    enum exi_code code = exi_from_json(s->schema, (const char *)in.data, in.size, s->flags, data,
                                       s->capacity, &written, report);
    talk(report);
    check_report(s, code, written, report);
    if (code == EXI_OK) s->root = report->root;
    *out = copy_of(data, code == EXI_OK ? written : 0);
    free(data);
    return code;
}

/* --- what must hold --- */
/* A stream of our own decodes without a warning, and its record encodes to it again. */
static void check_canonical(struct subject s, struct bytes stream) {
    struct exi_report report;
    struct bytes record = {NULL, 0};
    struct bytes again = {NULL, 0};
    s.capacity = CAPACITY;
    enum exi_code code = decode(&s, stream, false, &record, &report);
    if (code == EXI_E_OUTPUT) goto done;
    if (code) give_up(&s, "what was encoded does not decode");
    if (report.warning_count) give_up(&s, "what was encoded decodes with a warning");
    code = encode(&s, record, &again, &report);
    if (code == EXI_E_OUTPUT) goto done;
    if (code) give_up(&s, "what was encoded does not encode again");
    if (!same(stream, again)) give_up(&s, "what was encoded changed on its way");
done:
    free(record.data);
    free(again.data);
}

/* The JSON of a record makes a record with the same JSON. */
static void check_json(struct subject s, struct bytes text) {
    struct exi_report report;
    struct bytes record = {NULL, 0};
    struct bytes again = {NULL, 0};
    s.capacity = CAPACITY;
    enum exi_code code = from_json(&s, text, &record, &report);
    if (code == EXI_E_OUTPUT) goto done;
    if (code) give_up(&s, "JSON of our own is not read");
    code = to_json(&s, record, &again, &report);
    if (code == EXI_E_OUTPUT) goto done;
    if (code || !same(text, again)) give_up(&s, "JSON of our own changed on its way");
done:
    free(record.data);
    free(again.data);
}

/* --- the targets --- */
/* Any stream, by the schema and leniently. */
static void try_decode(struct subject *s, struct bytes in) {
    struct exi_report report;
    struct bytes out;
    decode(s, in, s->lenient, &out, &report);
    free(out.data);
}

/* Any record. */
static void try_encode(struct subject *s, struct bytes in) {
    struct exi_report report;
    struct bytes stream;
    if (!encode(s, in, &stream, &report)) check_canonical(*s, stream);
    free(stream.data);
}

/* What decodes must encode, but for a head that nobody sends. */
static void try_round(struct subject *s, struct bytes in) {
    struct exi_report report;
    struct bytes record;
    struct bytes stream = {NULL, 0};
    if (!decode(s, in, s->lenient, &record, &report)) {
        struct subject wide = *s;
        wide.capacity = CAPACITY;
        enum exi_code code = encode(&wide, record, &stream, &report);
        if (code == EXI_OK) check_canonical(*s, stream);
        if (code && code != EXI_E_OUTPUT && !(s->lenient && code == EXI_E_BARE)) {
            give_up(s, "what was decoded does not encode");
        }
    }
    free(record.data);
    free(stream.data);
}

/* A text without its blanks is the same: it is no longer, and stays as it is. */
static void check_value(const struct subject *s, struct bytes in) {
    struct json_fault fault;
    struct json_writer out = {(char *)room(in.size * 6), in.size * 6, 0};
    struct json_writer again = {(char *)room(in.size * 6), in.size * 6, 0};
    if (json_check(in.data, in.size, &fault)) {
        if (!json_put_value(&out, json_open(in.data, in.size))) give_up(s, "a value grew");
        if (!json_check((uint8_t *)out.data, out.size, &fault)) give_up(s, "a value is none now");
        json_put_value(&again, json_open((uint8_t *)out.data, out.size));
        struct bytes once = {(uint8_t *)out.data, out.size};
        struct bytes twice = {(uint8_t *)again.data, again.size};
        if (!same(once, twice)) give_up(s, "a value changed on its way");
    } else if (fault.offset > in.size) {
        give_up(s, "a fault behind the end");
    }
    free(out.data);
    free(again.data);
}

/* Any text: what is read and encodes must come back. */
static void try_json_read(struct subject *s, struct bytes in) {
    check_value(s, in);
    struct exi_report report;
    struct bytes record;
    struct bytes stream = {NULL, 0};
    if (!from_json(s, in, &record, &report)) {
        if (!encode(s, record, &stream, &report)) check_canonical(*s, stream);
    }
    free(record.data);
    free(stream.data);
}

/* Any record as JSON. */
static void try_json_write(struct subject *s, struct bytes in) {
    struct exi_report report;
    struct bytes text;
    struct bytes stream = {NULL, 0};
    bool valid = !encode(s, in, &stream, &report);
    if (!to_json(s, in, &text, &report) && valid) check_json(*s, text);
    free(text.data);
    free(stream.data);
}

static const struct {
    const char *name;
    void (*run)(struct subject *s, struct bytes in);
} targets[] = {
    {"decode", try_decode},         {"encode", try_encode},         {"round", try_round},
    {"json-read", try_json_read},   {"json-write", try_json_write},
};

static void target(struct subject *s, struct bytes in) {
    const char *wanted = getenv("FUZZ_TARGET");
    for (size_t i = 0; wanted && i < sizeof targets / sizeof *targets; i++) {
        if (strcmp(targets[i].name, wanted)) continue;
        targets[i].run(s, in);
        return;
    }
    fprintf(stderr, "fuzz: FUZZ_TARGET is not decode, encode, round, json-read or json-write\n");
    exit(2);
}

/* The record's root: number `wanted` of those that may be a message. */
static const struct exi_root *pick_root(const struct exi_roots *roots, unsigned wanted) {
    const struct exi_root *found = NULL;
    for (unsigned i = 0; i < roots->count; i++) {
        if (roots->roots[i].type == EXI_NO_TYPE) continue;
        found = &roots->roots[i];
        if (!wanted--) break;
    }
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct subject s = {.flags = 0};
    if (size < 2) return 0;
    s.schema = exi_schemas[data[0] % exi_schema_count];
    if (data[1] & FLAG_FRAGMENT) s.flags = EXI_FRAGMENT;
    s.roots = s.flags ? &s.schema->fragment : &s.schema->document;
    s.root = pick_root(s.roots, data[1] & ROOT_BITS);
    s.lenient = data[1] & FLAG_LENIENT;
    s.capacity = data[1] & FLAG_SMALL ? size >> data[0] / exi_schema_count % 4 : CAPACITY;
    if (!s.root) return 0;
    struct bytes in = copy_of(data + 2, size - 2);
    target(&s, in);
    free(in.data);
    return 0;
}
