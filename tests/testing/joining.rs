//! Tests tasks and threads that join an isolated test through its handle.

use std::io;
use std::thread;

use resilience_runtime::{CircuitBreaker, CircuitState, assert_circuit, circuit, get_circuit_stats, retry, testing};
use testing::isolated;
use tokio::runtime::Handle;
use tokio::task::{JoinSet, spawn_blocking, yield_now};
use tokio::time::{advance, sleep};

use super::{SECOND, panic_of, timed_out};

/// Declares a function `fails` with a circuit. Outside isolated tests, equal names mean the same circuit, so each test
/// uses a different `$name`.
macro_rules! failing {
    ($name:literal) => {
        #[circuit(name = $name, threshold = 1000)]
        async fn fails() -> io::Result<()> {
            tokio::task::yield_now().await;
            Err(timed_out())
        }

        #[allow(dead_code)]
        fn failures() -> u64 {
            get_circuit_stats()[$name].total_failed
        }
    };
}

#[tokio::test(start_paused = true)]
async fn task_without_handle_is_outside() {
    failing!("joining_outside");
    isolated(async {
        tokio::spawn(fails()).await.unwrap().unwrap_err();
        assert_eq!(failures(), 0);
    })
    .await;
    assert_eq!(failures(), 1);
}

#[test]
fn thread_without_handle_is_outside() {
    #[circuit(name = "joining_thread_outside")]
    fn fails() -> io::Result<()> {
        Err(timed_out())
    }

    let failures = || get_circuit_stats()["joining_thread_outside"].total_failed;
    let runtime = support::paused_runtime();
    runtime.block_on(isolated(async {
        thread::spawn(fails).join().unwrap().unwrap_err();
        spawn_blocking(fails).await.unwrap().unwrap_err();
        assert_eq!(failures(), 0);
    }));
    assert_eq!(failures(), 2);
}

#[tokio::test(start_paused = true)]
async fn spawned_task_joins() {
    failing!("joining_spawn");
    isolated(async {
        testing::handle().spawn(fails()).await.unwrap().unwrap_err();
        let within = testing::handle().spawn(async { testing::handle().spawn(fails()).await.unwrap() });
        within.await.unwrap().unwrap_err();
        assert_eq!(failures(), 2);
    })
    .await;
    assert_eq!(failures(), 0);
}

#[tokio::test(start_paused = true)]
async fn future_in_join_set_joins() {
    failing!("joining_set");
    isolated(async {
        let test = testing::handle();
        let mut tasks = JoinSet::new();
        for _ in 0..10 {
            tasks.spawn(test.scope(fails()));
        }
        assert!(tasks.join_all().await.iter().all(Result::is_err));
        assert_eq!(failures(), 10);
    })
    .await;
    assert_eq!(failures(), 0);
}

#[tokio::test(start_paused = true)]
async fn thread_joins_until_guard_is_dropped() {
    #[circuit(name = "joining_enter")]
    fn fails() -> io::Result<()> {
        Err(timed_out())
    }

    let failures = || get_circuit_stats()["joining_enter"].total_failed;
    isolated(async {
        let test = testing::handle();
        let thread = thread::spawn(move || {
            {
                let _guard = test.enter();
                fails().unwrap_err();
                let _again = test.enter();
                fails().unwrap_err();
            }
            fails().unwrap_err();
        });
        thread.join().unwrap();
        let blocking = spawn_blocking(move || {
            let _guard = test.enter();
            fails().unwrap_err();
        });
        blocking.await.unwrap();
        assert_eq!(failures(), 3);
    })
    .await;
    assert_eq!(failures(), 1);
}

#[tokio::test(start_paused = true)]
async fn thread_reads_clock_of_entered_runtime() {
    #[circuit(name = "joining_clock", threshold = 1, cooldown = 30)]
    fn write(is_ok: bool) -> io::Result<()> {
        if is_ok { Ok(()) } else { Err(timed_out()) }
    }

    isolated(async {
        let test = testing::handle();
        let fail = |runtime: Option<Handle>| {
            let thread = thread::spawn(move || {
                let _runtime = runtime.as_ref().map(Handle::enter);
                let _test = test.enter();
                write(false).unwrap_err();
            });
            thread.join().unwrap();
        };
        advance(60 * SECOND).await;
        fail(Some(Handle::current()));
        advance(30 * SECOND).await;
        assert_circuit!("joining_clock", HalfOpen);
        fail(Some(Handle::current()));
        assert_circuit!("joining_clock", Open);
        advance(30 * SECOND).await;
        assert_circuit!("joining_clock", HalfOpen);
        let rejected = thread::spawn(move || {
            let _test = test.enter();
            write(true).unwrap_err()
        });
        assert!(rejected.join().unwrap().to_string().contains("open"), "the real clock is 120 s behind");
        let trial = spawn_blocking(move || {
            let _test = test.enter();
            write(true)
        });
        trial.await.unwrap().unwrap();
        assert_circuit!("joining_clock", Closed);
    })
    .await;
}

