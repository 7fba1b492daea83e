// SPDX-License-Identifier: Apache-2.0

//! What stands for the pools of shapes and fields: nothing is shared. Two shapes that are equal answer as one
//! does, and the pools' locks would make the models several times as large.

use std::marker::PhantomData;
use std::sync::Arc;

pub(crate) const ENTRY_BYTES: usize = 0;

pub(crate) struct Pool<T>(PhantomData<fn() -> T>);

impl<T> Pool<T> {
    pub(crate) fn new() -> Self {
        Pool(PhantomData)
    }

    pub(crate) fn intern(
        &self,
        _: u64,
        _: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        Arc::new(make())
    }
}
