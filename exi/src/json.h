/* Records as JSON text and back, by the tables of a schema.
 *
 * An element is a key, in document order; an attribute "@Id"; the text of an element that has
 * attributes "#"; a repeated element is a list. xs:hexBinary is upper-case hexadecimal,
 * xs:base64Binary base64, an enumeration its text, an integer a number, however long.
 *
 * As in exi.h: no allocation, no recursion, and any input gives either a result or an error.
 */
#ifndef EXI_JSON_H
#define EXI_JSON_H

#include "exi.h"

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* Write the record of the element `root` (exi_decode() leaves it in its report) as one line of
 * JSON, without a line's end or a closing zero: {"V2G_Message":{"Header":...}}. The characters
 * U+0085, U+2028 and U+2029, which some readers take for the end of a line, are escaped. */
enum exi_code exi_to_json(const struct exi_schema *schema, const struct exi_root *root,
                          const uint8_t *record, size_t size, char *out, size_t capacity,
                          size_t *written, struct exi_report *report);

/* Read such a text, the keys in any order, as the record of report->root, for exi_encode().
 * Whether numbers and lengths are within their bounds, exi_encode() says. */
enum exi_code exi_from_json(const struct exi_schema *schema, const char *text, size_t size,
                            unsigned flags, uint8_t *out, size_t capacity, size_t *written,
                            struct exi_report *report);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
