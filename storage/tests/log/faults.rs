// SPDX-License-Identifier: Apache-2.0

//! Each call of the file system fails in turn, in several ways, and the process or the power fails
//! afterwards: no acknowledged entry is lost, and none is changed.

use std::io::ErrorKind;

use kalamtable_storage::{LogError, RowLogOptions};

use crate::driver::Driver;
use crate::recovered::{append, append_group, open_in};
use crate::simulated::{Fault, SimulatedFolder};

/// The number of power failures per fault and call, each with other random losses.
const POWER_FAILURES: u64 = 12;

fn payload(seed: u8, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| seed ^ (at % 251) as u8).collect()
}

/// Calls all operations of a log, which may have a fault.
fn exercise(driver: &mut Driver) {
    driver.open(false);
    driver.append_group([payload(1, 10), payload(2, 0), payload(3, 600)]);
    driver.append_group([payload(4, 1400)]);
    driver.append_group([payload(5, 20), vec![0; 900], payload(6, 700), payload(7, 5)]);
    driver.truncate_before(4);
    driver.append_group([payload(8, 300), payload(9, 300)]);
    driver.append(payload(10, 30));
    driver.append(payload(11, 40));
    driver.wait(0);
    driver.truncate_before(6);
    driver.wait(usize::MAX);
    driver.append_group([payload(12, 100)]);
    driver.truncate_before(100);
    driver.append_group([payload(13, 100)]);
    driver.append_group((0..6).map(|n| payload(20 + n, 500)));
    // A call that failed is repeated.
    driver.truncate_before(12);
    driver.truncate_before(12);
}

/// Continues after a crash. The entries of a log that was opened survive power failures.
fn recover(driver: &mut Driver, loses_power: bool) {
    driver.crash(loses_power);
    driver.reopen(true);
    driver.crash(true);
    driver.reopen(false);
    driver.append_group([payload(40, 50), payload(41, 800)]);
    driver.append(payload(42, 60));
    driver.crash(true);
    driver.reopen(false);
    assert!(driver.is_usable());
}

/// Returns the number of calls of a run.
fn calls(run: impl Fn(&mut Driver)) -> u64 {
    let mut driver = Driver::new(0);
    run(&mut driver);
    assert!(driver.is_usable());
    driver.folder.counts().all
}

fn check_each_call(fault: Fault) {
    for call in 1..=calls(exercise) {
        for seed in 0..=POWER_FAILURES {
            let mut driver = Driver::new(seed);
            driver.folder.fail_at(call, fault);
            exercise(&mut driver);
            assert!(!driver.folder.has_pending_fault());
            recover(&mut driver, seed > 0);
        }
    }
}

#[test]
fn failed_call_loses_no_acknowledged_entry() {
    check_each_call(Fault::Fail);
}

#[test]
fn call_that_reports_a_failure_loses_no_entry() {
    check_each_call(Fault::FailWithEffect);
}

#[test]
fn partial_call_loses_no_acknowledged_entry() {
    check_each_call(Fault::FailWithPart);
}

#[test]
fn power_failure_loses_no_acknowledged_entry() {
    check_each_call(Fault::Stop);
}

#[test]
fn short_writes_lose_no_entry() {
    for seed in 0..100 {
        let mut driver = Driver::new(seed);
        driver.folder.set_short_writes(true);
        exercise(&mut driver);
        assert!(driver.is_usable());
        recover(&mut driver, true);
    }
}

/// Prepares a log with a torn tail, and opens it with a fault.
#[test]
fn fault_during_recovery_loses_no_acknowledged_entry() {
    let mut torn = 0;
    for fault in Fault::ALL {
        for seed in 0..60 {
            for call in 1.. {
                let mut driver = Driver::new(seed);
                driver.open(false);
                driver.append_group([payload(1, 20), payload(2, 30)]);
                driver.append_group([payload(3, 10)]);
                // The write or the sync of this group stops.
                driver.folder.fail_at(1 + seed % 2, Fault::Stop);
                driver.append_group((0..5).map(|n| payload(n, 230)));
                assert!(!driver.folder.has_pending_fault());
                driver.crash(seed % 4 > 0);

                driver.folder.fail_at(call, fault);
                driver.open(seed % 2 > 0);
                let is_done = driver.folder.has_pending_fault();
                recover(&mut driver, seed % 3 > 0);
                torn += u64::from(driver.torn_bytes > 0);
                if is_done {
                    break;
                }
            }
        }
    }
    assert!(torn > 500, "only {torn} logs have a torn tail");
}

