//! Where the library's own threads run and what they get of the machine, as Linux shows it.
#![cfg(target_os = "linux")]

use std::ffi::{CStr, CString};
use std::fs;
use std::path::PathBuf;
use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use phi::sys::{self, Init};
use phi::{Model, ModelOptions, Pin, Priority, Session, SessionOptions, Token};

use crate::{golden, model};

/// One thread of this process: a folder of `/proc`.
struct Thread(PathBuf);

impl Thread {
    /// Nothing when the thread has ended meanwhile.
    fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.0.join(file)).ok()
    }

    /// A field of `stat`, counted from 1 as the manual page does.
    fn stat(&self, field: usize) -> Option<i64> {
        let stat = self.read("stat")?;
        // The second field is a name in parentheses, which may have blanks inside.
        let (_, rest) = stat.rsplit_once(") ")?;
        rest.split(' ').nth(field - 3)?.parse().ok()
    }

    fn nice(&self) -> Option<i64> {
        self.stat(19)
    }

    fn is_idle(&self) -> bool {
        const SCHED_IDLE: i64 = 5;
        self.stat(41) == Some(SCHED_IDLE)
    }

    fn is_pinned(&self) -> bool {
        self.read("status").map_or(false, |status| {
            let allowed = status
                .lines()
                .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
            allowed.map_or(false, |list| list.trim().parse::<u32>().is_ok())
        })
    }

    fn is_worker(&self) -> bool {
        self.read("comm")
            .map_or(false, |name| name.starts_with("phi-worker-"))
    }
}

/// A worker sets itself up after it has been made.
fn wait_for_worker(is_expected: impl Fn(&Thread) -> bool) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        for task in fs::read_dir("/proc/self/task").expect("threads") {
            let thread = Thread(task.expect("a thread").path());
            if thread.is_worker() && is_expected(&thread) {
                return;
            }
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("no such worker");
}

fn tokens(session: &mut Session) -> Vec<Token> {
    session.append(&[11, 22, 33, 44, 55]).expect("append");
    (0..8)
        .map(|_| session.next_token().expect("a token").token)
        .collect()
}

/// A session of these options has such a worker, and says what one without workers says.
fn check_worker(options: SessionOptions, is_expected: impl Fn(&Thread) -> bool) {
    let model = model();
    let mut session = Session::with_options(&model, options.threads(2)).expect("a session");
    wait_for_worker(is_expected);
    let mut plain = Session::with_options(&model, SessionOptions::new().threads(1)).expect("plain");
    assert_eq!(tokens(&mut session), tokens(&mut plain));
}

#[test]
fn a_pinned_thread_stays_on_one_processor() {
    check_worker(SessionOptions::new().pin(Pin::Cores), Thread::is_pinned);
}

#[test]
fn a_thread_of_low_priority_is_nicer() {
    let mine = Thread("/proc/thread-self".into()).nice().expect("nice");
    let low = (mine + 10).min(19);
    let options = SessionOptions::new().priority(Priority::Low);
    check_worker(options, |worker| worker.nice() == Some(low));
}

#[test]
fn an_idle_thread_gets_what_others_leave() {
    let options = SessionOptions::new().priority(Priority::Idle);
    check_worker(options, Thread::is_idle);
}

#[test]
fn threads_that_load_follow_too() {
    let mut calls = 0;
    let options = ModelOptions::new()
        .threads(2)
        .pin(Pin::Cores)
        .priority(Priority::Idle)
        .progress(|_| {
            calls += 1;
            wait_for_worker(|worker| worker.is_pinned() && worker.is_idle());
            true
        });
    Model::open_with(golden("c1_phi4"), options).expect("opens");
    assert!(calls > 0);
}

/// The types leave no way to ask for these; the C interface does.
#[test]
fn choices_that_do_not_exist_are_refused() {
    let refused = |options: sys::phi_model_options| {
        let path = CString::new(golden("c1_phi4").to_str().expect("UTF-8")).expect("no NUL");
        let mut model = ptr::null_mut();
        let mut error = sys::phi_error {
            code: 0,
            message: [0; 252],
        };
        let status =
            unsafe { sys::phi_model_open(path.as_ptr(), &options, &mut model, &mut error) };
        assert_eq!(status, sys::PHI_ERR_INVALID_ARGUMENT);
        let message = unsafe { CStr::from_ptr(error.message.as_ptr()) };
        message.to_str().expect("UTF-8").to_owned()
    };
    let pinned = sys::phi_model_options {
        pin: 2,
        ..Init::init()
    };
    assert_eq!(refused(pinned), "pin: 2 is not a known choice");
    let urgent = sys::phi_model_options {
        priority: -1,
        ..Init::init()
    };
    assert_eq!(refused(urgent), "priority: -1 is not a known choice");
}
