/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profsvg - a flame graph: one SVG file that needs no network and no other program.
 *
 * A box is a frame, as wide as what it and all that it called weigh; who called it stands below.
 * All is drawn here, so that it can be read where no script runs, too; the script zooms, searches
 * and shows what is under the pointer. It is constant: what a target says is text between tags,
 * never part of it.
 */
#include <string.h>

#include "nsdebug/base/esc.h"
#include "nsdebug/base/own.h"
#include "nsdebug/trace/profout.h"

#define WIDTH 1200
#define MARGIN 10
#define TOP 64		/* title, and what can be clicked */
#define BOTTOM 36	/* what is under the pointer */
#define ROW 17
#define CHAR_TENTHS 73	/* of a pixel: a character of 12 pixels in height, monospaced */
#define LEAST 0.1	/* pixels; narrower ones are left out */
#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(word) #word

struct svg {
	struct profout *o;
	double scale;		/* pixels of a unit */
	uint32_t depth;
	uint64_t left_out;
	struct buf text, line;
};

static void put_xml(struct buf *b, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		switch (p[i]) {
		case '&':
			buf_str(b, "&amp;");
			break;
		case '<':
			buf_str(b, "&lt;");
			break;
		case '>':
			buf_str(b, "&gt;");
			break;
		case '"':
			buf_str(b, "&quot;");
			break;
		case '\'':
			buf_str(b, "&#39;");
			break;
		default:
			buf_char(b, p[i]);
		}
}

static void put_seconds(struct buf *b, uint64_t ns)
{
	buf_addf(b, ns >= 10000000 ? "%.2f s" : "%.6f s", (double)ns / 1e9);
}

static void put_share(struct buf *b, uint64_t part, uint64_t whole)
{
	buf_addf(b, "%.2f %%", whole ? 100.0 * (double)part / (double)whole : 0.0);
}

/* The same name, the same colour, in every picture. */
static void put_colour(struct buf *b, const struct profile_frame *f)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < f->name.len; i++)
		h = (h ^ (unsigned char)f->name.p[i]) * 16777619u;
	h ^= h >> 15;
	if (f->kind == PLACE_KERNEL)
		buf_addf(b, "rgb(%u,%u,%u)", 125 + h % 40, 170 + h / 64 % 40, 235);
	else if (f->kind == PLACE_FILE)
		buf_addf(b, "rgb(%u,%u,%u)", 225 + h % 30, 120 + h / 64 % 110,
			 55 + h / 8192 % 45);
	else
		buf_addf(b, "rgb(%u,%u,%u)", 200 + h % 20, 200 + h % 20, 195 + h % 20);
}

/* As many characters as fit; JavaScript does the same when it is zoomed. */
static void put_fitting(struct buf *b, const struct buf *name, double width)
{
	size_t room = width < 6 ? 0 : (size_t)((width - 6) * 10 / CHAR_TENTHS), n = 0, at = 0;

	for (; at < name->len; at++) {
		if (((unsigned char)name->bytes[at] & 0xc0) == 0x80)
			continue;
		if (n++ == room)
			break;
	}
	if (at < name->len && room < 3)
		return;
	if (at < name->len) {	/* the last two make place for what says so */
		for (n = 0; n < 2 && at; n++)
			while (at && ((unsigned char)name->bytes[--at] & 0xc0) == 0x80)
				;
		put_xml(b, name->bytes, at);
		buf_str(b, "..");
	} else {
		put_xml(b, name->bytes, name->len);
	}
}

static void put_title(struct svg *s, const struct profile_node *n, const struct profile_frame *f)
{
	struct buf *b = &s->o->b;
	uint64_t all = s->o->p->nodes[0].total;

	buf_str(b, "<title>");
	put_xml(b, s->text.bytes, s->text.len);
	buf_char(b, '\n');
	if (f && f->module.len) {
		buf_clear(&s->line);
		esc_text(&s->line, f->module.p, f->module.len, ESC_NAME);
		put_xml(b, s->line.bytes, s->line.len);
		buf_str(b, ", ");
	}
	put_seconds(b, n->total);
	buf_str(b, ", ");
	put_share(b, n->total, all);
	if (n->self) {
		buf_str(b, "; itself ");
		put_seconds(b, n->self);
	}
	buf_str(b, "</title>");
}

