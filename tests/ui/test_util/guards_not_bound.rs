#![deny(unused_must_use)]

use std::time::Duration;

use resilience_runtime::testing;

fn main() {
    testing::latency("a", Duration::ZERO);
    //~ testing::latency("a", Duration::ZERO) | unused `FaultGuard` that must be used
    //~    the fault ends as soon as the guard is dropped
    testing::hang("a");
    //~ testing::hang("a") | unused `FaultGuard` that must be used
    //~    the fault ends as soon as the guard is dropped
    testing::panic("a");
    //~ testing::panic("a") | unused `FaultGuard` that must be used
    //~    the fault ends as soon as the guard is dropped
    testing::script("a", "ok", || ());
    //~ testing::script("a", "ok", || ()) | unused `FaultGuard` that must be used
    //~    the fault ends as soon as the guard is dropped
    testing::hold_clock();
    //~ testing::hold_clock() | unused `HeldClock` that must be used
    //~    the clock runs ahead again as soon as the guard is dropped
    testing::handle().enter();
    //~ testing::handle().enter() | unused `HandleGuard` that must be used
    //~    the thread leaves the isolated test as soon as the guard is dropped
    testing::isolated(async {});
    //~ testing::isolated(async {}) | unused implementer of `Future` that must be used
    //~    futures do nothing unless you `.await` or poll them
    testing::handle().scope(async {});
    //~ testing::handle().scope(async {}) | unused implementer of `Future` that must be used
    //~    futures do nothing unless you `.await` or poll them
    // Returns no guard, because its faults last until they are used.
    testing::fail_next("a", 1, || ());
}
