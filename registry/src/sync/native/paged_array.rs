// SPDX-License-Identifier: Apache-2.0

//! [`PagedArray`]: an array that grows without moving its elements.

use once_cell::race::OnceBox;

/// The number of pointers in the root, and in each directory.
const FANOUT: usize = 512;

/// An array of elements that are created in pages of `PAGE` elements, and are never moved. Readers
/// take no lock, and no operation takes time proportional to the length.
pub(super) struct PagedArray<T, const PAGE: usize> {
    root: Box<[OnceBox<PageDirectory<T, PAGE>>]>,
}

struct PageDirectory<T, const PAGE: usize>([OnceBox<[T; PAGE]>; FANOUT]);

impl<T: Default, const PAGE: usize> PagedArray<T, PAGE> {
    pub(super) fn new() -> Self {
        PagedArray {
            root: (0..FANOUT).map(|_| OnceBox::new()).collect(),
        }
    }

    /// Returns an element, or `None` if its page was not created.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        let page = index / PAGE;
        let directory = self.root.get(page / FANOUT)?.get()?;
        directory.0[page % FANOUT].get()?.get(index % PAGE)
    }

    /// Returns an element, and creates its page if necessary. Returns `None` if the index
    /// does not fit into the array, which has `FANOUT * FANOUT` pages.
    pub(super) fn get_or_create(&self, index: usize) -> Option<&T> {
        let page = index / PAGE;
        let directory = self
            .root
            .get(page / FANOUT)?
            .get_or_init(|| Box::new(PageDirectory(std::array::from_fn(|_| OnceBox::new()))));
        let page = directory.0[page % FANOUT]
            .get_or_init(|| Box::new(std::array::from_fn(|_| T::default())));
        page.get(index % PAGE)
    }

    /// Iterates over the elements of all pages that were created.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let directories = self.root.iter().filter_map(OnceBox::get);
        let pages = directories.flat_map(|directory| directory.0.iter().filter_map(OnceBox::get));
        pages.flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn elements_are_created_in_pages() {
        let array: PagedArray<AtomicUsize, 8> = PagedArray::new();
        assert!(array.get(0).is_none());
        for index in [0, 7, 8, 8 * FANOUT, 8 * FANOUT * FANOUT - 1] {
            let element = array.get_or_create(index).expect("an element");
            assert_eq!(element.swap(index + 1, Ordering::Relaxed), 0);
        }
        assert_eq!(array.get(8).expect("created").load(Ordering::Relaxed), 9);
        assert_eq!(array.get(9).expect("created").load(Ordering::Relaxed), 0);
        assert!(array.get(16).is_none());
        assert!(array.get_or_create(8 * FANOUT * FANOUT).is_none());
    }
}
