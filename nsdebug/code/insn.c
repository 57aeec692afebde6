/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/insn.h"

#include <string.h>

/*
 * What follows an opcode: m a ModRM byte; b an immediate byte, w two, d four, z two or four, v up
 * to eight, o an address, e three bytes; B and Z ModRM and then that; g and G ModRM, and b or z
 * behind a test; x is none; p is handled before.
 */
static const char one_form[] =
	"mmmmbzxxmmmmbzxp" "mmmmbzxxmmmmbzxx" "mmmmbzpxmmmmbzpx" "mmmmbzpxmmmmbzpx"
	"pppppppppppppppp" "................" "xxpmppppzZbB...." "bbbbbbbbbbbbbbbb"
	"BZxBmmmmmmmmmmmm" "..........x....." "oooo....bz......" "bbbbbbbbvvvvvvvv"
	"BBw.ppBZe.w..bx." "mmmmxxx.mmmmmmmm" "bbbbbbbbddxb...." "p.pp..gG......mm";

static const char two_form[] =
	"mmmmx.....x.xm.B" "mmmmmmmmmmmmmmmm" "mmmmxxxxmmmmmmmm" "......x.pxpxxxxx"
	"mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "BBBBmmm.mmmmmmmm"
	"dddddddddddddddd" "mmmmmmmmmmmmmmmm" "...mBmxx...mBmmm" "mmmmmmmmmmBmmmmm"
	"mmBmBBBm........" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm";

/*
 * What an opcode writes: m the operand rm, r reg, b both, l the register in the opcode, a rax,
 * h rax and that; i rm of inc and dec; d rdx, q rax, rcx and rdx, Q rax and rdx, and both rm,
 * c rax, rcx, rdx and rbx, C rcx, o and O vvvv, O reg too; s the registers of a string,
 * S these and rax; g and k rm unless it only compares; u of f6 and f7; A rax and rm; f and M
 * explained at their place; n nothing; x: not followed.
 */
static const char one_writes[] =
	"mmrraaxxmmrraaxn" "mmrraaxxmmrraaxx" "mmrraanxmmrraanx" "mmrraanxnnnnnnnx"
	"nnnnnnnnnnnnnnnn" "nnnnnnnnnnnnnnnn" "xxnrnnnnnrnrxxxx" "nnnnnnnnnnnnnnnn"
	"ggxgnnbbmmrrmrnm" "hhhhhhhhadxnnnna" "aannssssnnssSSss" "llllllllllllllll"
	"mmnnnnmmxnxxxxxx" "mmmmxxxannnnnnna" "CCCnxxxxnnxnxxxx" "nxnnnnuunnxxnnmi";

static const char two_writes[] =
	"mqrrxnxxxxxxxnnn" "nnnnnnnnnnnnnnfn" "xxxxxxxxnnnnrrnn" "xqxqxxxxnxnxxxxx"
	"rrrrrrrrrrrrrrrr" "rnnnnnnnnnnnnnnn" "nnnnnnnnnnnnnnnn" "nnnnnnnnnnnnnnMn"
	"nnnnnnnnnnnnnnnn" "mmmmmmmmmmmmmmmm" "nncnmmxxnnxmmmfr" "AArmrrrrrnkmrrrr"
	"bbnnnrnQllllllll" "nnnnnnnrnnnnnnnn" "nnnnnnnnnnnnnnnn" "nnnnnnnnnnnnnnnn";

_Static_assert(sizeof(one_form) == 257 && sizeof(two_form) == 257 &&
	       sizeof(one_writes) == 257 && sizeof(two_writes) == 257, "one for each opcode");

struct in {
	const uint8_t *at, *end;
	bool bad;
};

static uint8_t byte(struct in *in)
{
	if (in->at == in->end) {
		in->bad = true;
		return 0;
	}
	return *in->at++;
}

/* Little-endian, extended by its sign. */
static int64_t number(struct in *in, unsigned int size)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < size; i++)
		n |= (uint64_t)byte(in) << 8 * i;
	if (size && size < 8 && n >> (8 * size - 1))
		n |= ~0ull << 8 * size;
	return (int64_t)n;
}

/* Returns the byte behind the prefixes. */
static uint8_t prefixes(struct insn *i, struct in *in, uint8_t *rex, bool *narrow)
{
	for (;;) {
		uint8_t c = byte(in);

		if (c == 0x66)
			i->small = true;
		else if (c == 0x67)
			*narrow = true;
		else if (c == 0xf2 || c == 0xf3)
			i->rep = c;
		else if (c == 0x64 || c == 0x65)
			i->segment = true;
		else if (c != 0x26 && c != 0x2e && c != 0x36 && c != 0x3e && c != 0xf0)
			break;
		if (in->bad)
			return 0;
	}
	in->at--;
	if ((*in->at & 0xf0) == 0x40) {
		*rex = byte(in);
		i->rex = true;
		i->wide = *rex & 8;
	}
	return byte(in);
}

