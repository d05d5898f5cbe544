/* Read one message of DIN 70121, print it as JSON, and write it again.
 *
 *     cc decode.c $(pkg-config --cflags --libs pyplc-exi) -o decode
 */
#include <stdio.h>
#include <string.h>

#include <exi.h>
#include <json.h>

int main(void) {
    static const uint8_t stream[] = {0x80, 0x9a, 0x02, 0x00, 0x40, 0x80, 0xc1, 0x01,
                                     0x41, 0x81, 0xc2, 0x11, 0xf0};
    static uint8_t record[4096], again[4096];
    static char json[16384], why[EXI_MAX_TEXT];
    struct exi_report report;
    size_t recorded, written, length;

    const struct exi_schema *din = exi_find_schema("din");
    if (exi_decode(din, stream, sizeof stream, 0, record, sizeof record, &recorded, &report)) {
        exi_describe(&report, why, sizeof why);
        fprintf(stderr, "%s (at bit %zu)\n", why, report.bit);
        return 1;
    }
    const struct exi_root *root = report.root;
    if (exi_to_json(din, root, record, recorded, json, sizeof json, &length, &report)) return 1;
    printf("%.*s\n", (int)length, json);

    const char *name = exi_name(din, root->name).text;
    if (exi_encode(din, name, record, recorded, 0, again, sizeof again, &written, &report)) {
        return 1;
    }
    return written != sizeof stream || memcmp(stream, again, written);
}
