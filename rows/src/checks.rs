// SPDX-License-Identifier: Apache-2.0

//! Checks of a derived definition that the compiler evaluates as constants, because only the
//! compiler knows the column types of the Rust types. Generated code calls them.
//!
//! The rules are rules of the model: `tests/const_checks.rs` compares both on random types.

use kalamtable_model::{
    Column, ColumnType, Literal, MAX_ID, MIN_ID, NestedField, Shared, TableDefinition, limits,
};

/// Runs a block for each element of a slice; `for` does not exist in constant functions.
macro_rules! for_each {
    (($index:ident, $item:ident) in $slice:expr => $body:block) => {
        let slice = $slice;
        let mut $index = 0;
        while $index < slice.len() {
            let $item = &slice[$index];
            $body
            $index += 1;
        }
    };
    ($item:ident in $slice:expr => $body:block) => {
        for_each!((index, $item) in $slice => $body);
    };
}

/// Checks that a column of type `ty` can be part of a key.
///
/// # Panics
/// With `message` if it cannot.
#[track_caller]
pub const fn assert_key(ty: &ColumnType, message: &'static str) {
    if !ty.is_key_type() {
        panic!("{}", message);
    }
}

/// Checks that a literal is a value of type `ty`.
///
/// # Panics
/// With `message` if it is not.
#[track_caller]
pub const fn assert_default(ty: &ColumnType, default: &Literal, message: &'static str) {
    if !is_literal_of(ty, default) {
        panic!("{}", message);
    }
}

const fn is_literal_of(ty: &ColumnType, literal: &Literal) -> bool {
    match (ty, literal) {
        (ColumnType::Boolean, Literal::Boolean(_))
        | (ColumnType::Float | ColumnType::Double, Literal::Float(_))
        | (ColumnType::Text, Literal::Text(_)) => true,
        (ColumnType::Enum(labels), Literal::Text(label)) => {
            has_label(as_static(labels), as_static(label))
        }
        (ty, Literal::Integer(value)) => match ty.integer_range() {
            Some((min, max)) => min <= *value && *value <= max,
            None => false,
        },
        _ => false,
    }
}

/// Checks that a column of type `declared` can hold the values of a Rust type whose default column
/// type is `default`.
///
/// # Panics
/// With `message` if it cannot.
#[track_caller]
pub const fn assert_holds(default: &ColumnType, declared: &ColumnType, message: &'static str) {
    if !holds(default, declared) {
        panic!("{}", message);
    }
}

/// Checks that a definition may have the column type of a Rust type, including nested types.
///
/// # Panics
/// With `message` if it may not.
#[track_caller]
pub const fn assert_type(ty: &ColumnType, message: &'static str) {
    if !is_valid(ty, 1) {
        panic!("{}", message);
    }
}

/// Returns whether a type satisfies the rules that Rust types can break: nesting, lengths, map keys
/// and the range of nested ids. `depth` is 1 for the type of the column.
const fn is_valid(ty: &ColumnType, depth: usize) -> bool {
    if depth > limits::NESTING {
        return false;
    }
    match ty {
        // The type of a decimal without digits: the column must state them.
        ColumnType::Decimal { precision: 0, .. } => false,
        ColumnType::FixedBytes(length) => is_length(*length, limits::FIXED_BYTES),
        ColumnType::Embedding(length) => is_length(*length, limits::EMBEDDING),
        ColumnType::List(item) => is_valid_field(as_static(item), depth),
        ColumnType::Map(fields) => {
            let fields = as_static(fields);
            fields.key.ty.is_key_type()
                && is_valid_field(&fields.key, depth)
                && is_valid_field(&fields.value, depth)
        }
        ColumnType::Struct(fields) => {
            for_each!(field in as_static(fields) => {
                if !is_valid_field(field, depth) {
                    return false;
                }
            });
            true
        }
        _ => true,
    }
}

const fn is_valid_field(field: &NestedField, depth: usize) -> bool {
    MIN_ID <= field.id && field.id <= MAX_ID && is_valid(&field.ty, depth + 1)
}

const fn is_length(length: u32, max: u32) -> bool {
    1 <= length && length <= max
}

/// Checks the ids inside the column with id `column`: none of them is the id of a column, is
/// reserved, or occurs a second time inside this column or a previous one. The check of the
/// definition has compared the ids of the columns themselves.
///
/// # Panics
/// With `message` if one of them is.
#[track_caller]
pub const fn assert_unique_ids(definition: &TableDefinition, column: i32, message: &'static str) {
    for_each!((position, candidate) in as_static(&definition.parts().columns) => {
        if candidate.id == column && !are_unique(&candidate.ty, definition, position) {
            panic!("{}", message);
        }
    });
}

