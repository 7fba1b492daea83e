// SPDX-License-Identifier: Apache-2.0

//! [`forward_definition_store!`](crate::forward_definition_store): methods of a store that call the
//! same method of an inner store.

/// Implements methods of [`DefinitionStore`](crate::DefinitionStore) by calling the same methods of
/// a field.
///
/// Use the macro in an `impl DefinitionStore` block, for a store that wraps another one and
/// intercepts some of the methods: to count calls, to check permissions, or to inject faults in a
/// test. The argument is the field of the inner store, followed by a colon and the names of the
/// forwarded methods.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use async_trait::async_trait;
/// use kalamtable_model::{TableDefinition, TableName};
/// use kalamtable_store::{
///     DefinitionStore, Error, MemoryStore, StoredTable, TableId, forward_definition_store,
/// };
///
/// /// Counts the tables that are read by id.
/// #[derive(Debug, Default)]
/// struct Counting {
///     inner: MemoryStore,
///     reads: AtomicU64,
/// }
///
/// #[async_trait]
/// impl DefinitionStore for Counting {
///     async fn get(&self, id: TableId) -> Result<Option<StoredTable>, Error> {
///         self.reads.fetch_add(1, Ordering::Relaxed);
///         self.inner.get(id).await
///     }
///
///     forward_definition_store! {
///         inner: get_version, find, list, list_versions, count, commit, create, replace,
///         drop_table, history, changes_since, last_sequence, refresh
///     }
/// }
///
/// # futures::executor::block_on(async {
/// let store = Counting::default();
/// assert_eq!(store.get(TableId(1)).await?, None);
/// assert_eq!(store.count().await?, 0);
/// assert_eq!(store.reads.load(Ordering::Relaxed), 1);
/// # Ok::<(), Error>(())
/// # }).unwrap();
/// ```
#[macro_export]
macro_rules! forward_definition_store {
    ($field:ident: $($method:ident),+ $(,)?) => {
        $($crate::forward_definition_store! { @ $method $field })+
    };
    (@ get $field:ident) => {
        $crate::forward_definition_store! {
            # $field get(id: $crate::TableId) -> ::core::option::Option<$crate::StoredTable>
        }
    };
    (@ get_version $field:ident) => {
        $crate::forward_definition_store! {
            # $field get_version(id: $crate::TableId, version: u32)
            -> ::core::option::Option<$crate::StoredTable>
        }
    };
    (@ find $field:ident) => {
        fn find<'life0, 'life1, 'async_trait>(
            &'life0 self,
            name: &'life1 $crate::__private::TableName,
        ) -> $crate::__private::StoreFuture<'async_trait, ::core::option::Option<$crate::TableId>>
        where
            'life0: 'async_trait,
            'life1: 'async_trait,
            Self: 'async_trait,
        {
            self.$field.find(name)
        }
    };
    (@ list $field:ident) => {
        $crate::forward_definition_store! {
            # $field list() -> ::std::vec::Vec<$crate::StoredTable>
        }
    };
    (@ list_versions $field:ident) => {
        $crate::forward_definition_store! {
            # $field list_versions() -> ::std::vec::Vec<$crate::StoredTable>
        }
    };
    (@ count $field:ident) => {
        $crate::forward_definition_store! { # $field count() -> usize }
    };
    (@ commit $field:ident) => {
        $crate::forward_definition_store! {
            # $field commit(changes: ::std::vec::Vec<$crate::TableChange>)
            -> ::std::vec::Vec<$crate::StoredTable>
        }
    };
    (@ create $field:ident) => {
        $crate::forward_definition_store! {
            # $field create(definition: $crate::__private::TableDefinition) -> $crate::StoredTable
        }
    };
    (@ replace $field:ident) => {
        $crate::forward_definition_store! {
            # $field replace(
                id: $crate::TableId,
                expected_version: u32,
                definition: $crate::__private::TableDefinition
            ) -> $crate::StoredTable
        }
    };
    (@ drop_table $field:ident) => {
        $crate::forward_definition_store! {
            # $field drop_table(id: $crate::TableId, expected_version: u32) -> $crate::Sequence
        }
    };
    (@ history $field:ident) => {
        $crate::forward_definition_store! {
            # $field history(id: $crate::TableId) -> ::std::vec::Vec<$crate::StoredTable>
        }
    };
    (@ changes_since $field:ident) => {
        $crate::forward_definition_store! {
            # $field changes_since(sequence: $crate::Sequence)
            -> ::std::vec::Vec<$crate::DefinitionChange>
        }
    };
    (@ last_sequence $field:ident) => {
        $crate::forward_definition_store! { # $field last_sequence() -> $crate::Sequence }
    };
    (@ refresh $field:ident) => {
        $crate::forward_definition_store! { # $field refresh() -> $crate::Sequence }
    };
    // The signature that `async_trait` generates. It expands before macros in the block do, so it
    // does not see the methods that are written here.
    (# $field:ident $method:ident($($argument:ident: $ty:ty),*) -> $output:ty) => {
        fn $method<'life0, 'async_trait>(
            &'life0 self,
            $($argument: $ty),*
        ) -> $crate::__private::StoreFuture<'async_trait, $output>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            self.$field.$method($($argument),*)
        }
    };
}

/// Names for the expansion of the macro.
#[doc(hidden)]
pub mod __private {
    use std::future::Future;
    use std::pin::Pin;

    pub use kalamtable_model::{TableDefinition, TableName};

    use crate::error::Error;

    /// The return type of the methods of a store.
    pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;
}
