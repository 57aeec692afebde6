// SPDX-License-Identifier: Apache-2.0
// inlined: templates, lambdas and what of them the compiler puts into one another. Never run.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace space {

template <class T> struct Pair {
	T a, b;
	int sum(int x) const { return twice(a) + repeat(x); }
	static inline int twice(int x) { return x * 2; }
	static inline int repeat(int x)
	{
		std::string s = "a";
		for (int i = 0; i < x; i++)
			s += "b";
		return (int)s.size();
	}
};

}

static inline int first(std::vector<int> &v)
{
	std::sort(v.begin(), v.end(), [](int a, int b) { return a > b; });
	return v[0];
}

// Linkers throw it away, if they are told to.
int nobody(std::vector<int> &v)
{
	return first(v) + space::Pair<int>::repeat(v[1]);
}

int main(int argc, char **argv)
{
	std::map<std::string, std::vector<int>> m;
	space::Pair<int> p{ 3, 4 };
	std::function<int(int)> fn = [&](int x) {
		struct Local {
			space::Pair<int> p;
			int operator()(int y) { return y + p.sum(y); }
		} l{ p };
		return l(x);
	};
	std::ostringstream out;
	int sum = 0;

	for (int i = 0; i < argc * 10; i++)
		m[std::to_string(i)].push_back(i * 7 % 5);
	for (auto &e : m)
		sum += first(e.second);
	out << sum + fn(argc);
	std::cout << out.str();
}
