/* How long the machine takes: `bench ROUNDS < streams`, each line a schema and a stream in hex.
 *
 * Prints, for each line, nanoseconds to decode and to encode, the best of the rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exi.h"

#define MAX_BYTES 65536
#define REPEATS 200

static uint8_t stream[MAX_BYTES], record[MAX_BYTES], back[MAX_BYTES];

static double now_ns(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static size_t read_hex(const char *text, uint8_t *bytes) {
    size_t size = 0;
    unsigned byte = 0;
    while (size < MAX_BYTES && sscanf(text + 2 * size, "%2x", &byte) == 1) {
        bytes[size++] = (uint8_t)byte;
    }
    return size;
}

static double least(double a, double b) { return a < b ? a : b; }

static void measure(const struct exi_schema *schema, size_t size, unsigned long rounds) {
    struct exi_report report;
    size_t recorded = 0, written = 0;
    double decode_ns = 1e18, encode_ns = 1e18;
    const char *root = strcmp(schema->name, "app") ? "V2G_Message" : "supportedAppProtocolReq";
    for (unsigned long round = 0; round < rounds; round++) {
        double start = now_ns();
        for (int i = 0; i < REPEATS; i++) {
            exi_decode(schema, stream, size, 0, record, sizeof record, &recorded, &report);
        }
        double middle = now_ns();
        if (recorded > 11 && !memcmp(record + 2, "supportedAppProtocolRes", 23)) {
            root = "supportedAppProtocolRes";
        }
        double again = now_ns();
        for (int i = 0; i < REPEATS; i++) {
            exi_encode(schema, root, record, recorded, 0, back, sizeof back, &written, &report);
        }
        double end = now_ns();
        decode_ns = least(decode_ns, (middle - start) / REPEATS);
        encode_ns = least(encode_ns, (end - again) / REPEATS);
    }
    if (written != size || memcmp(stream, back, size)) {
        fprintf(stderr, "bench: a stream that does not come back\n");
        exit(1);
    }
    printf("%.1f %.1f\n", decode_ns, encode_ns);
}

int main(int argc, char **argv) {
    static char line[2 * MAX_BYTES + 64];
    char name[32];
    int at = 0;
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%31s %n", name, &at) != 1) continue;
        const struct exi_schema *schema = exi_find_schema(name);
        if (!schema) return 2;
        measure(schema, read_hex(line + at, stream), rounds);
    }
    return 0;
}
