// SPDX-License-Identifier: Apache-2.0

//! [`EvolutionRule`]: the rules for the next version of a table, with their verdicts, directions,
//! fixes and fixtures.

use super::declaration::rules;
use super::fixture::Fixture;
use crate::verdict::{Direction, Verdict, Verdicts};

/// Declares the rules: variant, id, name, reason, the verdicts at the levels SOURCE, SQL, WIRE and
/// STORAGE, the direction, and the fix.
macro_rules! evolution_rules {
    ($(
        $rule:ident $id:literal $name:literal
        $why:literal
        [$source:ident $sql:ident $wire:ident $storage:ident] $direction:ident
        $fix:literal
    )*) => {
        rules! {
            /// A rule that the next version of a table can break. The ids continue those of
            /// [`Rule`](crate::Rule).
            EvolutionRule
            $($rule $id $name $why)*
        }

        impl EvolutionRule {
            /// Returns the effect of the change at each level.
            pub const fn verdicts(self) -> Verdicts {
                match self {
                    $(EvolutionRule::$rule => Verdicts {
                        source: Verdict::$source,
                        sql: Verdict::$sql,
                        wire: Verdict::$wire,
                        storage: Verdict::$storage,
                    },)*
                }
            }

            /// Returns the direction in which the rule applies: [`Direction::Full`] if it applies
            /// in both.
            pub const fn direction(self) -> Direction {
                match self { $(EvolutionRule::$rule => Direction::$direction,)* }
            }

            /// Returns the way to make the change without breaking the rule, as one sentence
            /// without a period.
            pub const fn fix(self) -> &'static str {
                match self { $(EvolutionRule::$rule => $fix,)* }
            }

            /// Returns an example of a change that breaks the rule.
            pub fn fixture(self) -> Fixture {
                Fixture::parse(match self {
                    $(EvolutionRule::$rule => include_str!(concat!("fixtures/", $id, ".txt")),)*
                })
            }
        }
    };
}