static void vex(struct insn *i, struct in *in, uint8_t first, uint8_t *rex)
{
	uint8_t a = byte(in), b = first == 0xc5 ? a : byte(in);
	unsigned int map = first == 0xc5 ? 1 : a & (first == 0x62 ? 7 : 31);

	i->vex = true;
	*rex = first == 0xc5 ? (~a >> 5 & 4) : (~a >> 5 & 7);
	i->wide = first != 0xc5 && b & 0x80;
	i->other = ~b >> 3 & 15;
	i->small = (b & 3) == 1;
	i->rep = (b & 3) == 2 ? 0xf3 : (b & 3) == 3 ? 0xf2 : 0;
	if (first == 0x62)
		byte(in);
	i->map = map == 2 || map == 6 ? MAP_38 : map == 3 ? MAP_3A : MAP_0F;
	if (!map || map > 6 || map == 4)
		in->bad = true;
	i->op = byte(in);
}

/* The opcode, and the letter of its form. */
static char opcode(struct insn *i, struct in *in, uint8_t *rex, bool *narrow)
{
	uint8_t c = prefixes(i, in, rex, narrow);

	i->op = c;
	if (c == 0xc4 || c == 0xc5 || c == 0x62) {
		vex(i, in, c, rex);
		if (i->map == MAP_0F && two_form[i->op] == 'p')
			return 'm';
		return i->map == MAP_3A ? 'B' : i->map == MAP_38 ? 'm' :
			two_form[i->op] == 'B' || two_form[i->op] == '.' ? two_form[i->op] : 'm';
	}
	if (c != 0x0f)
		return one_form[c];
	i->map = MAP_0F;
	i->op = byte(in);
	if (i->op != 0x38 && i->op != 0x3a)
		return two_form[i->op];
	i->map = i->op == 0x38 ? MAP_38 : MAP_3A;
	i->op = byte(in);
	return i->map == MAP_38 ? 'm' : 'B';
}

static void sib(struct insn *i, struct in *in, uint8_t rex)
{
	uint8_t c = byte(in);

	i->scale = c >> 6;
	i->index = (c >> 3 & 7) | (rex & 2 ? 8 : 0);
	if (i->index == GPR_RSP)
		i->index = INSN_NONE;
	i->base = (c & 7) | (rex & 1 ? 8 : 0);
	if ((c & 7) == 5 && !i->mod) {
		i->base = INSN_NONE;
		i->disp = number(in, 4);
	}
}

static void modrm(struct insn *i, struct in *in, uint8_t rex)
{
	uint8_t c = byte(in);

	i->mod = c >> 6;
	i->reg = (c >> 3 & 7) | (rex & 4 ? 8 : 0);
	i->rm = (c & 7) | (rex & 1 ? 8 : 0);
	if (i->mod == 3)
		return;
	if ((c & 7) == 4) {
		sib(i, in, rex);
	} else if ((c & 7) == 5 && !i->mod) {
		i->rip = true;
		i->disp = number(in, 4);
	} else {
		i->base = i->rm;
	}
	if (i->mod)
		i->disp = number(in, i->mod == 1 ? 1 : 4);
}

static void immediate(struct insn *i, struct in *in, char form, bool narrow)
{
	unsigned int z = i->small ? 2 : 4;

	if (form == 'b' || form == 'B' || (form == 'g' && (i->reg & 7) < 2))
		i->imm = number(in, 1);
	else if (form == 'z' || form == 'Z' || (form == 'G' && (i->reg & 7) < 2))
		i->imm = number(in, z);
	else if (form == 'w')
		i->imm = number(in, 2) & 0xffff;
	else if (form == 'd')
		i->imm = number(in, 4);
	else if (form == 'v')
		i->imm = number(in, i->wide ? 8 : z);
	else if (form == 'o')
		i->imm = number(in, narrow ? 4 : 8);
	else if (form == 'e')
		i->imm = number(in, 3);
}

bool insn_decode(struct insn *i, const uint8_t *bytes, size_t len)
{
	struct in in = { bytes, bytes + (len < INSN_MAX ? len : INSN_MAX), false };
	bool narrow = false;
	uint8_t rex = 0;
	char form;

	*i = (struct insn){ .base = INSN_NONE, .index = INSN_NONE };
	form = opcode(i, &in, &rex, &narrow);
	if (form == 'x' || form == 'p')
		return false;
	i->low = (i->op & 7) | (rex & 1 ? 8 : 0);
	if (strchr("mBZgG", form))
		modrm(i, &in, rex);
	immediate(i, &in, form, narrow);
	if (narrow)		/* addresses of 32 bits: not followed */
		i->segment = true;
	i->len = (uint8_t)(in.at - bytes);
	return !in.bad;
}