static void put_box(struct svg *s, const struct profile_node *n, double x, double width)
{
	struct buf *b = &s->o->b;
	const struct profile_frame *f = n->depth ? profile_frame_of(s->o->p, n) : NULL;
	unsigned int y = TOP + (s->depth - n->depth) * ROW;

	buf_clear(&s->text);
	if (f)
		esc_text(&s->text, f->name.p, f->name.len, ESC_NAME);
	else
		buf_str(&s->text, "all");
	if (!s->text.len)
		buf_char(&s->text, '?');
	buf_str(b, "<g>");
	put_title(s, n, f);
	buf_addf(b, "<rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%u\" fill=\"", x, y, width,
		 ROW - 1);
	if (f)
		put_colour(b, f);
	else
		buf_str(b, "rgb(220,220,215)");
	buf_addf(b, "\"/><text x=\"%.2f\" y=\"%u\">", x + 3, y + 12);
	put_fitting(b, &s->text, width);
	buf_str(b, "</text></g>\n");
	profout_flush(s->o, false);
}

/* As deep as a stack may be (PROFILE_DEPTH_MAX). */
static void put_node(struct svg *s, uint32_t nr, uint64_t at)
{
	const struct profile_node *n = &s->o->p->nodes[nr];
	double width = (double)n->total * s->scale;

	if (width < LEAST && nr) {
		s->left_out++;
		return;
	}
	put_box(s, n, MARGIN + (double)at * s->scale, width);
	for (uint32_t c = n->child; c; c = s->o->p->nodes[c].sibling) {
		put_node(s, c, at);
		at += s->o->p->nodes[c].total;
	}
}

static const char head[] =
	"<style>\n"
	"text{font-family:Menlo,Consolas,\"DejaVu Sans Mono\",monospace;font-size:12px;fill:#111}\n"
	"#title{font-size:17px;text-anchor:middle}\n"
	"#under{font-size:12px;text-anchor:middle;fill:#444}\n"
	".do{cursor:pointer;fill:#15c}\n"
	"#frames g{cursor:pointer}\n"
	"#frames rect{rx:2px}\n"
	"#frames text{pointer-events:none}\n"
	"#frames g:hover rect{stroke:#111;stroke-width:1}\n"
	"#frames g.off{display:none}\n"
	"#frames g.behind rect{opacity:.45}\n"
	"#frames g.hit rect{fill:rgb(230,60,230)}\n"
	"</style>\n";

static const char script[] =
	"<script><![CDATA[\n"
	"'use strict';\n"
	"const W = " TEXT(WIDTH) ", M = " TEXT(MARGIN) ", C = " TEXT(CHAR_TENTHS) " / 10;\n"
	"const id = (n) => document.getElementById(n);\n"
	"const all = Array.from(id('frames').children, (g) => {\n"
	"	const r = g.querySelector('rect'), lines = g.querySelector('title').textContent;\n"
	"	return { g, r, t: g.querySelector('text'), name: lines.split('\\n')[0],\n"
	"		about: lines.replace('\\n', '  --  '), x: +r.getAttribute('x'),\n"
	"		y: +r.getAttribute('y'), w: +r.getAttribute('width') };\n"
	"});\n"
	"function fit(f, w) {\n"
	"	const n = w < 3 * C ? 0 : Math.floor((w - 6) / C), s = Array.from(f.name);\n"
	"	f.t.textContent = s.length <= n ? f.name : n < 3 ? '' :\n"
	"		s.slice(0, n - 2).join('') + '..';\n"
	"}\n"
	"function zoom(to) {\n"
	"	const k = (W - 2 * M) / to.w, e = 0.006;\n"
	"	for (const f of all) {\n"
	"		const from = f.x - to.x, over = f.x + f.w - to.x - to.w;\n"
	"		const below = f.y > to.y && from <= e && over >= -e;\n"
	"		const inside = f.y <= to.y && from >= -e && over <= e;\n"
	"		const x = below ? M : M + from * k, w = below ? W - 2 * M : f.w * k;\n"
	"		f.g.classList.toggle('off', !below && !inside);\n"
	"		f.g.classList.toggle('behind', below);\n"
	"		if (!below && !inside)\n"
	"			continue;\n"
	"		f.r.setAttribute('x', x);\n"
	"		f.r.setAttribute('width', w);\n"
	"		f.t.setAttribute('x', x + 3);\n"
	"		fit(f, w);\n"
	"	}\n"
	"	id('reset').style.display = to === all[0] ? 'none' : 'inline';\n"
	"}\n"
	"function search(what) {\n"
	"	let is = (s) => s.includes(what), hits = [], end = -1, sum = 0;\n"
	"	try {\n"
	"		const re = new RegExp(what);\n"
	"		is = (s) => re.test(s);\n"
	"	} catch (e) {\n"
	"	}\n"
	"	for (const f of all) {\n"
	"		const hit = what !== '' && f !== all[0] && is(f.name);\n"
	"		f.g.classList.toggle('hit', hit);\n"
	"		if (hit)\n"
	"			hits.push(f);\n"
	"	}\n"
	"	hits.sort((a, b) => a.x - b.x || b.w - a.w);\n"
	"	for (const f of hits)\n"
	"		if (f.x >= end - 0.006) {\n"
	"			sum += f.w;\n"
	"			end = f.x + f.w;\n"
	"		}\n"
	"	id('found').textContent = what === '' ? '' : 'found: ' +\n"
	"		(100 * sum / all[0].w).toFixed(2) + ' %';\n"
	"}\n"
	"function ask() {\n"
	"	const what = prompt('Search for (a regular expression; nothing: forget)', '');\n"
	"	if (what !== null)\n"
	"		search(what);\n"
	"}\n"
	"for (const f of all) {\n"
	"	f.g.addEventListener('click', () => zoom(f));\n"
	"	f.g.addEventListener('mouseover', () => { id('about').textContent = f.about; });\n"
	"	f.g.addEventListener('mouseout', () => { id('about').textContent = ''; });\n"
	"}\n"
	"id('reset').addEventListener('click', () => zoom(all[0]));\n"
	"id('search').addEventListener('click', ask);\n"
	"addEventListener('keydown', (e) => {\n"
	"	if ((e.ctrlKey && e.key === 'f') || e.key === 'F3') {\n"
	"		e.preventDefault();\n"
	"		ask();\n"
	"	} else if (e.key === 'Escape') {\n"
	"		zoom(all[0]);\n"
	"		search('');\n"
	"	}\n"
	"});\n"
	"]]></script>\n";