/// Checks the columns that a flattened field adds to a definition: no other column has one of their
/// names, ignoring case, one of their sources or one of their ids, and neither names nor ids are
/// reserved.
///
/// # Panics
/// With `message` if a name, a source or an id is not unique; and if the table has too many
/// columns, or ids that are out of range.
#[track_caller]
pub const fn assert_flattened(
    definition: &TableDefinition,
    added: &[Column],
    message: &'static str,
) {
    let parts = definition.parts();
    let columns = as_static(&parts.columns);
    assert!(
        columns.len() <= limits::COLUMNS,
        "the table has more columns than `kalamtable_model::limits::COLUMNS`"
    );
    for_each!(column in added => {
        let name = as_static(&column.name);
        let mut count = 0;
        for_each!(reserved in as_static(&parts.reserved.names) => {
            count += name.eq_ignore_ascii_case(as_static(reserved)) as usize;
        });
        for_each!(system in parts.kind.system_columns() => {
            count += name.eq_ignore_ascii_case(as_static(&system.name)) as usize;
        });
        for_each!((position, other) in columns => {
            if name.eq_ignore_ascii_case(as_static(&other.name)) {
                count += 1;
                if !is_unique(other.id, definition, columns.len())
                    || !are_unique(&other.ty, definition, position)
                {
                    panic!("{}", message);
                }
                assert!(
                    MIN_ID <= other.id && other.id <= MAX_ID && is_valid(&other.ty, 1),
                    "the ids of a flattened struct exceed the largest id"
                );
            } else if have_same_source(column, other) {
                panic!("{}", message);
            }
        });
        if count != 1 {
            panic!("{}", message);
        }
    });
}

/// Returns whether a column of a file could be either of two columns with different names.
const fn have_same_source(a: &Column, b: &Column) -> bool {
    match (&a.source, &b.source) {
        (Some(source), _) if is_same(as_static(source), as_static(&b.name)) => true,
        (_, Some(source)) if is_same(as_static(source), as_static(&a.name)) => true,
        (Some(a), Some(b)) => is_same(as_static(a), as_static(b)),
        _ => false,
    }
}

/// Returns whether every id inside `ty`, the type of the column at `position`, is unique.
const fn are_unique(ty: &ColumnType, definition: &TableDefinition, position: usize) -> bool {
    match ty {
        ColumnType::List(item) => is_unique_field(as_static(item), definition, position),
        ColumnType::Map(fields) => {
            let fields = as_static(fields);
            is_unique_field(&fields.key, definition, position)
                && is_unique_field(&fields.value, definition, position)
        }
        ColumnType::Struct(fields) => {
            for_each!(field in as_static(fields) => {
                if !is_unique_field(field, definition, position) {
                    return false;
                }
            });
            true
        }
        _ => true,
    }
}

const fn is_unique_field(
    field: &NestedField,
    definition: &TableDefinition,
    position: usize,
) -> bool {
    is_unique(field.id, definition, position) && are_unique(&field.ty, definition, position)
}

/// Returns whether `id` is not reserved, and occurs once among the ids of all columns and the ids
/// inside the columns up to `position`.
const fn is_unique(id: i32, definition: &TableDefinition, position: usize) -> bool {
    let parts = definition.parts();
    let mut count = 0;
    for_each!(reserved in as_static(&parts.reserved.ids) => {
        count += (*reserved == id) as usize;
    });
    for_each!((index, column) in as_static(&parts.columns) => {
        count += (column.id == id) as usize;
        if index <= position {
            count += count_in(&column.ty, id);
        }
    });
    count == 1
}

/// Returns how often `id` occurs inside a type.
const fn count_in(ty: &ColumnType, id: i32) -> usize {
    match ty {
        ColumnType::List(item) => count_in_field(as_static(item), id),
        ColumnType::Map(fields) => {
            let fields = as_static(fields);
            count_in_field(&fields.key, id) + count_in_field(&fields.value, id)
        }
        ColumnType::Struct(fields) => {
            let mut count = 0;
            for_each!(field in as_static(fields) => {
                count += count_in_field(field, id);
            });
            count
        }
        _ => 0,
    }
}

const fn count_in_field(field: &NestedField, id: i32) -> usize {
    (field.id == id) as usize + count_in(&field.ty, id)
}

