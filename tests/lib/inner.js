/* SPDX-License-Identifier: Apache-2.0 */
/* Says "ready" and computes: a compiled function, called by ones that are interpreted. */
function inner(n)
{
	let s = 0;

	for (let i = 0; i < n; i++)
		s += Math.sqrt(i) * i % 7;
	return s;
}

function outer()
{
	return inner(3e6);
}

for (let i = 0; i < 5; i++)
	outer();
console.log("ready");
for (;;)
	outer();
