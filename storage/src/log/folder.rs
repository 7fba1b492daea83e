// SPDX-License-Identifier: Apache-2.0

//! [`LogFolder`] and [`LogFile`]: the operations of a file system that the row log uses, and
//! [`DiskFolder`], their implementation for a local folder.

use std::any::Any;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The file that is locked while a log is open for writing. It contains the id of the process.
const LOCK_FILE: &str = "lock";

/// The folder of a row log.
///
/// A row log calls a method again only after the caller has repeated an operation. Any call may
/// fail, with or without an effect.
pub trait LogFolder: fmt::Debug + Send + Sync {
    /// Returns the path of the folder, or of a file in it, for error texts.
    fn path(&self, name: Option<&str>) -> PathBuf;

    /// Takes the exclusive lock of the folder, if no other process or `RowLog` holds it. The lock
    /// ends with the process.
    fn try_lock(&self) -> io::Result<LockAttempt>;

    /// Returns the names of all files, in any order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Returns the content of a file.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// Opens an existing file for reading. If the file is deleted, its content remains readable
    /// until the value is dropped, where the operating system supports it.
    fn open_read(&self, name: &str) -> io::Result<Box<dyn ReadFile>>;

    /// Creates an empty file, or truncates an existing one, and opens it for writing.
    fn create(&self, name: &str) -> io::Result<Box<dyn LogFile>>;

    /// Opens an existing file for writing.
    fn open(&self, name: &str) -> io::Result<Box<dyn LogFile>>;

    /// Renames a file, and replaces the file that has the other name, if one exists.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Deletes a file.
    fn delete(&self, name: &str) -> io::Result<()>;

    /// Waits until all creations, renames and deletions that have returned are durable.
    fn sync(&self) -> io::Result<()>;

    /// Returns the operations on objects, or `None` if the folder has files, which can be extended
    /// and renamed. A folder with objects has no lock. [`open`](Self::open) and
    /// [`rename`](Self::rename) are not called for it, and a file that [`create`](Self::create)
    /// returns becomes an object when it is synced.
    fn objects(&self) -> Option<&dyn ObjectFolder> {
        None
    }
}

/// The operations of a folder whose files are objects of a bucket. An object is created as a whole,
/// and is never changed.
pub trait ObjectFolder {
    /// Returns a random number that no other process has that writes to the folder.
    fn writer(&self) -> [u8; 16];

    /// Creates an object, durably. Returns `Ok` if the object exists and has this content. Fails
    /// with [`AlreadyExists`](io::ErrorKind::AlreadyExists) if it has another content.
    fn create_new(&self, name: &str, content: Vec<u8>) -> io::Result<()>;

    /// Returns the contents of objects, in the same order.
    fn read_all(&self, names: &[String]) -> Vec<io::Result<Vec<u8>>>;

    /// Deletes objects, in any order. Objects that do not exist are ignored.
    fn delete_all(&self, names: &[String]) -> io::Result<()>;
}

/// A file of a row log that is open for writing.
pub trait LogFile: Send {
    /// Writes bytes at an offset, and returns how many of them were written. A file that ends
    /// before the offset is extended with zeros.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize>;

    /// Cuts the file to a number of bytes.
    fn truncate(&mut self, bytes: u64) -> io::Result<()>;

    /// Waits until the content and the size of the file are durable.
    fn sync_data(&mut self) -> io::Result<()>;
}

/// A file that is open for reading, possibly by several threads.
pub trait ReadFile: Send + Sync {
    /// Returns the size of the file in bytes.
    fn bytes(&self) -> io::Result<u64>;

    /// Fills a buffer with the bytes from an offset on. Fails with
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) if the file ends earlier.
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// The result of an attempt to lock a folder.
pub enum LockAttempt {
    /// The folder is locked until the value is dropped.
    Locked(Box<dyn Any + Send + Sync>),
    /// The lock is held elsewhere.
    Refused {
        /// The id of the process that holds the lock, or `None` if it is not known.
        process: Option<u32>,
    },
}

impl fmt::Debug for LockAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockAttempt::Locked(_) => f.write_str("Locked"),
            LockAttempt::Refused { process } => write!(f, "Refused({process:?})"),
        }
    }
}

/// A local folder.
#[derive(Debug)]
pub struct DiskFolder {
    root: PathBuf,
}

impl DiskFolder {
    /// Opens the folder, and creates it if it does not exist.
    ///
    /// # Errors
    /// The error of the operating system, if the folder cannot be created or synced.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let missing = path
            .ancestors()
            .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let created = missing.count();
        fs::create_dir_all(path)?;
        let folder = DiskFolder::open(path)?;
        // The entry of a created folder is in its parent. If the folder exists, the process that
        // created it may have ended before it synced the parent.
        let mut unsynced = folder.root.ancestors().take(1 + created.max(1));
        unsynced.try_for_each(sync_folder)?;
        Ok(folder)
    }

    /// Opens an existing folder.
    ///
    /// # Errors
    /// The error of the operating system, if the folder does not exist or is not accessible.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let root = path.as_ref().canonicalize()?;
        Ok(DiskFolder { root })
    }
}

impl LogFolder for DiskFolder {
    fn path(&self, name: Option<&str>) -> PathBuf {
        name.map_or_else(|| self.root.clone(), |name| self.root.join(name))
    }

    fn try_lock(&self) -> io::Result<LockAttempt> {
        let path = self.root.join(LOCK_FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path)?;
        match file.try_lock() {
            Ok(()) => {
                // The id is for error texts only. Writing it fails if the disk is full.
                let _ = file
                    .set_len(0)
                    .and_then(|()| write!(file, "{}", std::process::id()));
                Ok(LockAttempt::Locked(Box::new(file)))
            }
            Err(TryLockError::WouldBlock) => {
                let id = fs::read_to_string(&path).ok();
                let process = id.and_then(|id| id.trim().parse().ok());
                Ok(LockAttempt::Refused { process })
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.root)?.map(|file| Ok(file?.file_name().into_string().ok()));
        // The names of segments are ASCII, so a name that is not Unicode belongs to another file.
        names.filter_map(Result::transpose).collect()
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.root.join(name))
    }

    fn open_read(&self, name: &str) -> io::Result<Box<dyn ReadFile>> {
        Ok(Box::new(File::open(self.root.join(name))?))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn LogFile>> {
        Ok(Box::new(File::create(self.root.join(name))?))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn LogFile>> {
        let file = OpenOptions::new().write(true).open(self.root.join(name))?;
        Ok(Box::new(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.root.join(from), self.root.join(to))
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.root.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        sync_folder(&self.root)
    }
}

impl LogFile for File {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.seek(SeekFrom::Start(offset))?;
        self.write(bytes)
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        File::sync_data(self)
    }
}

impl ReadFile for File {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, buffer, offset)
    }

    #[cfg(windows)]
    fn read_exact_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(self, buffer, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    offset += count as u64;
                    buffer = &mut buffer[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

// Other platforms cannot open a folder as a file, and persist the name of a file with its content.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