static void put_head(struct svg *s)
{
	const struct profile *p = s->o->p;
	unsigned int height = TOP + (s->depth + 1) * ROW + BOTTOM;
	struct buf *b = &s->o->b;

	buf_addf(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		 "viewBox=\"0 0 %u %u\">\n", WIDTH, height, WIDTH, height);
	buf_str(b, head);
	buf_addf(b, "<rect width=\"%u\" height=\"%u\" fill=\"#fdfdf8\"/>\n", WIDTH, height);
	buf_addf(b, "<text id=\"title\" x=\"%u\" y=\"24\">", WIDTH / 2);
	esc_text(&s->text, s->o->title, strlen(s->o->title), ESC_NAME);
	put_xml(b, s->text.bytes, s->text.len);
	buf_addf(b, "</text>\n<text id=\"under\" x=\"%u\" y=\"42\">", WIDTH / 2);
	buf_addf(b, "%llu %s in ", (unsigned long long)p->samples, p->unit_samples);
	put_seconds(b, p->window_ns);
	buf_str(b, ": ");
	put_seconds(b, p->nodes[0].total);
	buf_str(b, "; functions of the kernel are blue</text>\n");
	buf_addf(b, "<text id=\"reset\" class=\"do\" x=\"%u\" y=\"58\" "
		 "style=\"display:none\">all of it</text>\n", MARGIN);
	buf_addf(b, "<text id=\"search\" class=\"do\" x=\"%u\" y=\"24\">search</text>\n",
		 WIDTH - MARGIN - 50);
	buf_addf(b, "<text id=\"found\" x=\"%u\" y=\"42\"></text>\n", WIDTH - MARGIN - 120);
	buf_addf(b, "<text id=\"about\" x=\"%u\" y=\"%u\"></text>\n", MARGIN, height - 14);
}

void profout_svg(struct profout *o)
{
	const struct profile *p = o->p;
	struct svg s = { .o = o };

	for (size_t i = 0; i < p->nnodes; i++)
		if (p->nodes[i].depth > s.depth)
			s.depth = p->nodes[i].depth;
	s.scale = p->nodes[0].total ? (WIDTH - 2.0 * MARGIN) / (double)p->nodes[0].total : 0;
	put_head(&s);
	buf_str(&o->b, "<g id=\"frames\">\n");
	put_node(&s, 0, 0);
	buf_str(&o->b, "</g>\n");
	if (s.left_out)
		buf_addf(&o->b, "<!-- %llu narrower than %.1f pixels are left out -->\n",
			 (unsigned long long)s.left_out, LEAST);
	buf_str(&o->b, script);
	buf_str(&o->b, "</svg>\n");
	buf_free(&s.text);
	buf_free(&s.line);
}
