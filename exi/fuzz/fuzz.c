/* Random and mutated inputs into both directions of the machine, under the sanitizers.
 *
 * Usage: fuzz CASES SEED < seeds, where each line of seeds is a schema and a stream in hex. What
 * decodes must encode, and decode again to the same record; what encodes must decode, and encode
 * again to the same stream. Anything else ends the program with a message.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exi.h"

#define MAX_SEEDS 256
#define MAX_BYTES 4096
#define CAPACITY (1u << 16)

struct input {
    const struct exi_schema *schema;
    unsigned flags; /* EXI_FRAGMENT or 0 */
    size_t size;
    uint8_t bytes[MAX_BYTES];
};

static struct input streams[MAX_SEEDS];
static struct input records[MAX_SEEDS];
static unsigned seed_count;
static uint64_t random_state;
static unsigned long decoded, refused, encoded, unencodable;

static uint32_t chance(uint32_t below) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16) % below;
}

static void give_up(const char *what, const struct input *input) {
    fprintf(stderr, "fuzz: %s: %s ", what, input->schema->name);
    for (size_t i = 0; i < input->size; i++) fprintf(stderr, "%02x", input->bytes[i]);
    fprintf(stderr, "\n");
    exit(1);
}

/* Put the report's words together, as the binding would. */
static void talk(const struct exi_report *report) {
    char text[512];
    exi_describe(report, text, 1 + chance(sizeof text));
    for (unsigned i = 0; i < report->warning_count && i < EXI_MAX_WARNINGS; i++) {
        exi_describe_warning(report, &report->warnings[i], text, sizeof text);
    }
}

/* The element that the record is of: its tag, or the one root of its schema. */
static const char *root_of(const struct input *record) {
    static char tag[64];
    if (record->flags & EXI_FRAGMENT && !strcmp(record->schema->name, "xmldsig")) {
        return "SignedInfo";
    }
    if (strcmp(record->schema->name, "app")) return "V2G_Message";
    if (record->size < 2) return "supportedAppProtocolReq";
    size_t size = record->bytes[1] & 31u;
    if (size > record->size - 2) size = record->size - 2;
    memcpy(tag, record->bytes + 2, size);
    tag[size] = 0;
    return tag;
}

/* Run one direction on copies of the exact size, so that the sanitizer sees every step beyond. */
static enum exi_code convert(const struct input *input, bool decoding, unsigned flags,
                             size_t capacity, struct input *output) {
    struct exi_report report;
    uint8_t *data = malloc(input->size ? input->size : 1);
    uint8_t *out = malloc(capacity ? capacity : 1);
    size_t written = 0;
    if (!data || !out) exit(2);
    memcpy(data, input->bytes, input->size);
    enum exi_code code =
        decoding ? exi_decode(input->schema, data, input->size, flags | input->flags, out,
                              capacity, &written, &report)
                 : exi_encode(input->schema, root_of(input), data, input->size,
                              flags | input->flags, out, capacity, &written, &report);
    talk(&report);
    output->schema = input->schema;
    output->flags = input->flags;
    output->size = written;
    if (written <= MAX_BYTES) memcpy(output->bytes, out, written);
    free(data);
    free(out);
    return code;
}

static bool same(const struct input *a, const struct input *b) {
    return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

/* `input` gave `output`; back and forth again must give `output`. */
static void check_return(const struct input *input, const struct input *output, bool decoding) {
    struct input back, again;
    if (output->size > MAX_BYTES) return;
    if (convert(output, !decoding, 0, CAPACITY, &back)) give_up("no way back", input);
    if (back.size > MAX_BYTES) return;
    if (convert(&back, decoding, 0, CAPACITY, &again)) give_up("no way forth again", input);
    if (again.size <= MAX_BYTES && !same(output, &again)) give_up("changed on its way", input);
}

static void try_stream(const struct input *stream) {
    struct input record;
    unsigned flags = chance(4) ? 0 : chance(2) ? EXI_LENIENT : EXI_LENIENT | EXI_FULL_LISTS;
    size_t capacity = chance(8) ? CAPACITY : chance(300);
    if (convert(stream, true, flags, capacity, &record)) {
        refused++;
        return;
    }
    decoded++;
    if (!flags) check_return(stream, &record, true);
}

static void try_record(const struct input *record) {
    struct input stream;
    size_t capacity = chance(8) ? CAPACITY : chance(100);
    if (convert(record, false, 0, capacity, &stream)) {
        unencodable++;
        return;
    }
    encoded++;
    check_return(record, &stream, false);
}

static void mutate(struct input *input) {
    for (unsigned changes = chance(2) ? 1 : 1 + chance(4); changes; changes--) {
        size_t at = input->size ? chance((uint32_t)input->size) : 0;
        switch (chance(9)) {
        case 0:
        case 4:
        case 5:
        case 6:
        case 7:
            if (input->size) input->bytes[at] ^= (uint8_t)(1u << chance(8));
            break;
        case 1:
            if (input->size) input->bytes[at] = (uint8_t)chance(256);
            break;
        case 2: input->size = at; break;
        case 3:
            if (input->size == MAX_BYTES) break;
            memmove(input->bytes + at + 1, input->bytes + at, input->size - at);
            input->bytes[at] = (uint8_t)chance(256);
            input->size++;
            break;
        default:
            if (!input->size) break;
            memmove(input->bytes + at, input->bytes + at + 1, input->size - at - 1);
            input->size--;
        }
    }
}

static void randomise(struct input *input) {
    size_t from = chance(2) && input->size > 2 ? 2 : 0; /* half of the time behind a good start */
    input->size = from + chance(120);
    for (size_t i = from; i < input->size; i++) input->bytes[i] = (uint8_t)chance(256);
}

static void one_case(void) {
    bool decoding = chance(2);
    struct input input = (decoding ? streams : records)[chance(seed_count)];
    if (chance(4)) {
        mutate(&input);
    } else {
        randomise(&input);
    }
    if (decoding) {
        try_stream(&input);
    } else {
        try_record(&input);
    }
}

static size_t read_hex(const char *text, uint8_t *bytes) {
    size_t size = 0;
    unsigned byte = 0;
    while (size < MAX_BYTES && sscanf(text + 2 * size, "%2x", &byte) == 1) {
        bytes[size++] = (uint8_t)byte;
    }
    return size;
}

static void read_seeds(void) {
    static char line[2 * MAX_BYTES + 64];
    char name[32];
    int at = 0;
    while (seed_count < MAX_SEEDS && fgets(line, sizeof line, stdin)) {
        struct input *stream = &streams[seed_count];
        if (sscanf(line, "%31s %n", name, &at) != 1) continue;
        stream->schema = exi_find_schema(name);
        if (!stream->schema) continue;
        stream->flags = strcmp(name, "xmldsig") ? 0 : EXI_FRAGMENT;
        stream->size = read_hex(line + at, stream->bytes);
        if (convert(stream, true, EXI_LENIENT, CAPACITY, &records[seed_count])) {
            give_up("a seed that does not decode", stream);
        }
        seed_count++;
    }
}

int main(int argc, char **argv) {
    unsigned long cases = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    random_state = seed * 0x9e3779b97f4a7c15u + 1;
    read_seeds();
    if (!seed_count) {
        fprintf(stderr, "fuzz: no seeds on standard input\n");
        return 2;
    }
    for (unsigned long i = 0; i < cases; i++) one_case();
    printf("%lu cases, seed %lu, %u seed streams: %lu decoded, %lu refused; %lu encoded, %lu "
           "unencodable\n",
           cases, seed, seed_count, decoded, refused, encoded, unencodable);
    return 0;
}
