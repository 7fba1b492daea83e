// SPDX-License-Identifier: Apache-2.0

//! [`Rule`]: the rules for definitions, and their [`Severity`]. The ids of rules never change.

/// Declares an enum of rules in the order of their ids: variant, id, name and reason.
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
            /// All rules in the order of their ids.
            pub const ALL: &[$name] = &[$($name::$rule),*];

            /// Returns the id, `KT` and four digits. It never changes and is never reused.
            pub const fn id(self) -> &'static str {
                match self { $($name::$rule => $id),* }
            }

            /// Returns the name in kebab case.
            pub const fn name(self) -> &'static str {
                match self { $($name::$rule => $kebab),* }
            }

            /// Returns the reason for the rule, in one sentence.
            pub const fn why(self) -> &'static str {
                match self { $($name::$rule => $why),* }
            }
        }
    };
}

pub(crate) use rules;

rules! {
    /// A rule that a definition or its file can break.
    Rule
    PathNotFound "KT0001" "path-not-found"
        "a missing path is a mistake, not an empty schema"
    NoDefinitions "KT0002" "no-definitions"
        "a run without definitions would succeed and hide a wrong path"
    FolderNamedLikeFile "KT0003" "folder-named-like-a-file"
        "a folder whose name ends in .toml is not read, so its tables would be missing silently"
    Unreadable "KT0004" "unreadable"
        "a definition that cannot be read cannot be checked"
    NotUtf8 "KT0005" "not-utf8"
        "TOML files are UTF-8"
    NulByte "KT0006" "nul-byte"
        "a NUL byte means that the file is binary or was damaged"
    EmptyFile "KT0007" "empty-file"
        "a file without a definition is probably damaged"
    FileTooLarge "KT0008" "file-too-large"
        "a build must not run out of memory on a file that is not a definition"
    LinkLoop "KT0009" "link-loop"
        "a traversal of symbolic links that form a loop does not end"
    NotAFile "KT0010" "not-a-file"
        "reading a pipe, a socket or a device could block forever"

    UnknownKey "KT0101" "unknown-key"
        "a misspelt key would otherwise be ignored silently"
    MissingKey "KT0102" "missing-key"
        "a table needs a name and columns, and a column needs an id and a type"
    WrongValueType "KT0103" "wrong-value-type"
        "each key takes one type of TOML value"
    Syntax "KT0104" "syntax"
        "a definition is valid TOML"
    DuplicateKey "KT0105" "duplicate-key"
        "TOML allows each key once, and column names are unique"
    TooManyColumns "KT0106" "too-many-columns"
        "the number of columns of a table is limited"
    VersionOutOfRange "KT0107" "version-out-of-range"
        "versions are numbered from 1"
    UnknownKind "KT0108" "unknown-kind"
        "the kind decides who owns the rows of a table"
    TextTooLong "KT0109" "text-too-long"
        "comments are part of every schema that is sent"
    UnknownUnit "KT0110" "unknown-unit"
        "values in an unknown unit cannot be converted"
    UnitNotAllowed "KT0111" "unit-not-allowed"
        "only timestamps, datetimes and times have a unit"
    NoColumns "KT0112" "no-columns"
        "a table without columns cannot store rows"
    TtlMissing "KT0113" "ttl-missing"
        "the rows of a stream expire, and only the definition can state when"
    TtlOutOfRange "KT0114" "ttl-out-of-range"
        "a row with a time-to-live below one second would expire before it is read"
    UnknownAccessLevel "KT0115" "unknown-access-level"
        "the access level decides who may read and write a table"
    OptionNotAllowed "KT0116" "option-not-allowed"
        "an option that the kind does not have would have no effect"
    ControlCharacter "KT0117" "control-character"
        "a control character changes how terminals, editors and compilers read the text around it"

    InvalidName "KT0201" "invalid-name"
        "names are written without quotes in SQL"
    NameTooLong "KT0202" "name-too-long"
        "names become file names and Rust names, whose length is limited"
    DuplicateName "KT0203" "duplicate-name"
        "SQL ignores case, so names that differ only in case are equal"
    NoNamespace "KT0204" "no-namespace"
        "a table belongs to exactly one namespace"
    ReservedName "KT0205" "reserved-name"
        "queries for a dropped column must not find another column of the same name"
    DuplicateReservedName "KT0206" "duplicate-reserved-name"
        "a reserved name is listed once"
    SystemColumn "KT0207" "system-column"
        "the system adds its own columns to user and shared tables"
    ReservedTableName "KT0208" "reserved-table-name"
        "queries would find another table under the same name"
    NameNeedsQuotes "KT0209" "name-needs-quotes"
        "SQL reads keywords as syntax, and unquoted names in lower case"
    InvalidSource "KT0210" "invalid-source"
        "a column of a file has a name, and reports repeat it"
    DuplicateSource "KT0211" "duplicate-source"
        "a column that is read from the column of another one would silently have its values"

    IdOutOfRange "KT0301" "id-out-of-range"
        "ids are Parquet field ids, and Iceberg reserves the largest ones"
    DuplicateId "KT0302" "duplicate-id"
        "an id identifies one column or nested field permanently"
    ReservedId "KT0303" "reserved-id"
        "old files still contain the values of the dropped column under its id"
    DuplicateReservedId "KT0304" "duplicate-reserved-id"
        "a reserved id is listed once"
    NestedIdMissing "KT0305" "nested-id-missing"
        "nested fields can be renamed and dropped like columns, so they are found by id too"

    UnknownType "KT0401" "unknown-type"
        "only known types have an Arrow type"
    TypeSyntax "KT0402" "type-syntax"
        "each type has one notation, so that types can be compared as text"
    TypeParameters "KT0403" "type-parameters"
        "each type takes a fixed set of parameters"
    DecimalRange "KT0404" "decimal-range"
        "a decimal of 128 bits has at most 38 digits"
    LengthOutOfRange "KT0405" "length-out-of-range"
        "a fixed length determines the size of every value"
    NestingTooDeep "KT0406" "nesting-too-deep"
        "types are processed recursively, by this library and by the readers of its files"
    MapKeyType "KT0407" "map-key-type"
        "map keys are looked up by equality and cannot be null"
    BadZone "KT0408" "bad-zone"
        "a query parses the zone whenever it shows a value of the column"
    ArrowType "KT0409" "arrow-type"
        "the text after arrow: is in the notation of Arrow"
    ArrowTypeHasName "KT0410" "arrow-type-has-name"
        "each type has one notation, so that types can be compared as text"

    DefaultType "KT0501" "default-type"
        "a default is a value of its column"
    DefaultOutOfRange "KT0502" "default-out-of-range"
        "a default that the column cannot represent would fail every insert"
    UnknownFunction "KT0503" "unknown-function"
        "a default can call only functions that the server computes without a query"
    FunctionType "KT0504" "function-type"
        "the result of the function has to be a value of the column"
    DefaultOnKey "KT0505" "default-on-key"
        "rows with the same default would have the same key"
    DefaultNotAllowed "KT0506" "default-not-allowed"
        "values of the type cannot be written in TOML"
    DefaultMalformed "KT0507" "default-malformed"
        "the text of a default has to be a value of the type of the column"
    DefaultNotALabel "KT0508" "default-not-a-label"
        "the values of an enum are its labels"
    DefaultNotExact "KT0509" "default-not-exact"
        "a default is never rounded"

    NoKey "KT0601" "no-key"
        "a table without a key is a decision that has to be explicit"
    KeyAndNoKey "KT0602" "key-and-no-key"
        "a table either has a primary key or a reason for having none"
    EmptyKey "KT0603" "empty-key"
        "a key without columns allows only one row"
    EmptyReason "KT0604" "empty-reason"
        "a table without a key is a decision that has to be explained"
    KeyColumnUnknown "KT0605" "key-column-unknown"
        "a key consists of columns of the table"
    KeyColumnTwice "KT0606" "key-column-twice"
        "a repeated column does not change a key"
    KeyColumnNullable "KT0607" "key-column-nullable"
        "null is not equal to any value, not even to null"
    KeyColumnType "KT0608" "key-column-type"
        "keys are compared, and not every type has a reliable equality"
    NoUniqueKeys "KT0609" "no-unique-keys"
        "an empty list of keys suggests that the table has unique keys"
    RedundantUniqueKey "KT0610" "redundant-unique-key"
        "each unique key is looked up for every row that is written, and a second key on the same columns rejects the same rows"
    TooManyUniqueKeys "KT0611" "too-many-unique-keys"
        "each unique key is looked up for every row that is written"

    EnumEmpty "KT0701" "enum-empty"
        "an enum without labels has no values"
    EnumDuplicateLabel "KT0702" "enum-duplicate-label"
        "each label is a distinct value"
    EnumEmptyLabel "KT0703" "enum-empty-label"
        "an empty label has no meaning, and a missing value is null"
    EnumVariantClash "KT0704" "enum-variant-clash"
        "each label becomes a variant of a Rust enum"
    EnumLabelWithoutName "KT0705" "enum-label-without-name"
        "each label becomes a variant of a Rust enum"
    EnumTooLarge "KT0706" "enum-too-large"
        "each value is compared with the labels"
    VariantsNotAllowed "KT0707" "variants-not-allowed"
        "names of variants have no effect where no enum is generated"
    VariantOfNoLabel "KT0708" "variant-of-no-label"
        "a misspelt label would otherwise be ignored silently"
    VariantName "KT0709" "variant-name"
        "the name of a variant is an identifier in CamelCase"

    RustFieldClash "KT0801" "rust-field-clash"
        "each column is a field of one Rust struct"
    RustNameImpossible "KT0802" "rust-name-impossible"
        "some Rust keywords cannot be raw identifiers"
    RustTypeName "KT0803" "rust-type-name"
        "the name of a generated type is an identifier in CamelCase"
    RustPath "KT0804" "rust-path"
        "the Rust type of a column is the path of an existing type"
    RustTypeClash "KT0805" "rust-type-clash"
        "all types of a table are generated into one module"
    EnumShared "KT0806" "enum-shared"
        "columns can share a Rust enum only if their labels are equal"

    DuplicateTable "KT0901" "duplicate-table"
        "a table has one definition"
    ModuleClash "KT0902" "module-clash"
        "each table is generated into its own module"
}

/// The consequence of breaking a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The definition is valid, but its users should know about the problem.
    Warning,
    /// The definition is invalid.
    Error,
}

impl Rule {
    /// Returns the consequence of breaking the rule.
    pub const fn severity(self) -> Severity {
        match self {
            Rule::NameNeedsQuotes => Severity::Warning,
            _ => Severity::Error,
        }
    }
}