evolution_rules! {
    KindChanged "KT1001" "kind-changed"
        "the kind decides who owns the rows of a table and where they are stored"
        [Break Break Ok Break] Full
        "create another table with the new kind, and copy the rows"
    PrimaryKeyChanged "KT1002" "primary-key-changed"
        "stored rows are identified and replaced by the key with which they were written"
        [Break Break Ok Break] Full
        "create another table with the new key, and copy the rows"
    UniqueKeyAdded "KT1003" "unique-key-added"
        "existing rows were not checked against the key"
        [Ok Break Ok Break] Backward
        "create another table with the key, and copy the rows"
    TableRemoved "KT1004" "table-removed"
        "queries, clients and stored rows refer to the table"
        [Break Break Break Break] Backward
        "keep the definition, or write `renamed_from` in the definition that replaces it"
    TableRenamed "KT1005" "table-renamed"
        "queries and Rust code refer to the table by its name"
        [Break Break Ok Ok] Backward
        "keep the name, or accept the change when all queries use the new name"
    TableNameReused "KT1006" "table-name-reused"
        "rows of the dropped table would be read as rows of the other one"
        [Ok Warn Warn Break] Backward
        "choose a name that was never used"
    UniqueKeyRemoved "KT1007" "unique-key-removed"
        "queries may rely on each value being unique"
        [Ok Warn Ok Ok] Backward
        "keep the key, or inform the authors of queries"
    OptionChanged "KT1008" "option-changed"
        "the options decide how long rows are kept and who sees them"
        [Ok Warn Ok Ok] Backward
        "inform the users of the table"
    AccessWidened "KT1009" "access-widened"
        "users see rows that were written when they could not see them"
        [Ok Break Ok Ok] Backward
        "keep the access level, or accept the change after a review of the stored rows"
    CommentRemoved "KT1010" "comment-removed"
        "the comment is the documentation that users of the table see"
        [Warn Warn Warn Warn] Backward
        "restore the comment, or write another one"
    RowTypeRenamed "KT1011" "row-type-renamed"
        "Rust code refers to the row type by its name"
        [Break Ok Ok Ok] Backward
        "keep the name with `row`, or change the code that uses it in the same release"

    RemovedNotReserved "KT1101" "removed-not-reserved"
        "old files still contain the values of the dropped column under its id and its name"
        [Break Break Break Break] Backward
        "reserve the id and the name of the column"
    ReserveRemoved "KT1102" "reserve-removed"
        "an id or name stays reserved because old files may exist for an unknown time"
        [Ok Ok Ok Break] Backward
        "restore the entry in `[reserved]`"
    IdReused "KT1103" "id-reused"
        "values in old files under the id would become values of another column"
        [Ok Ok Ok Break] Full
        "choose the next free id"
    IdChanged "KT1104" "id-changed"
        "a column is found by its id, so its old values would be lost under another id"
        [Ok Ok Ok Break] Full
        "restore the id, or choose a name that was never used"
    IdNotAbove "KT1105" "id-not-above"
        "ids increase, so that a free id can be chosen without the whole history"
        [Ok Ok Ok Break] Backward
        "choose the next free id"

    AddedNotNull "KT1201" "added-not-null"
        "existing rows have no value of the column"
        [Ok Break Ok Break] Backward
        "write `nullable = true`, or a literal as `default`"
    AddedWithCall "KT1202" "added-with-call"
        "existing rows need the same value at each read, and a call does not return one"
        [Ok Ok Ok Break] Backward
        "write `nullable = true`, or a literal as `default` that a later version changes to the call"
    NullableToNotNull "KT1203" "nullable-to-not-null"
        "existing rows can contain null in the column"
        [Break Break Break Break] Backward
        "keep `nullable = true`, or add another column"
    TypeChanged "KT1204" "type-changed"
        "existing values have to be values of the type with the same meaning"
        [Break Break Break Break] Backward
        "restore the type, or add another column"
    ColumnRemoved "KT1205" "column-removed"
        "queries, clients and Rust code refer to the column"
        [Break Break Break Ok] Backward
        "keep the column, or accept the change when nothing reads it"
    ColumnRenamed "KT1206" "column-renamed"
        "queries, clients and Rust code refer to the column by its name"
        [Break Break Break Ok] Backward
        "keep the name, or accept the change when everything uses the new name"
    RenameNotDeclared "KT1207" "rename-not-declared"
        "another name for an id can be a rename, or the id of a dropped column by mistake"
        [Warn Warn Warn Warn] Backward
        "write `renamed_from` with the earlier name, or choose the next free id"
    ColumnMoved "KT1208" "column-moved"
        "`SELECT *` and readers that access columns by position see another order"
        [Warn Break Warn Ok] Backward
        "keep the order of the columns"
    ColumnInserted "KT1209" "column-inserted"
        "`SELECT *` and readers that access columns by position see another order"
        [Warn Break Warn Ok] Backward
        "add columns at the end"
    NotNullToNullable "KT1210" "not-null-to-nullable"
        "the row field becomes an `Option`, and clients receive nulls"
        [Break Ok Warn Ok] Backward
        "keep the column not null, or change the code that uses it in the same release"
    DefaultChanged "KT1211" "default-changed"
        "an `INSERT` without the column writes another value"
        [Ok Warn Ok Ok] Backward
        "inform the authors of `INSERT` statements"
    DefaultRemoved "KT1212" "default-removed"
        "an `INSERT` without the column fails"
        [Ok Break Ok Ok] Backward
        "keep the default, or write `nullable = true`"
    TypeWidened "KT1213" "type-widened"
        "the type of the row field and of the Arrow column changes"
        [Break Ok Break Ok] Backward
        "keep the type, or accept the change when all clients read the wider type"
    TypeConverted "KT1214" "type-converted"
        "the values are kept, but operators such as division treat the type differently"
        [Break Warn Break Ok] Backward
        "keep the type, or accept the change when all queries and clients use the new type"
    EnumExtended "KT1215" "enum-extended"
        "a `match` on the Rust enum lacks the label, and clients may not know it"
        [Break Ok Warn Ok] Backward
        "keep the labels, or change the code that uses them in the same release"
    RustTypeChanged "KT1216" "rust-type-changed"
        "Rust code uses the type of the row field"
        [Break Ok Ok Ok] Backward
        "restore `rust` or `unit`, or change the code that uses the field in the same release"
    SourceNameChanged "KT1217" "source-name-changed"
        "files and batches without column ids contain the column under its earlier name"
        [Ok Ok Break Warn] Backward
        "restore `source`"
    RemovedNotDeprecated "KT1218" "removed-not-deprecated"
        "users of a column can prepare only if an earlier version marks it as deprecated"
        [Warn Warn Warn Ok] Backward
        "write `deprecated` in one version, and drop the column in a later one"
    RenamedFromUnknown "KT1219" "renamed-from-unknown"
        "a rename from a name that no earlier version has is a misspelling"
        [Warn Warn Warn Warn] Backward
        "write the earlier name of the column, or delete `renamed_from`"

    ForwardRequired "KT1231" "forward-required"
        "an earlier version needs a value of the column in each row"
        [Ok Ok Break Break] Forward
        "keep writing the column until no server runs the earlier version"
    ForwardNull "KT1232" "forward-null"
        "an earlier version cannot represent null in the column"
        [Ok Ok Break Break] Forward
        "keep the column not null until no server runs the earlier version"
    ForwardType "KT1233" "forward-type"
        "an earlier version can read only values of its own type"
        [Ok Ok Break Break] Forward
        "keep the type until no server runs the earlier version"

    NestedRemoved "KT1301" "nested-removed"
        "readers that access struct fields by position would read another field"
        [Break Break Break Break] Backward
        "keep the field and make it nullable"
    NestedNotAtEnd "KT1302" "nested-not-at-end"
        "readers that access struct fields by position would read another field"
        [Break Break Break Break] Full
        "keep the order of the fields, and add fields at the end"
    NestedAddedNotNull "KT1303" "nested-added-not-null"
        "existing values do not have the field, and a nested field has no default"
        [Break Break Break Break] Backward
        "make the field nullable"
    MapKeyChanged "KT1304" "map-key-changed"
        "different keys could become equal, and lookups could miss existing keys"
        [Break Break Break Break] Full
        "restore the type of the keys, or add another column"
    NestedRenamed "KT1305" "nested-renamed"
        "queries, clients and Rust code refer to the field by its name"
        [Break Break Break Ok] Backward
        "keep the name, or accept the change when everything uses the new name"
    NestedAdded "KT1306" "nested-added"
        "the type of the column changes for Rust code and clients"
        [Break Ok Break Ok] Backward
        "add a column, or accept the change when all code and clients know the field"
}