/// Returns whether a column of type `declared` can hold the values of a Rust type whose default
/// column type is `default`. Ids are not compared: they belong to the declared type.
const fn holds(default: &ColumnType, declared: &ColumnType) -> bool {
    match (default, declared) {
        (ColumnType::Boolean, ColumnType::Boolean)
        | (ColumnType::TinyInt, ColumnType::TinyInt)
        | (ColumnType::SmallInt, ColumnType::SmallInt)
        | (ColumnType::Int, ColumnType::Int)
        | (ColumnType::BigInt, ColumnType::BigInt)
        | (ColumnType::UTinyInt, ColumnType::UTinyInt)
        | (ColumnType::USmallInt, ColumnType::USmallInt)
        | (ColumnType::UInt, ColumnType::UInt)
        | (ColumnType::UBigInt, ColumnType::UBigInt)
        | (ColumnType::Float, ColumnType::Float)
        | (ColumnType::Double, ColumnType::Double)
        | (ColumnType::Bytes, ColumnType::Bytes)
        | (ColumnType::Date, ColumnType::Date)
        | (ColumnType::Time, ColumnType::Time)
        | (ColumnType::Interval, ColumnType::Interval)
        | (ColumnType::Uuid, ColumnType::Uuid)
        | (ColumnType::Text, ColumnType::Text | ColumnType::Json | ColumnType::File)
        | (ColumnType::Json, ColumnType::Json)
        | (ColumnType::File, ColumnType::File)
        // Another unit requires a checked conversion, and the zone belongs to the column.
        | (
            ColumnType::Timestamp { .. } | ColumnType::DateTime,
            ColumnType::Timestamp { .. } | ColumnType::DateTime,
        ) => true,
        (
            ColumnType::Decimal { precision, scale },
            ColumnType::Decimal {
                precision: declared_precision,
                scale: declared_scale,
            },
        ) => {
            let has_no_digits = *precision == 0;
            has_no_digits || *precision == *declared_precision && *scale == *declared_scale
        }
        (ColumnType::FixedBytes(length), ColumnType::FixedBytes(declared))
        | (ColumnType::Embedding(length), ColumnType::Embedding(declared)) => *length == *declared,
        (ColumnType::Enum(labels), ColumnType::Enum(declared)) => {
            are_same_labels(as_static(labels), as_static(declared))
        }
        (ColumnType::List(item), ColumnType::List(declared)) => {
            holds_in(as_static(item), as_static(declared))
        }
        (ColumnType::List(item), ColumnType::Embedding(_)) => {
            let item = as_static(item);
            matches!(item.ty, ColumnType::Float) && !item.nullable
        }
        (ColumnType::Map(fields), ColumnType::Map(declared)) => {
            let (fields, declared) = (as_static(fields), as_static(declared));
            holds_in(&fields.key, &declared.key) && holds_in(&fields.value, &declared.value)
        }
        (ColumnType::Struct(fields), ColumnType::Struct(declared)) => {
            let (fields, declared) = (as_static(fields), as_static(declared));
            if fields.len() != declared.len() {
                return false;
            }
            for_each!((position, field) in fields => {
                let declared = &declared[position];
                let has_name = is_same(as_static(&field.name), as_static(&declared.name));
                if !has_name || !holds_in(field, declared) {
                    return false;
                }
            });
            true
        }
        _ => false,
    }
}

const fn holds_in(default: &NestedField, declared: &NestedField) -> bool {
    default.nullable == declared.nullable && holds(&default.ty, &declared.ty)
}

const fn are_same_labels(a: &[Shared<str>], b: &[Shared<str>]) -> bool {
    for_each!(label in a => {
        if !has_label(b, as_static(label)) {
            return false;
        }
    });
    // The labels of a set are distinct.
    a.len() == b.len()
}

const fn has_label(labels: &[Shared<str>], label: &str) -> bool {
    for_each!(candidate in labels => {
        if is_same(as_static(candidate), label) {
            return true;
        }
    });
    false
}

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    for_each!((index, byte) in a => {
        if *byte != b[index] {
            return false;
        }
    });
    true
}

