/* How long the machine takes: `bench ROUNDS [LIBCBV2G] < streams`, each line a schema, a root
 * element and a stream in hex.
 *
 * Prints, for each line, nanoseconds to decode and to encode, the best of the rounds; where a
 * reference library is named, the same for it, measured in turn with the machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exi.h"
#include "reference.h"

#define MAX_BYTES 65536
#define REPEATS 200

struct subject {
    const struct exi_schema *schema;
    const char *root;
    size_t size;
    size_t recorded;
};

typedef bool work(struct subject *subject);

static uint8_t stream[MAX_BYTES], record[MAX_BYTES], back[MAX_BYTES];

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void refuse(const char *what, const char *detail) {
    fprintf(stderr, "bench: %s: %s\n", what, detail);
    exit(2);
}

static size_t read_hex(const char *text, uint8_t *bytes) {
    size_t size = 0;
    unsigned byte = 0;
    while (size < MAX_BYTES && sscanf(text + 2 * size, "%2x", &byte) == 1) {
        bytes[size++] = (uint8_t)byte;
    }
    return size;
}

/* --- what is measured --- */
static bool machine_decode(struct subject *s) {
    struct exi_report report;
    return !exi_decode(s->schema, stream, s->size, 0, record, sizeof record, &s->recorded, &report);
}

static bool machine_encode(struct subject *s) {
    struct exi_report report;
    size_t written = 0;
    enum exi_code code = exi_encode(s->schema, s->root, record, s->recorded, 0, back, sizeof back,
                                    &written, &report);
    return code == EXI_OK && written == s->size;
}

static bool library_decode(struct subject *s) { return reference_decode(stream, s->size); }

static bool library_encode(struct subject *s) {
    return reference_encode(back, sizeof back) == s->size;
}

/* --- measuring --- */
/* Before any time is taken: the stream must come back as it was. */
static void verify(const char *who, struct subject *s, work *decode, work *encode) {
    memset(back, 0, s->size);
    if (!decode(s)) refuse(who, "does not decode a stream");
    if (!encode(s) || memcmp(stream, back, s->size)) refuse(who, "a stream does not come back");
}

static void measure(struct subject *s, work *what, double *best_ns) {
    double start = now_ns();
    for (int i = 0; i < REPEATS; i++) what(s);
    double each = (now_ns() - start) / REPEATS;
    if (each < *best_ns) *best_ns = each;
}

static void measure_all(struct subject *s, unsigned long rounds, bool with_library) {
    static work *const works[] = {machine_decode, machine_encode, library_decode, library_encode};
    double best_ns[] = {1e18, 1e18, 1e18, 1e18};
    int count = with_library ? 4 : 2;
    verify("the machine", s, works[0], works[1]);
    if (with_library) verify("the reference library", s, works[2], works[3]);
    for (unsigned long round = 0; round < rounds; round++) {
        for (int i = 0; i < count; i++) measure(s, works[i], &best_ns[i]);
    }
    for (int i = 0; i < count; i++) printf(i ? " %.1f" : "%.1f", best_ns[i]);
    printf("\n");
}

int main(int argc, char **argv) {
    static char line[2 * MAX_BYTES + 128];
    char schema[32], root[64];
    int at = 0;
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;
    const char *library = argc > 2 ? argv[2] : NULL;
    const char *wrong = library ? reference_load(library) : NULL;
    if (wrong) refuse("the reference library cannot be used", wrong);
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%31s %63s %n", schema, root, &at) != 2) continue;
        struct subject subject = {exi_find_schema(schema), root, read_hex(line + at, stream), 0};
        if (!subject.schema) refuse("no such schema", schema);
        measure_all(&subject, rounds, library && reference_choose(schema));
    }
    return 0;
}
