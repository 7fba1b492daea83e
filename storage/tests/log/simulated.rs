// SPDX-License-Identifier: Apache-2.0

//! [`SimulatedFolder`]: a folder in memory that can fail at a chosen call, and that loses unsynced
//! data when the power fails.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use kalamtable_storage::{LockAttempt, LogFile, LogFolder, ReadFile};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// The unit in which the simulated disk persists writes.
const SECTOR: usize = 512;

/// The behaviour of the call at which a fault is injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call fails, and has no effect.
    Fail,
    /// The call has its effect, but fails.
    FailWithEffect,
    /// The call has a part of its effect, and fails. A failed sync persists some of the sectors,
    /// and regards the others as persisted.
    FailWithPart,
    /// Like [`Fault::FailWithPart`], and all later calls fail without an effect.
    Stop,
}

impl Fault {
    pub(crate) const ALL: [Fault; 4] = [
        Fault::Fail,
        Fault::FailWithEffect,
        Fault::FailWithPart,
        Fault::Stop,
    ];
}

/// The number of calls since the folder was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CallCounts {
    pub(crate) all: u64,
    pub(crate) writes: u64,
    pub(crate) file_syncs: u64,
    pub(crate) folder_syncs: u64,
}

/// A folder in memory. Clones share their content.
#[derive(Clone)]
pub(crate) struct SimulatedFolder(Arc<Shared>);

struct Shared {
    disk: Mutex<Disk>,
    on_sync: Mutex<Option<SyncHook>>,
}

/// A function that is called before the content of a file is synced.
type SyncHook = Arc<dyn Fn() + Send + Sync>;

struct Disk {
    files: Vec<FileState>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// The changes of names since the last sync.
    name_changes: Vec<NameChange>,
    is_locked: bool,
    /// The number of restarts, by which the files and locks of ended processes are recognized.
    restarts: u64,
    counts: CallCounts,
    /// The number of the call that fails.
    fault: Option<(u64, Fault)>,
    /// Whether the test reads files, which has no faults and is not counted.
    is_observed: bool,
    is_stopped: bool,
    has_short_writes: bool,
    capacity: Option<usize>,
    random: TestRng,
}

struct NameChange {
    removed: Option<String>,
    inserted: Option<(String, usize)>,
}

/// The content of a file in the cache of the operating system, and on the disk.
#[derive(Default)]
struct FileState {
    cached: Vec<u8>,
    durable: Vec<u8>,
    /// The minimum size since the last sync.
    min_bytes: usize,
    /// The sectors that are to be persisted.
    dirty: BTreeSet<usize>,
}

impl FileState {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if self.cached.len() < end {
            self.cached.resize(end, 0);
        }
        self.cached[offset..end].copy_from_slice(bytes);
        self.dirty.extend(offset / SECTOR..end.div_ceil(SECTOR));
    }

    fn truncate(&mut self, bytes: usize) {
        self.cached.resize(bytes, 0);
        self.min_bytes = self.min_bytes.min(bytes);
        self.dirty.retain(|sector| sector * SECTOR < bytes);
        if !bytes.is_multiple_of(SECTOR) {
            self.dirty.insert(bytes / SECTOR);
        }
    }

    /// Persists a sector. Bytes after the end of the file are zeros.
    fn persist(&mut self, sector: usize) {
        let start = sector * SECTOR;
        let end = (start + SECTOR).min(self.cached.len());
        if self.durable.len() < end {
            self.durable.resize(end, 0);
        }
        self.durable[start..end].copy_from_slice(&self.cached[start..end]);
        let rest = (start + SECTOR).min(self.durable.len());
        self.durable[end..rest].fill(0);
    }

    fn sync(&mut self) {
        self.persist_size();
        for sector in std::mem::take(&mut self.dirty) {
            self.persist(sector);
        }
    }

    fn persist_size(&mut self) {
        self.durable.truncate(self.min_bytes);
        self.durable.resize(self.cached.len(), 0);
        self.min_bytes = self.cached.len();
    }

    /// Persists some sectors, and regards the others as persisted.
    fn sync_partially(&mut self, random: &mut TestRng) {
        if chance(random, 2) {
            self.persist_size();
        }
        for sector in std::mem::take(&mut self.dirty) {
            if chance(random, 2) {
                self.persist(sector);
            }
        }
    }

    fn lose_power(&mut self, random: &mut TestRng) {
        if self.min_bytes < self.durable.len() && chance(random, 2) {
            self.durable.truncate(self.min_bytes);
        }
        // Persists none, some or most of the sectors.
        let loss = [1, 2, 8][random.next_u32() as usize % 3];
        for sector in std::mem::take(&mut self.dirty) {
            if !chance(random, loss) {
                self.persist(sector);
            }
        }
        if self.durable.len() < self.cached.len() && chance(random, 2) {
            let missing = self.cached.len() - self.durable.len();
            let added = random.next_u32() as usize % (missing + 1);
            self.durable.resize(self.durable.len() + added, 0);
        }
        self.cached.clone_from(&self.durable);
        self.min_bytes = self.cached.len();
    }
}

