/* The stack machine of pickles (pickle.h).  Values live in one store and are freed with it, so
 * that they may share each other as they like. */
#include "tensor/pickle.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

enum {
    VALUES_MOST = 200000,
    BLOCK = 64,
    MEMO_MOST = 1000000,
    TEXT_MOST = 1 << 20,
    ITEMS_MOST = 1000000 /* of all values together */
};

/* Values lie in blocks, which stay where they are. */
typedef struct pickle_store {
    pickle_value **blocks; /* of BLOCK each */
    int64_t block_count, room;
    int64_t count; /* values */
} pickle_store;

/* What runs while a pickle is read. */
typedef struct machine {
    const unsigned char *p, *start, *end;
    const char *path;
    int64_t place;
    pickle *out;
    pickle_value **stack; /* NULL is a mark */
    int64_t depth, stack_room;
    pickle_value **memo;
    int64_t memo_size, memo_room, memo_next;
    int64_t persistent_room, items;
    size_t text_bytes;
} machine;

static jem_status fault(const machine *m, const char *what)
{
    return jem_error(JEM_EDATA, "%s: byte %" PRId64 ": %s; save the state dict again with torch.save",
                     m->path, m->place + (m->p - m->start), what);
}

/* ---- values */

static jem_status new_value(pickle_value **out, machine *m, pickle_kind kind)
{
    jem_status st = JEM_OK;
    pickle_store *s = m->out->store;

    if (s->count == VALUES_MOST) return fault(m, "its pickle has more values than weights need");
    if (s->count == BLOCK * s->block_count) {
        TRY(MEM_GROW(s->blocks, s->block_count, s->room));
        TRY(MEM_NEW(s->blocks[s->block_count], BLOCK));
        s->block_count++;
    }
    *out = &s->blocks[s->count / BLOCK][s->count % BLOCK];
    s->count++;
    (*out)->kind = kind;
done:
    return st;
}

static jem_status add_item(machine *m, pickle_value *to, pickle_value *item)
{
    if (m->items == ITEMS_MOST) return fault(m, "its pickle has more items than weights need");
    jem_status st = MEM_GROW(to->items, to->count, to->room);
    if (st == JEM_OK) {
        to->items[to->count++] = item;
        m->items++;
    }
    return st;
}

static jem_status take_text(machine *m, pickle_value *v, const void *bytes, size_t size)
{
    if (size > TEXT_MOST || m->text_bytes + size > 4 * (size_t)TEXT_MOST + (size_t)(m->end - m->start))
        return fault(m, "a text in its pickle is longer than any name");
    m->text_bytes += size;
    jem_status st = MEM_NEW(v->text, size + 1);
    if (st == JEM_OK) memcpy(v->text, bytes, size);
    v->number = (int64_t)size;
    return st;
}

/* ---- the stack */

static jem_status push(machine *m, pickle_value *v)
{
    jem_status st = MEM_GROW(m->stack, m->depth, m->stack_room);
    if (st == JEM_OK) m->stack[m->depth++] = v;
    return st;
}

static jem_status push_new(machine *m, pickle_kind kind, int64_t number)
{
    pickle_value *v = NULL;
    jem_status st = new_value(&v, m, kind);
    if (st != JEM_OK) return st;
    v->number = number;
    return push(m, v);
}

static jem_status push_text(machine *m, pickle_kind kind, const void *bytes, size_t size)
{
    jem_status st;
    pickle_value *v = NULL;

    TRY(new_value(&v, m, kind));
    TRY(take_text(m, v, bytes, size));
    TRY(push(m, v));
done:
    return st;
}

static jem_status pop(pickle_value **v, machine *m)
{
    if (m->depth == 0 || !m->stack[m->depth - 1]) return fault(m, "its pickle takes what is not there");
    *v = m->stack[--m->depth];
    return JEM_OK;
}

/* *from <- the place behind the topmost mark. */
static jem_status find_mark(int64_t *from, const machine *m)
{
    int64_t i = m->depth;
    while (i > 0 && m->stack[i - 1]) i--;
    if (i == 0) return fault(m, "its pickle looks for a mark that is not there");
    *from = i;
    return JEM_OK;
}

/* The topmost `count` values become the items of `to`, and leave the stack. */
static jem_status move_items(machine *m, pickle_value *to, int64_t from)
{
    jem_status st = JEM_OK;
    for (int64_t i = from; i < m->depth; i++) {
        if (!m->stack[i]) return fault(m, "its pickle takes what is not there");
        TRY(add_item(m, to, m->stack[i]));
    }
    m->depth = from;
done:
    return st;
}

