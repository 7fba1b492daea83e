// SPDX-License-Identifier: Apache-2.0

//! Ids at the level of types, so that the ids inside a column type are constants.
//!
//! A type knows how many ids its nested fields need ([`HasType::IDS`](crate::HasType::IDS)), and
//! its position in a table determines the number above which they begin. That number, the base, is
//! a type parameter of [`TypeAt`](crate::TypeAt).

use std::marker::PhantomData;

/// The number above which the ids of nested fields begin.
pub trait IdBase: 'static {
    /// The number.
    const ID: i32;
}

/// The base `N`.
#[derive(Debug)]
pub enum FixedBase<const N: i32> {}

impl<const N: i32> IdBase for FixedBase<N> {
    const ID: i32 = N;
}

/// The base that is `N` above `B`.
#[derive(Debug)]
pub struct OffsetBase<B, const N: i32>(PhantomData<B>);

impl<B: IdBase, const N: i32> IdBase for OffsetBase<B, N> {
    const ID: i32 = B::ID + N;
}

/// The base after the ids that `T` needs above `B`.
#[derive(Debug)]
pub struct BaseAfter<B, T>(PhantomData<(B, T)>);