/// Truncates with two faults, so that the repeated call fails, too.
#[test]
fn repeated_faults_of_truncation_lose_no_entry() {
    let run = |driver: &mut Driver, first: u64, second: u64, fault: Fault| {
        driver.open(false);
        for n in 0..6 {
            driver.append_group([payload(n, 1400)]);
        }
        driver.folder.fail_at(first, fault);
        driver.truncate_before(6);
        driver.folder.fail_at(second, Fault::Stop);
        driver.truncate_before(6);
        driver.truncate_before(6);
    };
    for fault in Fault::ALL {
        for first in 1..20 {
            for second in 1..20 {
                for seed in 0..6 {
                    let mut driver = Driver::new(seed);
                    run(&mut driver, first, second, fault);
                    driver.crash(true);
                    driver.reopen(false);
                }
            }
        }
    }
}

#[test]
fn log_accepts_nothing_after_a_failed_sync() {
    let folder = SimulatedFolder::new(1);
    let (log, _) = open_in(folder.clone(), RowLogOptions::default()).unwrap();
    append(&log, b"one").unwrap();
    let pending = log.append(b"two").unwrap();
    // Call 1 is the write, and call 2 the sync.
    folder.fail_at(2, Fault::Fail);
    let failed = log.wait(pending).unwrap_err();
    expect_test::expect![[
        "the log accepts no more entries, because an operation has failed: cannot sync \
         `simulated/log-00000000000000000001.log`: injected fault; restart the process, which \
         recovers all acknowledged entries"
    ]]
    .assert_eq(&failed.to_string());

    // The folder has no fault any more, but the log stays failed and does not use it.
    let calls = folder.counts();
    assert!(matches!(log.append(b"three"), Err(LogError::Failed(_))));
    assert!(matches!(log.wait(pending), Err(LogError::Failed(_))));
    assert!(matches!(log.truncate_before(2), Err(LogError::Failed(_))));
    assert_eq!(folder.counts(), calls);
    assert_eq!(log.last_durable_sequence(), 1);
}

#[test]
fn full_disk_loses_no_acknowledged_entry() {
    for capacity in 0..4000 {
        let mut driver = Driver::new(capacity);
        driver.folder.set_capacity(Some(capacity as usize));
        exercise(&mut driver);
        let used = driver.folder.used_bytes();
        assert!(used <= capacity as usize, "{used}");
        driver.crash(capacity % 2 == 0);
        // If at least the first segment exists, a log on a full disk can be opened.
        let exists = driver.model.acknowledged() > 0;
        driver.open(false);
        assert!(driver.is_usable() || !exists);
        driver.crash(false);
        driver.folder.set_capacity(None);
        driver.reopen(false);
    }
}

#[test]
fn truncation_makes_room_on_a_full_disk() {
    let folder = SimulatedFolder::new(1);
    let options = RowLogOptions::default().with_segment_bytes(1000);
    let (log, _) = open_in(folder.clone(), options.clone()).unwrap();
    for _ in 0..4 {
        append(&log, &[1; 900]).unwrap();
    }
    folder.set_capacity(Some(folder.used_bytes() + 100));
    let full = append(&log, &[2; 900]).unwrap_err();
    let LogError::Failed(failure) = full else {
        panic!("{full}")
    };
    assert_eq!(failure.source.kind(), ErrorKind::StorageFull);
    drop(log);

    let (log, recovered) = open_in(folder.clone(), options).unwrap();
    assert_eq!(recovered.recovery.last_sequence, 4);
    log.truncate_before(5).unwrap();
    assert_eq!(append(&log, &[3; 900]).unwrap(), 5);
    append_group(&log, &[&[4; 900], &[5; 900]]).unwrap();
}

#[test]
fn failed_creation_of_a_segment_leaves_the_log_usable() {
    let folder = SimulatedFolder::new(1);
    let (log, _) = open_in(folder.clone(), RowLogOptions::default()).unwrap();
    append(&log, b"one").unwrap();
    folder.set_capacity(Some(folder.used_bytes()));
    let error = log.truncate_before(2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot write to `simulated/log-00000000000000000002.new`"
    );
    folder.set_capacity(None);
    assert_eq!(append(&log, b"two").unwrap(), 2);
    log.truncate_before(3).unwrap();
    // The temporary file has no effect, and is deleted when the log is opened.
    assert_eq!(
        folder.names(),
        [
            "log-00000000000000000002.new",
            "log-00000000000000000003.log"
        ]
    );
    drop(log);
    open_in(folder.clone(), RowLogOptions::default()).unwrap();
    assert_eq!(folder.names(), ["log-00000000000000000003.log"]);
}
