// SPDX-License-Identifier: Apache-2.0

//! [`EvolutionRule`]: the rules for the next version of a table.

use crate::rule::rules;

rules! {
    /// A rule that the next version of a table can break. The ids continue those of
    /// [`Rule`](crate::Rule).
    EvolutionRule
    KindChanged "KT1001" "kind-changed"
        "the kind decides who owns the rows of a table and where they are stored"
    PrimaryKeyChanged "KT1002" "primary-key-changed"
        "stored rows are identified and replaced by the key with which they were written"
    UniqueKeyAdded "KT1003" "unique-key-added"
        "existing rows were not checked against the key"

    RemovedNotReserved "KT1101" "removed-not-reserved"
        "old files still contain the values of the dropped column under its id and its name"
    ReserveRemoved "KT1102" "reserve-removed"
        "an id or name stays reserved because old files may exist for an unknown time"
    IdReused "KT1103" "id-reused"
        "values in old files under the id would become values of another column"
    IdChanged "KT1104" "id-changed"
        "a column is found by its id, so its old values would be lost under another id"
    IdNotAbove "KT1105" "id-not-above"
        "ids increase, so that a free id can be chosen without the whole history"

    AddedNotNull "KT1201" "added-not-null"
        "existing rows have no value of the column"
    AddedWithCall "KT1202" "added-with-call"
        "existing rows need the same value at each read, and a call does not return one"
    NullableToNotNull "KT1203" "nullable-to-not-null"
        "existing rows can contain null in the column"
    TypeChanged "KT1204" "type-changed"
        "existing values have to be values of the type with the same meaning"

    NestedRemoved "KT1301" "nested-removed"
        "readers that access struct fields by position would read another field"
    NestedNotAtEnd "KT1302" "nested-not-at-end"
        "readers that access struct fields by position would read another field"
    NestedAddedNotNull "KT1303" "nested-added-not-null"
        "existing values do not have the field, and a nested field has no default"
    MapKeyChanged "KT1304" "map-key-changed"
        "different keys could become equal, and lookups could miss existing keys"
}