/// Returns true in one of `n` cases.
pub(crate) fn chance(random: &mut TestRng, n: u32) -> bool {
    random.next_u32().is_multiple_of(n)
}

/// Returns a generator of random numbers that depends on a seed only.
pub(crate) fn seeded(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

/// The part of a call that takes effect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Complete,
    /// The call fails with a complete effect.
    Hidden,
    /// The call fails with a part of the effect.
    Partial,
}

impl Disk {
    /// Counts a call. Fails if the call has no effect.
    fn begin(&mut self) -> io::Result<Effect> {
        if self.is_observed {
            return Ok(Effect::Complete);
        }
        self.counts.all += 1;
        if self.is_stopped {
            return Err(injected());
        }
        let number = self.counts.all;
        let fault = self.fault.take_if(|(at, _)| *at == number);
        Ok(match fault {
            None => Effect::Complete,
            Some((_, Fault::Fail)) => return Err(injected()),
            Some((_, Fault::FailWithEffect)) => Effect::Hidden,
            Some((_, Fault::FailWithPart)) => Effect::Partial,
            Some((_, Fault::Stop)) => {
                self.is_stopped = true;
                Effect::Partial
            }
        })
    }

    /// Counts a call that has a complete effect, or none.
    fn begin_atomic(&mut self) -> io::Result<Effect> {
        let effect = self.begin()?;
        if effect == Effect::Partial && chance(&mut self.random, 2) {
            return Err(injected());
        }
        Ok(effect)
    }

    fn file(&self, name: &str) -> io::Result<usize> {
        let file = self.names.get(name).copied();
        file.ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn change_name(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.name_changes.push(change);
    }

    fn used_bytes(&self) -> usize {
        self.names
            .values()
            .map(|file| self.files[*file].cached.len())
            .sum()
    }

    /// Writes as many bytes as fit, and returns their number.
    fn write(&mut self, file: usize, offset: usize, bytes: &[u8]) -> io::Result<usize> {
        let effect = self.begin()?;
        self.counts.writes += 1;
        let mut count = bytes.len();
        if effect == Effect::Partial {
            count = self.random.next_u32() as usize % count;
        } else if self.has_short_writes && chance(&mut self.random, 4) {
            if chance(&mut self.random, 4) {
                return Err(ErrorKind::Interrupted.into());
            }
            count = 1 + self.random.next_u32() as usize % count;
        }
        if let Some(capacity) = self.capacity {
            let free = capacity.saturating_sub(self.used_bytes());
            let allocated = self.files[file].cached.len().saturating_sub(offset);
            count = count.min(allocated + free);
            if count == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
        }
        self.files[file].write(offset, &bytes[..count]);
        effect.finish(count)
    }

    fn restart(&mut self) {
        self.is_locked = false;
        self.is_stopped = false;
        self.fault = None;
        self.restarts += 1;
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        if let Some(removed) = &self.removed {
            names.remove(removed);
        }
        if let Some((name, file)) = &self.inserted {
            names.insert(name.clone(), *file);
        }
    }
}

impl Effect {
    fn finish<T>(self, value: T) -> io::Result<T> {
        if self == Effect::Complete {
            Ok(value)
        } else {
            Err(injected())
        }
    }
}

fn injected() -> io::Error {
    io::Error::other("injected fault")
}

impl SimulatedFolder {
    pub(crate) fn new(seed: u64) -> Self {
        let disk = Disk {
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            name_changes: Vec::new(),
            is_locked: false,
            restarts: 0,
            counts: CallCounts::default(),
            fault: None,
            is_stopped: false,
            is_observed: false,
            has_short_writes: false,
            capacity: None,
            random: seeded(seed),
        };
        SimulatedFolder(Arc::new(Shared {
            disk: Mutex::new(disk),
            on_sync: Mutex::new(None),
        }))
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.disk.lock().unwrap()
    }

