// SPDX-License-Identifier: Apache-2.0
// Threads that wait below methods that call themselves: "deep0" to "deep2" in a monitor, "park" in
// park(); and the first, which says "ready", in sleep().
import java.util.concurrent.locks.LockSupport;

public class Waits {
	static int deep(int n, Object o) throws InterruptedException {
		if (n > 0)
			return deep(n - 1, o) + 1;
		synchronized (o) {
			o.wait();
		}
		return 0;
	}

	static void run(int nr) {
		try {
			if (nr == 3)
				LockSupport.park();
			deep(20 + nr, new Object());
		} catch (InterruptedException e) {
			Thread.currentThread().interrupt();
		}
	}

	public static void main(String[] args) throws Exception {
		for (int i = 0; i < 4; i++) {
			final int nr = i;

			new Thread(() -> run(nr), nr == 3 ? "park" : "deep" + nr).start();
		}
		System.out.println("ready");
		Thread.sleep(100000000);
	}
}