#[tokio::test(start_paused = true)]
#[expect(clippy::async_yields_async, reason = "another test awaits the task")]
async fn task_that_outlives_its_test_keeps_its_layers() {
    failing!("joining_outlives");
    let task = isolated(async {
        testing::handle().spawn(async {
            sleep(SECOND).await;
            fails().await.unwrap_err();
            failures()
        })
    })
    .await;
    isolated(async {
        assert_eq!(task.await.unwrap(), 1);
        assert_eq!(failures(), 0, "the task belongs to the first test");
    })
    .await;
    assert_eq!(failures(), 0);
}

#[tokio::test(start_paused = true)]
async fn tests_in_one_thread_take_turns() {
    failing!("joining_turns");
    let fails_often = |calls: u64| async move {
        for call in 1..=calls {
            fails().await.unwrap_err();
            assert_eq!(failures(), call);
        }
    };
    tokio::join!(isolated(fails_often(2)), fails_often(3), isolated(fails_often(4)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tests_on_real_clock_move_between_threads() {
    failing!("joining_threads");
    let tests = (0..8).map(|_| {
        tokio::spawn(isolated(async {
            let test = testing::handle();
            let mut tasks = JoinSet::new();
            for _ in 0..8 {
                tasks.spawn(test.scope(async {
                    for _ in 0..10 {
                        fails().await.unwrap_err();
                        yield_now().await;
                    }
                }));
            }
            tasks.join_all().await;
            assert_eq!(failures(), 80);
            testing::events().iter().filter(|event| event.name() == "circuit_failure").count()
        }))
    });
    for test in tests.collect::<Vec<_>>() {
        assert_eq!(test.await.unwrap(), 80);
    }
    assert_eq!(failures(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_calls_of_one_test_find_one_circuit() {
    #[retry(max = 2, delay = 0)]
    #[circuit(name = "joining_first", threshold = 1000)]
    async fn fails() -> io::Result<()> {
        Err(timed_out())
    }

    for _ in 0..50 {
        isolated(async {
            let test = testing::handle();
            let mut tasks = JoinSet::new();
            for _ in 0..4 {
                tasks.spawn(test.scope(async { fails().await.unwrap_err() }));
            }
            tasks.join_all().await;
            assert_eq!(get_circuit_stats()["joining_first"].total_failed, 8);
        })
        .await;
    }
}

#[resilience_runtime::test]
async fn future_between_two_handles_belongs_to_the_test() {
    let test = testing::handle();
    test.scope(test.scope(async {
        CircuitBreaker::builder("joining_nested").register().unwrap().force_open();
    }))
    .await;
    assert_circuit!("joining_nested", ForcedOpen);
}

#[tokio::test(start_paused = true)]
async fn call_outside_the_test_is_told() {
    failing!("joining_told");
    fails().await.unwrap_err();
    isolated(async {
        let told = || panic_of(|| assert_circuit!("joining_told", Open));
        assert!(!told().contains("outside the test"), "{}", told());
        tokio::spawn(fails()).await.unwrap().unwrap_err();
        tokio::spawn(fails()).await.unwrap().unwrap_err();
        let message = "since this test began, 2 calls were made outside the test, of a circuit `joining_told`: a spawned \
                       task or a thread joins the test by `testing::handle()`";
        assert!(told().contains(message), "{}", told());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn call_of_a_key_outside_the_test_is_told() {
    #[circuit(name = "joining_keys", key = key, threshold = 1)]
    async fn fails(key: u32) -> io::Result<()> {
        Err(io::Error::other(key.to_string()))
    }

    isolated(async {
        tokio::spawn(fails(7)).await.unwrap().unwrap_err();
        let told = panic_of(|| assert_circuit!("joining_keys[7]", Open));
        assert!(told.starts_with("no circuit has the name `joining_keys[7]`"), "{told}");
        assert!(told.contains("1 call was made outside the test, of a circuit `joining_keys[7]`"), "{told}");
    })
    .await;
    assert_eq!(get_circuit_stats()["joining_keys[7]"].state, CircuitState::Open);
}