    /// Injects a fault at the `n`-th call from the next one on, which is call 1.
    pub(crate) fn fail_at(&self, n: u64, fault: Fault) {
        let mut disk = self.disk();
        disk.fault = Some((disk.counts.all + n, fault));
    }

    /// Runs a check of the test: its calls have no faults and are not counted.
    #[allow(
        dead_code,
        reason = "used by one of the test targets that include this file"
    )]
    pub(crate) fn observe(&self, check: impl FnOnce()) {
        self.disk().is_observed = true;
        check();
        self.disk().is_observed = false;
    }

    /// Returns whether an injected fault has not occurred.
    pub(crate) fn has_pending_fault(&self) -> bool {
        self.disk().fault.is_some()
    }

    /// Sets whether writes may write fewer bytes than requested.
    pub(crate) fn set_short_writes(&self, has_short_writes: bool) {
        self.disk().has_short_writes = has_short_writes;
    }

    /// Sets the maximum number of bytes of all files.
    pub(crate) fn set_capacity(&self, capacity: Option<usize>) {
        self.disk().capacity = capacity;
    }

    pub(crate) fn set_on_sync(&self, hook: impl Fn() + Send + Sync + 'static) {
        *self.0.on_sync.lock().unwrap() = Some(Arc::new(hook));
    }

    pub(crate) fn counts(&self) -> CallCounts {
        self.disk().counts
    }

    pub(crate) fn used_bytes(&self) -> usize {
        self.disk().used_bytes()
    }

    /// Ends the process that uses the folder. The cache of the operating system remains.
    pub(crate) fn restart(&self) {
        self.disk().restart();
    }

    /// Ends the process, and loses a random part of the data that was not synced.
    pub(crate) fn lose_power(&self) {
        let mut disk = self.disk();
        let disk = &mut *disk;
        for change in disk.name_changes.drain(..) {
            if chance(&mut disk.random, 2) {
                change.apply(&mut disk.durable_names);
            }
        }
        disk.names.clone_from(&disk.durable_names);
        for file in &mut disk.files {
            file.lose_power(&mut disk.random);
        }
        disk.restart();
    }

    /// Returns the content of each segment, by name.
    pub(crate) fn segments(&self) -> BTreeMap<String, Vec<u8>> {
        let disk = self.disk();
        disk.names
            .iter()
            .filter(|(name, _)| crate::layout::is_segment(name))
            .map(|(name, file)| (name.clone(), disk.files[*file].cached.clone()))
            .collect()
    }

    /// Returns the persisted content of each segment with a persisted name.
    pub(crate) fn durable_segments(&self) -> BTreeMap<String, Vec<u8>> {
        let disk = self.disk();
        disk.durable_names
            .iter()
            .filter(|(name, _)| crate::layout::is_segment(name))
            .map(|(name, file)| (name.clone(), disk.files[*file].durable.clone()))
            .collect()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.disk().names.keys().cloned().collect()
    }

    /// Replaces the content of a file, or creates the file.
    pub(crate) fn put(&self, name: &str, content: &[u8]) {
        let mut disk = self.disk();
        let mut file = FileState::default();
        file.write(0, content);
        file.sync();
        disk.files.push(file);
        let id = disk.files.len() - 1;
        disk.names.insert(name.to_string(), id);
        disk.durable_names.insert(name.to_string(), id);
    }

    /// Creates a folder with the given files.
    pub(crate) fn with_files(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let folder = SimulatedFolder::new(0);
        for (name, content) in files {
            folder.put(name, content);
        }
        folder
    }

    fn handle(&self, file: usize, restarts: u64) -> Box<dyn LogFile> {
        Box::new(SimulatedFile {
            folder: self.clone(),
            file,
            restarts,
        })
    }
}

impl fmt::Debug for SimulatedFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimulatedFolder")
    }
}

impl LogFolder for SimulatedFolder {
    fn path(&self, name: Option<&str>) -> PathBuf {
        let root = PathBuf::from("simulated");
        name.map_or_else(|| root.clone(), |name| root.join(name))
    }