uint8_t insn_byte_register(const struct insn *i, uint8_t n)
{
	return !i->rex && !i->vex && n >= 4 && n < 8 ? n - 4 : n;
}

/* Does it mean bytes of registers? */
static bool is_byte(const struct insn *i, bool rm)
{
	if (i->map == MAP_ONE)
		return i->op < 0x40 || (i->op >= 0x80 && i->op < 0x8c) || i->op >= 0xc0 ?
			!(i->op & 1) && i->op != 0x62 : i->op >= 0xb0 && i->op < 0xb8;
	if (i->map != MAP_0F || i->vex)
		return false;
	return (i->op & 0xf0) == 0x90 || i->op == 0xb0 || i->op == 0xc0 ||
		(rm && (i->op == 0xb6 || i->op == 0xbe));
}

static uint32_t bit_rm(const struct insn *i)
{
	if (i->mod != 3)
		return 0;
	return 1u << (is_byte(i, true) ? insn_byte_register(i, i->rm) : i->rm);
}

static uint32_t bit_reg(const struct insn *i)
{
	return 1u << (is_byte(i, false) ? insn_byte_register(i, i->reg) : i->reg);
}

static char letter(const struct insn *i)
{
	switch (i->map) {
	case MAP_ONE:
		return one_writes[i->op];
	case MAP_0F:
		if (i->vex && (i->op & 0xfc) == 0x90)	/* masks; 93 to a register */
			return i->op == 0x93 ? 'r' : 'n';
		if (i->vex && (i->op & 0xf0) == 0x40)
			return 'n';
		if (i->vex && (i->op == 0x78 || i->op == 0x79))
			return 'r';
		return two_writes[i->op];
	case MAP_38:
		if (i->op < 0xf0)
			return i->op >= 0x80 && i->op < 0x83 ? 'x' : 'n';
		return i->vex && i->op == 0xf3 ? 'o' : i->vex && i->op == 0xf6 ? 'O' : 'r';
	default:
		if (i->op >= 0x14 && i->op < 0x18)
			return 'm';
		return (i->op & 0xfc) == 0x60 ? 'C' : i->op == 0xf0 ? 'r' : 'n';
	}
}

/* Those whose operands say it. */
static uint32_t operands_of(const struct insn *i, char c)
{
	uint8_t group = i->reg & 7;

	switch (c) {
	case 'm':
	case 'A':
	case 'q':
	case 'Q':
		return bit_rm(i);
	case 'r':
	case 'O':
		return bit_reg(i);
	case 'b':
		return bit_rm(i) | bit_reg(i);
	case 'g':
		return group == 7 ? 0 : bit_rm(i);
	case 'k':
		return group == 4 ? 0 : bit_rm(i);
	case 'i':	/* of ff: inc and dec */
		return group < 2 ? bit_rm(i) : 0;
	case 'u':
		return group == 2 || group == 3 ? bit_rm(i) : 0;
	case 'f':	/* rdfsbase and the like: with f3 only */
		return i->rep == 0xf3 ? bit_rm(i) : 0;
	case 'M':	/* movd and movq: with f3 from one vector register to another */
		return i->rep == 0xf3 ? 0 : bit_rm(i);
	}
	return 0;
}

/* Those that are always the same. */
static uint32_t fixed_of(const struct insn *i, char c)
{
	const uint32_t rax = 1u << GPR_RAX, rcx = 1u << GPR_RCX, rdx = 1u << GPR_RDX;
	const uint32_t strings = 1u << GPR_RSI | 1u << GPR_RDI | rcx;

	switch (c) {
	case 'a':
	case 'A':
		return rax;
	case 'd':
		return rdx;
	case 'q':
		return rax | rcx | rdx;
	case 'Q':
		return rax | rdx;
	case 'c':
		return rax | rcx | rdx | 1u << GPR_RBX;
	case 'C':
		return rcx;
	case 's':
		return strings;
	case 'S':
		return strings | rax;
	case 'u':
		return (i->reg & 7) > 3 ? rax | rdx : 0;
	case 'h':
		return i->low ? rax | 1u << i->low : 0;
	case 'o':
	case 'O':
		return 1u << i->other;
	}
	return 0;
}

bool insn_writes(const struct insn *i, uint32_t *mask)
{
	char c = letter(i);
	bool is_half = i->map == MAP_ONE && i->op >= 0xb0 && i->op < 0xb8;

	*mask = operands_of(i, c) | fixed_of(i, c);
	if (c == 'l')
		*mask = 1u << (is_half ? insn_byte_register(i, i->low) : i->low);
	return c != 'x';
}

bool insn_is_jcc(const struct insn *i)
{
	if (i->map == MAP_ONE)
		return (i->op & 0xf0) == 0x70 || (i->op >= 0xe0 && i->op <= 0xe3);
	return i->map == MAP_0F && !i->vex && (i->op & 0xf0) == 0x80;
}
