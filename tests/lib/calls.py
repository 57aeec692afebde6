# SPDX-License-Identifier: Apache-2.0
"""calls.py STRACE ROWS: the calls between the two marks of calls.c, as strace and nsdebug saw them.

Prints what differs, and at last how many different system calls were the same. What only strace,
which sees a call begin, can know is left out: the length that a buffer had before. So are its
comments, its texts of errors, and its words behind a result.
"""
import json
import re
import sys

MARK = 'getpriority(0x4d'


def words(line):
    line = re.sub(r' /\*.*?\*/', '', line)
    line = re.sub(r'\) +=', ') =', line)
    line = re.sub(r'\[\d+ => (\d+)\]', r'[\1]', line)
    line = re.sub(r'} +=> \{parent_tid=\[\d+\]\}', '}', line)
    return re.sub(r' \([^()]*\)$', '', line)


def of_strace(path):
    half, threads = {}, {}
    for line in open(path, errors='replace'):
        tid, text = line.rstrip('\n').split(None, 1)
        if text.startswith(('---', '+++')):
            continue
        if text.endswith('<unfinished ...>'):
            half[tid] = text[:-len(' <unfinished ...>')]
            continue
        rest = re.match(r'<\.\.\. \w+ resumed>(.*)', text)
        text = half.pop(tid) + ' ' + rest.group(1) if rest else text
        text = text.replace('( )', '()')
        threads.setdefault(int(tid), []).append(words(text))
    return threads


def of_rows(path):
    threads = {}
    for line in open(path):
        r = json.loads(line)
        text = '%s(%s) = %s' % (r['name'], ', '.join(r['args']), r['value'])
        threads.setdefault(r['host_tid'], []).append(words(text))
    return threads


def between(calls):
    at = [i for i, c in enumerate(calls) if c.startswith(MARK)]
    return calls[at[0] + 1:at[1]] if len(at) == 2 else None


def main():
    theirs, ours = of_strace(sys.argv[1]), of_rows(sys.argv[2])
    same = set()
    for tid, calls in theirs.items():
        want, got = between(calls), between(ours.get(tid, []))
        if want is None:
            continue
        if got is None or len(got) != len(want):
            print('%d calls, %s wanted' % (len(got or []), len(want)))
        for w, g in zip(want, got or []):
            if w == g or w.replace('  ', ' ') == g:
                same.add(w.split('(')[0])
            else:
                print('strace:  %s\nnsdebug: %s' % (w, g))
    print('%d system calls are the same' % len(same))


main()
