/* The Python module pyplc_exi: bytes in, bytes out; the typed side is pyplc_fw.v2g.exi. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "exi.h"
#include "json.h"
#include "json_text.h"

#define FIRST_CAPACITY 4096 /* on the stack; enough for every message of a DC session */
#define MAX_GROWTH 64       /* output bytes for an input byte; the tables allow about 26 */
#define MAX_CAPACITY (1u << 28) /* whatever the input: string table hits can make much of little */

struct module_state {
    PyObject *error;
};

enum operation { DECODE, ENCODE, TO_JSON, FROM_JSON };

/* Any of the conversions, so that one loop can find the buffer that is large enough. */
struct job {
    enum operation operation;
    const struct exi_schema *schema;
    const char *root;           /* ENCODE: the element's name */
    const struct exi_root *element; /* TO_JSON: the element */
    const uint8_t *data;
    size_t size;
    unsigned flags;
    struct exi_report report;
};

static enum exi_code attempt(struct job *job, uint8_t *out, size_t capacity, size_t *written) {
    switch (job->operation) {
    case ENCODE:
        return exi_encode(job->schema, job->root, job->data, job->size, job->flags, out, capacity,
                          written, &job->report);
    case TO_JSON:
        return exi_to_json(job->schema, job->element, job->data, job->size, (char *)out, capacity,
                           written, &job->report);
    case FROM_JSON:
        return exi_from_json(job->schema, (const char *)job->data, job->size, job->flags, out,
                             capacity, written, &job->report);
    case DECODE: break;
    }
    bool lenient = job->flags & EXI_LENIENT;
    return (lenient ? exi_decode_leniently : exi_decode)(
        job->schema, job->data, job->size, job->flags & EXI_FRAGMENT, out, capacity, written,
        &job->report);
}

static PyObject *raise_report(PyObject *module, const struct exi_report *report, bool decoding) {
    struct module_state *state = PyModule_GetState(module);
    char text[EXI_MAX_TEXT];
    char path[EXI_MAX_TEXT];
    exi_describe(report, text, sizeof text);
    exi_describe_path(report, path, sizeof path);
    PyObject *bit = decoding ? PyLong_FromSize_t(report->bit) : Py_NewRef(Py_None);
    PyObject *arguments = bit ? Py_BuildValue("(sNs)", text, bit, path) : NULL;
    if (arguments) PyErr_SetObject(state->error, arguments);
    Py_XDECREF(arguments);
    return NULL;
}

/* Run the job with ever larger buffers; returns bytes. */
static PyObject *run(PyObject *module, struct job *job) {
    uint8_t small[FIRST_CAPACITY];
    size_t capacity = sizeof small;
    size_t written = 0;
    enum exi_code code = attempt(job, small, capacity, &written);
    if (code == EXI_OK) return PyBytes_FromStringAndSize((const char *)small, (Py_ssize_t)written);
    while (code == EXI_E_OUTPUT && capacity / MAX_GROWTH <= job->size && capacity < MAX_CAPACITY) {
        capacity *= 4;
        PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)capacity);
        if (!bytes) return NULL;
        code = attempt(job, (uint8_t *)PyBytes_AS_STRING(bytes), capacity, &written);
        if (code == EXI_OK) {
            _PyBytes_Resize(&bytes, (Py_ssize_t)written);
            return bytes;
        }
        Py_DECREF(bytes);
    }
    return raise_report(module, &job->report, job->operation == DECODE);
}

static PyObject *warning_of(const struct exi_report *report, const struct exi_warning *warning) {
    char text[EXI_MAX_TEXT];
    char path[EXI_MAX_TEXT];
    exi_describe_warning(report, warning, text, sizeof text);
    exi_describe_warning_path(report, warning, path, sizeof path);
    return Py_BuildValue("(sns)", text, (Py_ssize_t)warning->bit, path);
}

static PyObject *warnings_of(const struct exi_report *report) {
    uint32_t kept = report->warning_count;
    if (kept > EXI_MAX_WARNINGS) kept = EXI_MAX_WARNINGS;
    PyObject *warnings = PyTuple_New((Py_ssize_t)kept);
    for (uint32_t i = 0; warnings && i < kept; i++) {
        PyObject *entry = warning_of(report, &report->warnings[i]);
        if (entry) {
            PyTuple_SET_ITEM(warnings, (Py_ssize_t)i, entry);
        } else {
            Py_CLEAR(warnings);
        }
    }
    return warnings;
}

