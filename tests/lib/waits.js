// SPDX-License-Identifier: Apache-2.0
// Waits in a read of the FIFO that is named, below functions that call themselves, one that C++
// calls back (map), and one that is compiled by then. Prints "ready" before.
const fs = require('fs');

function inner(n, fd) {
	return n ? inner(n - 1, fd) + 1 : fs.readSync(fd, Buffer.alloc(1), 0, 1, null);
}

function outer(n, fd) {
	return [n].map((x) => inner(x, fd))[0];
}

// Called with many functions, so that what is compiled calls the last one, too.
function hot(n, then) {
	let sum = 0;
	for (let i = 0; i < n; i++)
		sum = (sum * 31 + i) % 65521;
	return then(sum);
}

const thens = [(x) => x, (x) => x + 1, (x) => x + 2, (x) => x + 3, (x) => x + 4, (x) => x + 5];
for (let i = 0; i < 60000; i++)
	hot(100, thens[i % thens.length]);
const fd = fs.openSync(process.argv[2], 'r+');
console.log('ready');
hot(100, () => outer(10, fd));