    fn try_lock(&self) -> io::Result<LockAttempt> {
        let mut disk = self.disk();
        disk.begin_atomic()?.finish(())?;
        if disk.is_locked {
            return Ok(LockAttempt::Refused { process: None });
        }
        disk.is_locked = true;
        let lock: Box<dyn Any + Send + Sync> = Box::new(SimulatedLock {
            folder: self.clone(),
            restarts: disk.restarts,
        });
        Ok(LockAttempt::Locked(lock))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut disk = self.disk();
        disk.begin_atomic()?.finish(())?;
        Ok(disk.names.keys().rev().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut disk = self.disk();
        disk.begin_atomic()?.finish(())?;
        let file = disk.file(name)?;
        Ok(disk.files[file].cached.clone())
    }

    fn open_read(&self, name: &str) -> io::Result<Box<dyn ReadFile>> {
        let mut disk = self.disk();
        disk.begin_atomic()?.finish(())?;
        let file = disk.file(name)?;
        Ok(Box::new(ReadOnlyFile {
            folder: self.clone(),
            file,
        }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn LogFile>> {
        let mut disk = self.disk();
        let effect = disk.begin_atomic()?;
        let file = match disk.file(name) {
            Ok(file) => {
                disk.files[file].truncate(0);
                file
            }
            Err(_) => {
                disk.files.push(FileState::default());
                let file = disk.files.len() - 1;
                disk.change_name(NameChange {
                    removed: None,
                    inserted: Some((name.to_string(), file)),
                });
                file
            }
        };
        effect.finish(self.handle(file, disk.restarts))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn LogFile>> {
        let mut disk = self.disk();
        disk.begin_atomic()?.finish(())?;
        let file = disk.file(name)?;
        Ok(self.handle(file, disk.restarts))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk();
        let effect = disk.begin_atomic()?;
        let file = disk.file(from)?;
        disk.change_name(NameChange {
            removed: Some(from.to_string()),
            inserted: Some((to.to_string(), file)),
        });
        effect.finish(())
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        let effect = disk.begin_atomic()?;
        disk.file(name)?;
        disk.change_name(NameChange {
            removed: Some(name.to_string()),
            inserted: None,
        });
        effect.finish(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk();
        let effect = disk.begin()?;
        disk.counts.folder_syncs += 1;
        let changes = disk.name_changes.len();
        let persisted = if effect == Effect::Partial {
            disk.random.next_u32() as usize % (changes + 1)
        } else {
            changes
        };
        let disk = &mut *disk;
        for change in disk.name_changes.drain(..persisted) {
            change.apply(&mut disk.durable_names);
        }
        effect.finish(())
    }
}

/// A simulated file that is open for reading.
struct ReadOnlyFile {
    folder: SimulatedFolder,
    file: usize,
}

impl ReadFile for ReadOnlyFile {
    fn bytes(&self) -> io::Result<u64> {
        let mut disk = self.folder.disk();
        disk.begin_atomic()?.finish(())?;
        Ok(disk.files[self.file].cached.len() as u64)
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut disk = self.folder.disk();
        disk.begin_atomic()?.finish(())?;
        let start = offset as usize;
        let content = disk.files[self.file]
            .cached
            .get(start..start + buffer.len());
        let content = content.ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(content);
        Ok(())
    }
}

struct SimulatedLock {
    folder: SimulatedFolder,
    restarts: u64,
}

impl Drop for SimulatedLock {
    fn drop(&mut self) {
        let mut disk = self.folder.disk();
        if disk.restarts == self.restarts {
            disk.is_locked = false;
        }
    }
}

struct SimulatedFile {
    folder: SimulatedFolder,
    file: usize,
    restarts: u64,
}

impl SimulatedFile {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        let disk = self.folder.disk();
        assert_eq!(disk.restarts, self.restarts, "the process has ended");
        disk
    }
}

impl LogFile for SimulatedFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.disk().write(self.file, offset as usize, bytes)
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        let mut disk = self.disk();
        let effect = disk.begin_atomic()?;
        disk.files[self.file].truncate(bytes as usize);
        effect.finish(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        let hook = self.folder.0.on_sync.lock().unwrap().clone();
        if let Some(hook) = hook {
            hook();
        }
        let mut disk = self.disk();
        let effect = disk.begin()?;
        disk.counts.file_syncs += 1;
        let disk = &mut *disk;
        let file = &mut disk.files[self.file];
        if effect == Effect::Partial {
            file.sync_partially(&mut disk.random);
        } else {
            file.sync();
        }
        effect.finish(())
    }
}