static bool take_flags(PyObject *argument, unsigned *flags) {
    unsigned long value = PyLong_AsUnsignedLong(argument);
    if (value == (unsigned long)-1 && PyErr_Occurred()) return false;
    *flags = (unsigned)value;
    return true;
}

static const struct exi_schema *take_schema(PyObject *argument) {
    const char *name = PyUnicode_AsUTF8(argument);
    const struct exi_schema *schema = name ? exi_find_schema(name) : NULL;
    if (name && !schema) PyErr_Format(PyExc_LookupError, "no EXI schema is named %R", argument);
    return schema;
}

PyDoc_STRVAR(decode_doc,
             "decode($module, schema, data, flags, /)\n--\n\n"
             "Decode an EXI stream; returns (record, warnings), each warning a text, bit and path.");

static PyObject *decode(PyObject *module, PyObject *const *arguments, Py_ssize_t count) {
    struct job job = {.operation = DECODE};
    Py_buffer data;
    if (count != 3) return PyErr_Format(PyExc_TypeError, "decode takes 3 arguments");
    if (!(job.schema = take_schema(arguments[0])) || !take_flags(arguments[2], &job.flags)) {
        return NULL;
    }
    if (PyObject_GetBuffer(arguments[1], &data, PyBUF_SIMPLE)) return NULL;
    job.data = data.buf;
    job.size = (size_t)data.len;
    PyObject *record = run(module, &job);
    PyBuffer_Release(&data);
    if (!record) return NULL;
    PyObject *warnings = warnings_of(&job.report);
    if (!warnings) {
        Py_DECREF(record);
        return NULL;
    }
    return Py_BuildValue("(NN)", record, warnings);
}

PyDoc_STRVAR(encode_doc, "encode($module, schema, root, record, flags, /)\n--\n\n"
                         "Encode the record of the element root as an EXI stream.");

static PyObject *encode(PyObject *module, PyObject *const *arguments, Py_ssize_t count) {
    struct job job = {.operation = ENCODE};
    Py_buffer data;
    if (count != 4) return PyErr_Format(PyExc_TypeError, "encode takes 4 arguments");
    if (!(job.schema = take_schema(arguments[0])) || !take_flags(arguments[3], &job.flags)) {
        return NULL;
    }
    if (!(job.root = PyUnicode_AsUTF8(arguments[1]))) return NULL;
    if (PyObject_GetBuffer(arguments[2], &data, PyBUF_SIMPLE)) return NULL;
    job.data = data.buf;
    job.size = (size_t)data.len;
    PyObject *stream = run(module, &job);
    PyBuffer_Release(&data);
    return stream;
}

/* --- JSON, for whoever has no message classes --- */
/* Run a second job on what a first one gave, which is released. */
static PyObject *run_on(PyObject *module, struct job *job, PyObject *given) {
    if (!given) return NULL;
    job->data = (const uint8_t *)PyBytes_AS_STRING(given);
    job->size = (size_t)PyBytes_GET_SIZE(given);
    PyObject *result = run(module, job);
    Py_DECREF(given);
    return result;
}

PyDoc_STRVAR(decode_json_doc,
             "decode_json($module, schema, data, flags, /)\n--\n\n"
             "Decode an EXI stream; returns (JSON text, warnings), as decode does.");

static PyObject *decode_json(PyObject *module, PyObject *const *arguments, Py_ssize_t count) {
    struct job job = {.operation = DECODE};
    Py_buffer data;
    if (count != 3) return PyErr_Format(PyExc_TypeError, "decode_json takes 3 arguments");
    if (!(job.schema = take_schema(arguments[0])) || !take_flags(arguments[2], &job.flags)) {
        return NULL;
    }
    if (PyObject_GetBuffer(arguments[1], &data, PyBUF_SIMPLE)) return NULL;
    job.data = data.buf;
    job.size = (size_t)data.len;
    PyObject *record = run(module, &job);
    PyBuffer_Release(&data);
    struct job second = {
        .operation = TO_JSON, .schema = job.schema, .element = job.report.root};
    PyObject *json = run_on(module, &second, record);
    if (!json) return NULL;
    PyObject *text =
        PyUnicode_DecodeUTF8(PyBytes_AS_STRING(json), PyBytes_GET_SIZE(json), "strict");
    Py_DECREF(json);
    PyObject *warnings = text ? warnings_of(&job.report) : NULL;
    if (!warnings) {
        Py_XDECREF(text);
        return NULL;
    }
    return Py_BuildValue("(NN)", text, warnings);
}