static jem_status make_tuple(machine *m, int64_t from)
{
    jem_status st;
    pickle_value *v = NULL;

    if (from < 0) return fault(m, "its pickle takes what is not there");
    TRY(new_value(&v, m, PICKLE_TUPLE));
    TRY(move_items(m, v, from));
    TRY(push(m, v));
done:
    return st;
}

/* ---- operations */

bool pickle_is(const pickle_value *v, pickle_kind kind, const char *text)
{
    return v->kind == kind && strcmp(v->text, text) == 0;
}

const char *pickle_called(const pickle_value *v)
{
    return v->kind == PICKLE_CALL && v->items[0]->kind == PICKLE_GLOBAL ? v->items[0]->text : NULL;
}

pickle_value *pickle_get(const pickle_value *map, const char *key)
{
    for (int64_t i = 0; map->kind == PICKLE_MAP && i + 1 < map->count; i += 2)
        if (pickle_is(map->items[i], PICKLE_TEXT, key)) return map->items[i + 1];
    return NULL;
}

/* The pairs of Python 2's OrderedDict: a list of lists of two. */
static jem_status take_pairs(machine *m, pickle_value *map, const pickle_value *pairs)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < pairs->count; i++) {
        const pickle_value *pair = pairs->items[i];
        if ((pair->kind != PICKLE_LIST && pair->kind != PICKLE_TUPLE) || pair->count != 2)
            return fault(m, "its pickle makes an OrderedDict of what are no pairs");
        TRY(add_item(m, map, pair->items[0]));
        TRY(add_item(m, map, pair->items[1]));
    }
done:
    return st;
}

static jem_status reduce(machine *m)
{
    jem_status st;
    pickle_value *arguments = NULL, *function = NULL, *v = NULL;

    TRY(pop(&arguments, m));
    TRY(pop(&function, m));
    const bool ordered = pickle_is(function, PICKLE_GLOBAL, "collections OrderedDict") &&
                         arguments->kind == PICKLE_TUPLE && arguments->count <= 1;
    TRY(new_value(&v, m, ordered ? PICKLE_MAP : PICKLE_CALL));
    if (ordered && arguments->count == 1) {
        TRY(take_pairs(m, v, arguments->items[0]));
    } else if (!ordered) {
        TRY(add_item(m, v, function));
        TRY(add_item(m, v, arguments));
    }
    TRY(push(m, v));
done:
    return st;
}

/* `count` of the topmost values go into the list or map below them. */
static jem_status append(machine *m, int64_t from, bool marked, pickle_kind kind)
{
    jem_status st;
    const int64_t below = from - 1 - marked;

    if (below < 0 || !m->stack[below]) return fault(m, "its pickle takes what is not there");
    pickle_value *to = m->stack[below];
    if (to->kind == PICKLE_CALL) { /* an object of some class that is filled: nobody looks into it */
        m->depth = below + 1;
        return JEM_OK;
    }
    if (to->kind != kind) return fault(m, "its pickle fills what is no list or map");
    if (kind == PICKLE_MAP && (m->depth - from) % 2) return fault(m, "a key in its pickle has no value");
    TRY(move_items(m, to, from));
    m->depth = below + 1;
done:
    return st;
}

static jem_status persistent(machine *m)
{
    jem_status st;
    pickle_value *identity = NULL, *v = NULL;
    pickle *out = m->out;

    TRY(pop(&identity, m));
    TRY(new_value(&v, m, PICKLE_PERSISTENT));
    TRY(add_item(m, v, identity));
    TRY(MEM_GROW(out->persistent, out->persistent_count, m->persistent_room));
    out->persistent[out->persistent_count++] = v;
    TRY(push(m, v));
done:
    return st;
}

static jem_status put(machine *m, uint64_t index)
{
    jem_status st = JEM_OK;
    if (m->depth == 0 || !m->stack[m->depth - 1]) return fault(m, "its pickle takes what is not there");
    /* Places are numbered one after another, each by an opcode. */
    if (index >= MEMO_MOST || index >= (uint64_t)(m->end - m->start))
        return fault(m, "its pickle remembers more than weights need");
    while (m->memo_room <= (int64_t)index) TRY(MEM_GROW(m->memo, m->memo_room, m->memo_room));
    if (m->memo_size <= (int64_t)index) m->memo_size = (int64_t)index + 1;
    m->memo[index] = m->stack[m->depth - 1];
done:
    return st;
}

static jem_status get(machine *m, uint64_t index)
{
    if (index >= (uint64_t)m->memo_size || !m->memo[index])
        return fault(m, "its pickle recalls what it never remembered");
    return push(m, m->memo[index]);
}

