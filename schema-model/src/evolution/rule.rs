// SPDX-License-Identifier: Apache-2.0

//! [`EvolutionRule`]: what the next version of a table has to satisfy.

use crate::rule::rules;

rules! {
    /// A rule that the next version of a table can break. Ids go on from those of [`Rule`](crate::Rule).
    EvolutionRule
    KindChanged "KT1001" "kind-changed"
        "the kind decides whose rows a table holds and where they are kept"
    PrimaryKeyChanged "KT1002" "primary-key-changed"
        "stored rows are told apart, and replaced, by the key they were written with"
    UniqueKeyAdded "KT1003" "unique-key-added"
        "rows that were written before were not held to it"

    RemovedNotReserved "KT1101" "removed-not-reserved"
        "old files still hold the dropped column's values, under its id and its name"
    ReserveRemoved "KT1102" "reserve-removed"
        "what is reserved stays so for as long as there may be old files, and nobody knows how long that is"
    IdReused "KT1103" "id-reused"
        "values that old files hold under an id would become values of another column"
    IdChanged "KT1104" "id-changed"
        "a column is found by its id, so that under another one its old values are lost"
    IdNotAbove "KT1105" "id-not-above"
        "ids grow, so that nobody has to know a whole history to choose a free one"

    AddedNotNull "KT1201" "added-not-null"
        "rows that were written before have no value of the column"
    AddedWithCall "KT1202" "added-with-call"
        "rows that were written before need the same value each time that they are read"
    NullableToNotNull "KT1203" "nullable-to-not-null"
        "rows that were written before can have a null there"
    TypeChanged "KT1204" "type-changed"
        "values that were written before have to be values of the type, and mean the same"

    NestedRemoved "KT1301" "nested-removed"
        "readers that take struct fields by position would take one for another"
    NestedNotAtEnd "KT1302" "nested-not-at-end"
        "readers that take struct fields by position would take one for another"
    NestedAddedNotNull "KT1303" "nested-added-not-null"
        "values that were written before do not have the field, and a nested field has no default"
    MapKeyChanged "KT1304" "map-key-changed"
        "keys that differed could become equal, and others could no longer be found"
}