PyDoc_STRVAR(encode_json_doc, "encode_json($module, schema, text, flags, /)\n--\n\n"
                              "Encode a message in JSON as an EXI stream.");

static PyObject *encode_json(PyObject *module, PyObject *const *arguments, Py_ssize_t count) {
    struct job job = {.operation = FROM_JSON};
    Py_ssize_t size = 0;
    if (count != 3) return PyErr_Format(PyExc_TypeError, "encode_json takes 3 arguments");
    if (!(job.schema = take_schema(arguments[0])) || !take_flags(arguments[2], &job.flags)) {
        return NULL;
    }
    job.flags &= EXI_FRAGMENT;
    if (!(job.data = (const uint8_t *)PyUnicode_AsUTF8AndSize(arguments[1], &size))) return NULL;
    job.size = (size_t)size;
    PyObject *record = run(module, &job);
    struct job second = {.operation = ENCODE, .schema = job.schema, .flags = job.flags};
    if (record) second.root = exi_name(job.schema, job.report.root->name).text;
    return run_on(module, &second, record);
}

PyDoc_STRVAR(schemas_doc, "schemas($module, /)\n--\n\nReturn the names of the schemas.");

static PyObject *schemas(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(nothing)) {
    PyObject *names = PyTuple_New((Py_ssize_t)exi_schema_count);
    for (unsigned i = 0; names && i < exi_schema_count; i++) {
        PyObject *name = PyUnicode_FromString(exi_schemas[i]->name);
        if (name) {
            PyTuple_SET_ITEM(names, (Py_ssize_t)i, name);
        } else {
            Py_CLEAR(names);
        }
    }
    return names;
}

PyDoc_STRVAR(check_json_doc, "check_json($module, text, /)\n--\n\n"
                             "Return None if the bytes are one JSON value, else what is wrong.");

static PyObject *check_json(PyObject *Py_UNUSED(module), PyObject *text) {
    struct json_fault fault;
    Py_buffer data;
    if (PyObject_GetBuffer(text, &data, PyBUF_SIMPLE)) return NULL;
    bool good = json_check(data.buf, (size_t)data.len, &fault);
    PyBuffer_Release(&data);
    if (good) Py_RETURN_NONE;
    return PyUnicode_FromFormat("not JSON: %s at octet %zu", fault.reason, fault.offset);
}

static PyMethodDef methods[] = {
    {"decode", (PyCFunction)(void (*)(void))decode, METH_FASTCALL, decode_doc},
    {"encode", (PyCFunction)(void (*)(void))encode, METH_FASTCALL, encode_doc},
    {"decode_json", (PyCFunction)(void (*)(void))decode_json, METH_FASTCALL, decode_json_doc},
    {"encode_json", (PyCFunction)(void (*)(void))encode_json, METH_FASTCALL, encode_json_doc},
    {"schemas", schemas, METH_NOARGS, schemas_doc},
    {"check_json", check_json, METH_O, check_json_doc},
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module) {
    struct module_state *state = PyModule_GetState(module);
    state->error = PyErr_NewExceptionWithDoc(
        "pyplc_exi.Error", "What cannot be coded: args are a text, the bit or None, and the path.",
        PyExc_ValueError, NULL);
    if (!state->error || PyModule_AddObjectRef(module, "Error", state->error)) return -1;
    if (PyModule_AddIntConstant(module, "FRAGMENT", EXI_FRAGMENT)) return -1;
    return PyModule_AddIntConstant(module, "LENIENT", EXI_LENIENT);
}

static int traverse(PyObject *module, visitproc visit, void *arg) {
    struct module_state *state = PyModule_GetState(module);
    Py_VISIT(state->error);
    return 0;
}

static int clear(PyObject *module) {
    struct module_state *state = PyModule_GetState(module);
    Py_CLEAR(state->error);
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "pyplc_exi",
    .m_doc = "EXI streams to MessagePack records and back, by tables made from message classes.",
    .m_size = sizeof(struct module_state),
    .m_methods = methods,
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
};

PyMODINIT_FUNC PyInit_pyplc_exi(void) { return PyModuleDef_Init(&definition); }
