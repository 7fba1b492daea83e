// SPDX-License-Identifier: Apache-2.0

//! [`Rule`]: what a definition has to satisfy, each with an id that stays the same for ever.

/// Declares an enum of rules: their order is that of the ids.
macro_rules! rules {
    (
        $(#[doc = $doc:literal])+
        $name:ident
        $($rule:ident $id:literal $kebab:literal $why:literal)*
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $id, "` `", $kebab, "`: ", $why)] $rule,)*
        }

        impl $name {
            /// Every rule, sorted by id.
            pub const ALL: &[$name] = &[$($name::$rule),*];

            /// Its id, `KT` and four digits: never changed, never given to another rule.
            pub const fn id(self) -> &'static str {
                match self { $($name::$rule => $id),* }
            }

            /// Its name in kebab case.
            pub const fn name(self) -> &'static str {
                match self { $($name::$rule => $kebab),* }
            }

            /// Why it exists, in one sentence.
            pub const fn why(self) -> &'static str {
                match self { $($name::$rule => $why),* }
            }
        }
    };
}

pub(crate) use rules;

rules! {
    /// A rule that a definition, or the file it is in, can break.
    Rule
    PathNotFound "KT0001" "path-not-found"
        "a path that was asked for and is not there is a mistake, not an empty schema"
    NoDefinitions "KT0002" "no-definitions"
        "a run over nothing would succeed and hide that the folder is the wrong one"
    FolderNamedLikeFile "KT0003" "folder-named-like-a-file"
        "a folder whose name ends in .toml is not read, and its tables would be missing silently"
    Unreadable "KT0004" "unreadable"
        "a definition that cannot be read cannot be checked"
    NotUtf8 "KT0005" "not-utf8"
        "TOML is UTF-8"
    NulByte "KT0006" "nul-byte"
        "a NUL byte means that the file is binary or was damaged"
    EmptyFile "KT0007" "empty-file"
        "a file without a definition is a definition that got lost"
    FileTooLarge "KT0008" "file-too-large"
        "a build must not run out of memory on a file that is no definition"
    LinkLoop "KT0009" "link-loop"
        "symbolic links that lead back to where they start have no end"
    NotAFile "KT0010" "not-a-file"
        "reading a pipe, a socket or a device would wait for ever"

    UnknownKey "KT0101" "unknown-key"
        "a misspelt key would otherwise be ignored, and what it asked for with it"
    MissingKey "KT0102" "missing-key"
        "a table needs a name and columns, a column an id and a type"
    WrongValueType "KT0103" "wrong-value-type"
        "each key takes one kind of TOML value"
    Syntax "KT0104" "syntax"
        "a definition is TOML"
    DuplicateKey "KT0105" "duplicate-key"
        "TOML allows each key once, and a second column of one name could not be told from the first"
    TooManyColumns "KT0106" "too-many-columns"
        "a table has a bounded number of columns"
    VersionOutOfRange "KT0107" "version-out-of-range"
        "versions count up from 1"
    UnknownKind "KT0108" "unknown-kind"
        "the kind decides whose rows a table holds"
    TextTooLong "KT0109" "text-too-long"
        "comments travel with every schema that is sent"
    UnknownUnit "KT0110" "unknown-unit"
        "a unit that is not known cannot be converted"
    UnitNotAllowed "KT0111" "unit-not-allowed"
        "only timestamps, datetimes and times are counted in units"
    NoColumns "KT0112" "no-columns"
        "a table without columns has no rows"
    TtlMissing "KT0113" "ttl-missing"
        "the rows of a stream live for a time, and nobody else can say for how long"
    TtlOutOfRange "KT0114" "ttl-out-of-range"
        "a row that lives for less than a second is gone before it is read"
    UnknownAccessLevel "KT0115" "unknown-access-level"
        "the access level decides who may read and write a table"
    OptionNotAllowed "KT0116" "option-not-allowed"
        "an option that the kind does not have would be relied on and do nothing"

    InvalidName "KT0201" "invalid-name"
        "names are written without quotes in SQL"
    NameTooLong "KT0202" "name-too-long"
        "names become file names and Rust names, which have limits of their own"
    DuplicateName "KT0203" "duplicate-name"
        "SQL does not tell names apart that differ in case alone"
    NoNamespace "KT0204" "no-namespace"
        "a table belongs to exactly one namespace"
    ReservedName "KT0205" "reserved-name"
        "queries written for a dropped column must not find another one under its name"
    DuplicateReservedName "KT0206" "duplicate-reserved-name"
        "a reserved name is listed once"
    SystemColumn "KT0207" "system-column"
        "the system adds columns of its own to the tables of users and to shared ones"

    IdOutOfRange "KT0301" "id-out-of-range"
        "ids are Parquet field ids, and the largest ones belong to Iceberg"
    DuplicateId "KT0302" "duplicate-id"
        "an id names one column or nested field for ever"
    ReservedId "KT0303" "reserved-id"
        "old files still hold the dropped column's values under its id"
    DuplicateReservedId "KT0304" "duplicate-reserved-id"
        "a reserved id is listed once"
    NestedIdMissing "KT0305" "nested-id-missing"
        "nested fields are renamed and dropped like columns, and are found by id too"

    UnknownType "KT0401" "unknown-type"
        "only types that are known have an Arrow type"
    TypeSyntax "KT0402" "type-syntax"
        "a type is written in one way, so that it can be compared as text"
    TypeParameters "KT0403" "type-parameters"
        "each type takes the parameters it needs and no others"
    DecimalRange "KT0404" "decimal-range"
        "128 bits hold 38 digits"
    LengthOutOfRange "KT0405" "length-out-of-range"
        "a fixed length is part of every value's size"
    NestingTooDeep "KT0406" "nesting-too-deep"
        "a type is walked recursively, by this library and by those that read its files"
    MapKeyType "KT0407" "map-key-type"
        "map keys are looked up by equality, and are never null"
    BadZone "KT0408" "bad-zone"
        "a zone is a name such as Europe/Berlin or an offset such as +01:00"
    ArrowType "KT0409" "arrow-type"
        "what follows arrow: is Arrow's own notation"
    ArrowTypeHasName "KT0410" "arrow-type-has-name"
        "a type is written in one way, so that it can be compared as text"

    DefaultType "KT0501" "default-type"
        "a default is a value of its column"
    DefaultOutOfRange "KT0502" "default-out-of-range"
        "a default that the column cannot hold would fail every insert"
    UnknownFunction "KT0503" "unknown-function"
        "a default can call only what the server can compute without a query"
    FunctionType "KT0504" "function-type"
        "a function's result has to be a value of the column"
    DefaultOnKey "KT0505" "default-on-key"
        "rows that share the default could not be told apart"
    DefaultNotAllowed "KT0506" "default-not-allowed"
        "values of this type cannot be written in TOML"
    DefaultMalformed "KT0507" "default-malformed"
        "the text of a default has to be a value of the column's type"
    DefaultNotALabel "KT0508" "default-not-a-label"
        "an enum holds its labels and nothing else"
    DefaultNotExact "KT0509" "default-not-exact"
        "a default is never rounded"

    NoKey "KT0601" "no-key"
        "a table without a key is a decision that has to be visible"
    KeyAndNoKey "KT0602" "key-and-no-key"
        "a table has a primary key or it has none"
    EmptyKey "KT0603" "empty-key"
        "a key of no columns allows one row"
    EmptyReason "KT0604" "empty-reason"
        "a table without a key is a decision that has to be explained"
    KeyColumnUnknown "KT0605" "key-column-unknown"
        "a key is made of the table's own columns"
    KeyColumnTwice "KT0606" "key-column-twice"
        "naming a column twice adds nothing to a key"
    KeyColumnNullable "KT0607" "key-column-nullable"
        "null equals nothing, not even itself"
    KeyColumnType "KT0608" "key-column-type"
        "keys are compared, and not every type has an equality that can be relied on"
    NoUniqueKeys "KT0609" "no-unique-keys"
        "a list of no keys reads as if the table had some"
    RedundantUniqueKey "KT0610" "redundant-unique-key"
        "each unique key is looked up for every row that is written, and a second one on the same columns refuses no other rows"
    TooManyUniqueKeys "KT0611" "too-many-unique-keys"
        "each unique key is looked up for every row that is written"

    EnumEmpty "KT0701" "enum-empty"
        "a closed set of nothing has no values"
    EnumDuplicateLabel "KT0702" "enum-duplicate-label"
        "each label is one value"
    EnumEmptyLabel "KT0703" "enum-empty-label"
        "an empty label is no word for anything, null is"
    EnumVariantClash "KT0704" "enum-variant-clash"
        "each label becomes a variant of a Rust enum"
    EnumLabelWithoutName "KT0705" "enum-label-without-name"
        "each label becomes a variant of a Rust enum"
    EnumTooLarge "KT0706" "enum-too-large"
        "a closed set is checked label by label"

    RustFieldClash "KT0801" "rust-field-clash"
        "each column is a field of one Rust struct"
    RustNameImpossible "KT0802" "rust-name-impossible"
        "Rust has names that cannot be used even in raw form"
    RustTypeName "KT0803" "rust-type-name"
        "the name of a type to generate is an identifier in CamelCase"
    RustPath "KT0804" "rust-path"
        "the Rust type of a column is a path to a type that exists"
    RustTypeClash "KT0805" "rust-type-clash"
        "the types of one table are generated into one module"
    EnumShared "KT0806" "enum-shared"
        "columns can share a Rust enum only if they have the same labels"

    DuplicateTable "KT0901" "duplicate-table"
        "a table is described once"
    ModuleClash "KT0902" "module-clash"
        "each table is generated into a module of its own"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EvolutionRule;

    #[test]
    fn ids_are_sorted_and_names_unique() {
        let rules = Rule::ALL.iter().map(|rule| (rule.id(), rule.name()));
        let of_evolution = EvolutionRule::ALL.iter();
        let of_evolution = of_evolution.map(|rule| (rule.id(), rule.name()));
        let (ids, mut names): (Vec<_>, Vec<_>) = rules.chain(of_evolution).unzip();
        assert!(ids.is_sorted_by(|a, b| a < b));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ids.len());
    }
}