/* ---- arguments of opcodes */

static jem_status take_bytes(const unsigned char **bytes, machine *m, uint64_t count)
{
    if (count > (uint64_t)(m->end - m->p)) {
        m->p = m->end;
        return fault(m, "its pickle is cut short");
    }
    *bytes = m->p;
    m->p += count;
    return JEM_OK;
}

/* A whole number of so many bytes, the lowest first. */
static jem_status take_number(uint64_t *value, machine *m, int bytes)
{
    const unsigned char *b = NULL;
    jem_status st = take_bytes(&b, m, (uint64_t)bytes);
    *value = 0;
    for (int i = 0; b && i < bytes; i++) *value |= (uint64_t)b[i] << (8 * i);
    return st;
}

/* A text behind its length, of so many bytes. */
static jem_status read_text(machine *m, int length_bytes)
{
    jem_status st;
    uint64_t size;
    const unsigned char *bytes = NULL;

    TRY(take_number(&size, m, length_bytes));
    TRY(take_bytes(&bytes, m, size));
    TRY(push_text(m, PICKLE_TEXT, bytes, size));
done:
    return st;
}

/* A whole number in two's complement behind its length. */
static jem_status read_long(machine *m, int length_bytes)
{
    jem_status st;
    uint64_t size, value = 0;
    const unsigned char *bytes = NULL;

    TRY(take_number(&size, m, length_bytes));
    TRY(take_bytes(&bytes, m, size));
    if (size > 8) {
        TRY(push_text(m, PICKLE_LONG, bytes, size));
        goto done;
    }
    for (uint64_t i = 0; i < 8; i++)
        value |= (uint64_t)(i < size ? bytes[i] : size && bytes[size - 1] & 0x80 ? 0xff : 0) << (8 * i);
    TRY(push_new(m, PICKLE_INTEGER, (int64_t)value));
done:
    return st;
}

static jem_status read_real(machine *m)
{
    jem_status st;
    const unsigned char *bytes = NULL;
    uint64_t bits = 0;
    pickle_value *v = NULL;

    TRY(take_bytes(&bytes, m, 8));
    for (int i = 0; i < 8; i++) bits = bits << 8 | bytes[i];
    TRY(new_value(&v, m, PICKLE_REAL));
    memcpy(&v->real, &bits, sizeof bits);
    TRY(push(m, v));
done:
    return st;
}

/* "MODULE NAME" of two lines. */
static jem_status read_global(machine *m)
{
    const unsigned char *module = m->p;
    const unsigned char *first = memchr(module, '\n', (size_t)(m->end - module));
    const unsigned char *second = first ? memchr(first + 1, '\n', (size_t)(m->end - first - 1)) : NULL;
    if (!second) return fault(m, "its pickle is cut short");
    jem_status st = push_text(m, PICKLE_GLOBAL, module, (size_t)(second - module));
    if (st == JEM_OK) m->stack[m->depth - 1]->text[first - module] = ' ';
    m->p = second + 1;
    return st;
}

static jem_status stack_global(machine *m)
{
    jem_status st;
    pickle_value *name = NULL, *module = NULL, *v = NULL;
    char *text = NULL;

    TRY(pop(&name, m));
    TRY(pop(&module, m));
    if (name->kind != PICKLE_TEXT || module->kind != PICKLE_TEXT)
        return fault(m, "its pickle names a class by what is no text");
    TRY(new_value(&v, m, PICKLE_GLOBAL));
    const size_t n = strlen(module->text), length = n + 1 + strlen(name->text);
    TRY(MEM_NEW(text, length + 1));
    memcpy(text, module->text, n);
    text[n] = ' ';
    strcpy(text + n + 1, name->text);
    TRY(take_text(m, v, text, length));
    TRY(push(m, v));
done:
    mem_free(text);
    return st;
}

/* ---- the machine */

static jem_status unknown(machine *m, int opcode)
{
    m->p--;
    return jem_error(JEM_EDATA, "%s: byte %" PRId64 ": its pickle uses the opcode 0x%02x, which weights do "
                     "not need; save the state dict alone with torch.save(model.state_dict(), FILE)", m->path,
                     m->place + (m->p - m->start), opcode);
}

