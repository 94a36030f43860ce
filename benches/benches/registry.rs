//! Measures a program with 100,000 circuits. The benchmark measures a lookup of one circuit by its name, a read of all
//! statistics, and a reset of all circuits. The benchmark also measures calls while another thread reads all statistics
//! and resets all circuits. In addition, the benchmark measures the memory of one circuit.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Instant;

use resilience_benches::service::{ask, poll};
use resilience_runtime::{CircuitBreaker, circuit, get_circuit, get_circuit_stats, reset_all_circuits};

const CIRCUITS: usize = 100_000;

struct Counted;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

fn main() {
    let before = IN_USE.load(Ordering::Relaxed);
    let built: Vec<_> = (0..CIRCUITS).map(|_| CircuitBreaker::builder("built").build().unwrap()).collect();
    let each = (IN_USE.load(Ordering::Relaxed) - before) / CIRCUITS - size_of::<CircuitBreaker>();
    println!("a breaker of its own, with its share of the stripes: {each} bytes");
    drop(built);

    let names: Vec<_> = (0..CIRCUITS).map(|n| format!("circuit {n}")).collect();
    let mut groups = names.chunks(CIRCUITS / 7);
    let nanos = median(|| {
        let group = groups.next().unwrap_or_default().to_vec();
        let (begun, size) = (Instant::now(), group.len() as f64);
        for name in group {
            CircuitBreaker::builder(name).register().unwrap();
        }
        begun.elapsed().as_nanos() as f64 / size
    });
    println!("register, {CIRCUITS} circuits: {nanos:.0} ns each");
    for name in groups.next().unwrap_or_default() {
        CircuitBreaker::builder(name.clone()).register().unwrap();
    }
    // Measures `get_circuit_stats` and `reset_all_circuits` before the comparisons below. The comparisons free memory,
    // and this freed memory would slow down later allocations.
    let millis = |work: fn()| {
        median(|| {
            let begun = Instant::now();
            work();
            begun.elapsed().as_secs_f64() * 1e3
        })
    };
    println!("get_circuit_stats: {:.0} ms", millis(|| drop(black_box(get_circuit_stats()))));
    println!("reset_all_circuits: {:.0} ms", millis(reset_all_circuits));

    // Builds two maps of the standard library for comparison with the registry (the table of all circuits). A value of
    // `by_name` has about the size of a circuit. The last comparison below uses no map, and shows the time of two
    // memory accesses in a row. Each of its lookups reads an `Arc` of the vector `values`, and then a number of the
    // array in this `Arc`. The number determines the index of the next `Arc`.
    let numbers: HashMap<u64, u64> = (0..CIRCUITS as u64).map(|n| (n, n)).collect();
    let values: Vec<Arc<[usize; 25]>> = (0..CIRCUITS).map(|_| Arc::new([7919; 25])).collect();
    let by_name = names.iter().zip(&values).map(|(name, value)| (Box::from(&**name), value.clone()));
    let by_name: RwLock<HashMap<Box<str>, Arc<[usize; 25]>>> = RwLock::new(by_name.collect());
    // From one lookup to the next, the number in the circuit name grows by 7,919, modulo the number of names. With
    // 100,000 names, each lookup therefore misses the processor's caches. With 1,000 names, all data fit into the
    // caches. The vector `asked` holds the names in the order of the lookups, so that reading a name causes no cache
    // miss.
    for among in [CIRCUITS, 1000] {
        println!("lookups, {among} names in turn:");
        let asked: Vec<_> = (0..CIRCUITS).map(|n| n * 7919 % among).map(|n| (n as u64, names[n].clone())).collect();
        lookups("get_circuit", &asked, |_, name| get_circuit(name));
        lookups("for comparison, HashMap<u64, u64>", &asked, |n, _| numbers.get(&n).copied());
        let look_up = |_, name: &str| by_name.read().unwrap().get(name).cloned();
        lookups("for comparison, RwLock<HashMap<Box<str>, Arc<_>>>", &asked, look_up);
        let mut place = 0;
        lookups("for comparison, a list and an Arc, one after the other", &asked, |_, _| {
            place = (place + values[place][3]) % among;
        });
    }
    drop((values, by_name));
    let breaker = get_circuit("circuit 1").unwrap();
    println!("a call of another thread, alone: {}", calls(&breaker));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                black_box(get_circuit_stats());
                reset_all_circuits();
            }
        });
        println!("a call of another thread, meanwhile: {}", calls(&breaker));
        done.store(true, Ordering::Relaxed);
    });
    keys();
}

#[circuit(name = "keyed", key = n, max_keys = 1000000)]
async fn keyed(n: u64) -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "passing", key = n)]
async fn passing(n: u64) -> std::io::Result<()> {
    Ok(())
}

/// Calls `keyed` with 100,000 keys, and prints the memory of one circuit. Then calls `passing` with a million keys, and
/// prints the time of a call and the memory of all circuits. `passing` has at most 10,000 circuits at a time (the
/// default of `max_keys`).
fn keys() {
    let in_use = || IN_USE.load(Ordering::Relaxed);
    let before = in_use();
    for n in 0..CIRCUITS as u64 {
        poll(keyed(n)).unwrap();
    }
    println!("a circuit with a key, its place in the tables included: {} bytes", (in_use() - before) / CIRCUITS);
    let before = in_use();
    let begun = Instant::now();
    for n in 0..1_000_000 {
        poll(passing(n)).unwrap();
        if [20_000, 999_999].contains(&n) {
            let each = begun.elapsed().as_nanos() as u64 / (n + 1);
            println!("after {n} keys, 10,000 of them remembered: {} KiB, {each} ns a call", (in_use() - before) / 1024);
        }
    }
}

/// Measures the time of each of a million calls, and returns the median and the 99.9th percentile of the times as text.
/// Each time includes about 20 ns for reading the clock twice.
fn calls(breaker: &CircuitBreaker) -> String {
    let mut nanos: Vec<_> = (0..1_000_000)
        .map(|n| {
            let begun = Instant::now();
            black_box(poll(breaker.call(|| ask(n))).is_ok());
            begun.elapsed().as_nanos()
        })
        .collect();
    nanos.sort_unstable();
    let at = |share: f64| nanos[((nanos.len() - 1) as f64 * share) as usize];
    format!("median {} ns, 99.9 % below {} ns", at(0.5), at(0.999))
}

fn lookups<T>(name: &str, asked: &[(u64, String)], mut look_up: impl FnMut(u64, &str) -> T) {
    let nanos = median(|| {
        let begun = Instant::now();
        for (number, name) in asked {
            black_box(look_up(*number, name));
        }
        begun.elapsed().as_nanos() as f64 / asked.len() as f64
    });
    println!("- {name}: {nanos:.0} ns");
}

fn median(mut sample: impl FnMut() -> f64) -> f64 {
    let mut samples: Vec<_> = (0..7).map(|_| sample()).collect();
    samples.sort_by(f64::total_cmp);
    samples[3]
}