/// Returns the value that a constant shares.
const fn as_static<T: ?Sized>(shared: &Shared<T>) -> &T {
    match shared {
        Shared::Static(value) => value,
        Shared::Counted(_) => panic!("a constant cannot be reference-counted"),
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use kalamtable_model::MapFields;

    use super::*;
    use crate::column_type::OPEN_DECIMAL;

    const fn field(id: i32, name: &'static str, ty: ColumnType) -> NestedField {
        NestedField {
            id,
            name: Shared::Static(name),
            ty,
            nullable: false,
        }
    }

    fn list(id: i32, ty: ColumnType) -> ColumnType {
        static_list(field(id, "item", ty))
    }

    fn static_list(item: NestedField) -> ColumnType {
        ColumnType::List(Shared::Static(Box::leak(Box::new(item))))
    }

    fn map(key: ColumnType) -> ColumnType {
        let fields = MapFields {
            key: field(1, "key", key),
            value: field(2, "value", ColumnType::Int),
        };
        ColumnType::Map(Shared::Static(Box::leak(Box::new(fields))))
    }

    fn set(labels: &'static [Shared<str>]) -> ColumnType {
        ColumnType::Enum(Shared::Static(labels))
    }

    fn decimal(precision: u8, scale: u8) -> ColumnType {
        ColumnType::Decimal { precision, scale }
    }

    const NEW_DONE: &[Shared<str>] = &[Shared::Static("new"), Shared::Static("done")];
    const DONE_NEW: &[Shared<str>] = &[Shared::Static("done"), Shared::Static("new")];
    const DONE_LOST: &[Shared<str>] = &[Shared::Static("done"), Shared::Static("lost")];

    /// Returns whether a check panics; its message must be `message`.
    fn fails(check: impl FnOnce() + std::panic::UnwindSafe) -> bool {
        match catch_unwind(check) {
            Ok(()) => false,
            Err(panic) => {
                let message = panic.downcast_ref::<String>().map(String::as_str);
                let message = message.or(panic.downcast_ref::<&str>().copied());
                assert_eq!(message, Some("message"));
                true
            }
        }
    }

    #[test]
    fn keys() {
        assert!(!fails(|| assert_key(&ColumnType::Text, "message")));
        assert!(fails(|| assert_key(&ColumnType::Double, "message")));
    }

    #[test]
    fn defaults() {
        let fits = |ty: ColumnType, literal: Literal| {
            !fails(move || assert_default(&ty, &literal, "message"))
        };
        let text = |text: &'static str| Literal::Text(Shared::Static(text));
        assert!(fits(ColumnType::TinyInt, Literal::Integer(-128)));
        assert!(!fits(ColumnType::TinyInt, Literal::Integer(128)));
        assert!(fits(
            ColumnType::UBigInt,
            Literal::Integer(u64::MAX as i128)
        ));
        assert!(!fits(ColumnType::UBigInt, Literal::Integer(-1)));
        assert!(fits(ColumnType::Boolean, Literal::Boolean(true)));
        assert!(!fits(ColumnType::Boolean, Literal::Integer(1)));
        assert!(fits(set(NEW_DONE), text("done")));
        assert!(!fits(set(NEW_DONE), text("don")));
        assert!(!fits(ColumnType::Uuid, text("done")));
    }

    #[test]
    fn types_that_hold_others() {
        let holds = |default: ColumnType, declared: ColumnType| {
            !fails(move || assert_holds(&default, &declared, "message"))
        };
        assert!(holds(ColumnType::Text, ColumnType::Json));
        assert!(!holds(ColumnType::Json, ColumnType::Text));
        assert!(holds(set(NEW_DONE), set(DONE_NEW)));
        assert!(!holds(set(NEW_DONE), set(DONE_LOST)));
        assert!(!holds(set(NEW_DONE), ColumnType::Text));
        // Ids belong to the declared type.
        assert!(holds(list(1, ColumnType::Int), list(9, ColumnType::Int)));
        assert!(!holds(
            list(1, ColumnType::Int),
            list(1, ColumnType::BigInt)
        ));
        assert!(holds(list(1, ColumnType::Float), ColumnType::Embedding(3)));
        assert!(!holds(ColumnType::Embedding(2), ColumnType::Embedding(3)));
        assert!(holds(decimal(10, 2), decimal(10, 2)));
        assert!(!holds(decimal(10, 2), decimal(10, 3)));
        assert!(holds(OPEN_DECIMAL, decimal(10, 2)));
        assert!(holds(list(1, OPEN_DECIMAL), list(9, decimal(38, 0))));
        assert!(!holds(OPEN_DECIMAL, ColumnType::Double));
    }

    #[test]
    fn types_a_definition_may_have() {
        let valid = |ty: ColumnType| !fails(move || assert_type(&ty, "message"));
        assert!(valid(map(ColumnType::Text)));
        assert!(!valid(map(ColumnType::Float)));
        assert!(!valid(list(0, ColumnType::Int)));
        assert!(!valid(list(1, map(ColumnType::Json))));
        assert!(valid(ColumnType::Embedding(limits::EMBEDDING)));
        assert!(!valid(ColumnType::Embedding(limits::EMBEDDING + 1)));
        assert!(!valid(ColumnType::FixedBytes(0)));
        assert!(valid(decimal(38, 0)));
        assert!(!valid(OPEN_DECIMAL));
        assert!(!valid(list(1, OPEN_DECIMAL)));
        let mut deep = ColumnType::Int;
        for id in 1..limits::NESTING {
            deep = list(id as i32, deep);
        }
        assert!(valid(deep.clone()));
        assert!(!valid(list(100, deep)));
    }
}