/* Opcodes that make a value or remember one. */
static jem_status make(machine *m, int opcode)
{
    uint64_t n = 0;
    jem_status st = JEM_OK;

    switch (opcode) {
    case '}': return push_new(m, PICKLE_MAP, 0);
    case ']': return push_new(m, PICKLE_LIST, 0);
    case ')': return push_new(m, PICKLE_TUPLE, 0);
    case 'N': return push_new(m, PICKLE_NONE, 0);
    case 0x88: return push_new(m, PICKLE_BOOL, 1);
    case 0x89: return push_new(m, PICKLE_BOOL, 0);
    case 'J':
        TRY(take_number(&n, m, 4));
        return push_new(m, PICKLE_INTEGER, (int32_t)(uint32_t)n);
    case 'K':
        TRY(take_number(&n, m, 1));
        return push_new(m, PICKLE_INTEGER, (int64_t)n);
    case 'M':
        TRY(take_number(&n, m, 2));
        return push_new(m, PICKLE_INTEGER, (int64_t)n);
    case 0x8a: return read_long(m, 1);
    case 0x8b: return read_long(m, 4);
    case 'G': return read_real(m);
    case 'U': case 'C': case 0x8c: return read_text(m, 1);
    case 'X': case 'T': case 'B': return read_text(m, 4);
    case 'c': return read_global(m);
    case 0x93: return stack_global(m);
    case 'q':
        TRY(take_number(&n, m, 1));
        return put(m, n);
    case 'r':
        TRY(take_number(&n, m, 4));
        return put(m, n);
    case 0x94: return put(m, (uint64_t)m->memo_next++);
    case 'h':
        TRY(take_number(&n, m, 1));
        return get(m, n);
    case 'j':
        TRY(take_number(&n, m, 4));
        return get(m, n);
    default: return unknown(m, opcode);
    }
done:
    return st;
}

/* One opcode but STOP. */
static jem_status step(machine *m, int opcode)
{
    int64_t from = 0;
    uint64_t n;
    pickle_value *ignored;
    jem_status st = JEM_OK;

    switch (opcode) {
    case 0x80: return take_number(&n, m, 1); /* PROTO: the opcodes tell */
    case 0x95: return take_number(&n, m, 8); /* FRAME: for those who read ahead */
    case '(': return push(m, NULL);
    case 't':
        TRY(find_mark(&from, m));
        TRY(make_tuple(m, from));
        m->stack[from - 1] = m->stack[from]; /* over the mark */
        m->depth--;
        break;
    case 0x85: case 0x86: case 0x87: return make_tuple(m, m->depth - (opcode - 0x84));
    case 'a': return append(m, m->depth - 1, false, PICKLE_LIST);
    case 's': return append(m, m->depth - 2, false, PICKLE_MAP);
    case 'e': case 'u':
        TRY(find_mark(&from, m));
        return append(m, from, true, opcode == 'e' ? PICKLE_LIST : PICKLE_MAP);
    case 'R': case 0x81: return reduce(m); /* NEWOBJ: a class called */
    case 'b': return pop(&ignored, m);     /* BUILD: attributes, such as versions of modules */
    case 'Q': return persistent(m);
    default: return make(m, opcode);
    }
done:
    return st;
}

static jem_status run(machine *m)
{
    jem_status st = JEM_OK;
    while (m->p < m->end) {
        const int opcode = *m->p++;
        if (opcode == '.') {
            if (m->depth != 1) return fault(m, "its pickle ends with another number of values than one");
            TRY(pop(&m->out->root, m));
            m->out->used = (size_t)(m->p - m->start);
            return JEM_OK;
        }
        TRY(step(m, opcode));
    }
    return fault(m, "its pickle is cut short");
done:
    return st;
}

jem_status pickle_read(pickle *out, const char *bytes, size_t size, const char *path, int64_t place)
{
    jem_status st;
    const unsigned char *start = (const unsigned char *)bytes;
    machine m = {.p = start, .start = start, .end = start + size, .path = path, .place = place,
                 .out = out};

    *out = (pickle)PICKLE_INIT;
    TRY(MEM_NEW(out->store, 1));
    TRY(run(&m));
done:
    mem_free(m.stack);
    mem_free(m.memo);
    if (st != JEM_OK) pickle_clear(out);
    return st;
}

void pickle_clear(pickle *p)
{
    for (int64_t i = 0; p->store && i < p->store->count; i++) {
        pickle_value *v = &p->store->blocks[i / BLOCK][i % BLOCK];
        mem_free(v->text);
        mem_free(v->items);
    }
    for (int64_t i = 0; p->store && i < p->store->block_count; i++) mem_free(p->store->blocks[i]);
    if (p->store) mem_free(p->store->blocks);
    mem_free(p->store);
    mem_free(p->persistent);
    *p = (pickle)PICKLE_INIT;
}
