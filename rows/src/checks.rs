//! What a derive can only know when the compiler knows the types: checks that are constants, and the test
//! that a definition is frozen. For generated code.

use std::path::Path;

use kalamtable_model::{ColumnType, Literal, NestedField, Shared, TableDefinition};

use crate::table::Table;

/// A column of type `ty` can be part of a primary key.
///
/// # Panics
/// With `message` if it can't.
#[track_caller]
pub const fn assert_key(ty: &ColumnType, message: &'static str) {
    let can_be_key = !matches!(
        ty,
        ColumnType::Float
            | ColumnType::Double
            | ColumnType::Json
            | ColumnType::File
            | ColumnType::Interval
            | ColumnType::Embedding(_)
            | ColumnType::List(_)
            | ColumnType::Struct(_)
            | ColumnType::Map(_)
            | ColumnType::Arrow(_)
    );
    if !can_be_key {
        panic!("{}", message);
    }
}

/// A literal is a value of type `ty`.
///
/// # Panics
/// With `message` if it is none.
#[track_caller]
pub const fn assert_default(ty: &ColumnType, default: &Literal, message: &'static str) {
    let fits = match (ty, default) {
        (ColumnType::Boolean, Literal::Boolean(_))
        | (ColumnType::Float | ColumnType::Double, Literal::Float(_))
        | (ColumnType::Text, Literal::Text(_)) => true,
        (ColumnType::Enum(labels), Literal::Text(label)) => {
            has_label(behind(labels), behind(label))
        }
        (ColumnType::TinyInt, Literal::Integer(value)) => {
            is_between(*value, i8::MIN as i128, i8::MAX as i128)
        }
        (ColumnType::SmallInt, Literal::Integer(value)) => {
            is_between(*value, i16::MIN as i128, i16::MAX as i128)
        }
        (ColumnType::Int, Literal::Integer(value)) => {
            is_between(*value, i32::MIN as i128, i32::MAX as i128)
        }
        (ColumnType::BigInt, Literal::Integer(value)) => {
            is_between(*value, i64::MIN as i128, i64::MAX as i128)
        }
        (ColumnType::UTinyInt, Literal::Integer(value)) => is_between(*value, 0, u8::MAX as i128),
        (ColumnType::USmallInt, Literal::Integer(value)) => is_between(*value, 0, u16::MAX as i128),
        (ColumnType::UInt, Literal::Integer(value)) => is_between(*value, 0, u32::MAX as i128),
        (ColumnType::UBigInt, Literal::Integer(value)) => is_between(*value, 0, u64::MAX as i128),
        _ => false,
    };
    if !fits {
        panic!("{}", message);
    }
}

/// Values of a Rust type that stands for the column type `natural` can be held by a column of type
/// `declared`.
///
/// # Panics
/// With `message` if they can't.
#[track_caller]
pub const fn assert_holds(natural: &ColumnType, declared: &ColumnType, message: &'static str) {
    if !holds(natural, declared) {
        panic!("{}", message);
    }
}

/// No id stands in a definition twice. Those of its columns were compared when it was checked; this is
/// about the ones inside their types.
///
/// # Panics
/// With `message` if one does.
#[track_caller]
pub const fn assert_unique_ids(definition: &TableDefinition, message: &'static str) {
    let columns = behind(&definition.parts().columns);
    let mut at = 0;
    while at < columns.len() {
        if !are_unique(&columns[at].ty, definition) {
            panic!("{}", message);
        }
        at += 1;
    }
}

const fn are_unique(ty: &ColumnType, definition: &TableDefinition) -> bool {
    match ty {
        ColumnType::List(item) => is_unique(behind(item), definition),
        ColumnType::Map(fields) => {
            let fields = behind(fields);
            is_unique(&fields.key, definition) && is_unique(&fields.value, definition)
        }
        ColumnType::Struct(fields) => {
            let fields = behind(fields);
            let mut at = 0;
            while at < fields.len() {
                if !is_unique(&fields[at], definition) {
                    return false;
                }
                at += 1;
            }
            true
        }
        _ => true,
    }
}

const fn is_unique(field: &NestedField, definition: &TableDefinition) -> bool {
    let columns = behind(&definition.parts().columns);
    let mut count = 0;
    let mut at = 0;
    while at < columns.len() {
        if columns[at].id == field.id {
            count += 1;
        }
        count += count_in(&columns[at].ty, field.id);
        at += 1;
    }
    count == 1 && are_unique(&field.ty, definition)
}

/// How often `id` stands inside a type.
const fn count_in(ty: &ColumnType, id: i32) -> usize {
    match ty {
        ColumnType::List(item) => count_of(behind(item), id),
        ColumnType::Map(fields) => {
            let fields = behind(fields);
            count_of(&fields.key, id) + count_of(&fields.value, id)
        }
        ColumnType::Struct(fields) => {
            let fields = behind(fields);
            let (mut count, mut at) = (0, 0);
            while at < fields.len() {
                count += count_of(&fields[at], id);
                at += 1;
            }
            count
        }
        _ => 0,
    }
}

const fn count_of(field: &NestedField, id: i32) -> usize {
    (field.id == id) as usize + count_in(&field.ty, id)
}

const fn holds(natural: &ColumnType, declared: &ColumnType) -> bool {
    match (natural, declared) {
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
        // Another unit is reached by a conversion that is checked, and the zone is the column's.
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
        ) => *precision == *declared_precision && *scale == *declared_scale,
        (ColumnType::FixedBytes(length), ColumnType::FixedBytes(declared))
        | (ColumnType::Embedding(length), ColumnType::Embedding(declared)) => *length == *declared,
        (ColumnType::Enum(labels), ColumnType::Enum(declared)) => {
            are_same_labels(behind(labels), behind(declared))
        }
        (ColumnType::List(item), ColumnType::List(declared)) => {
            holds_in(behind(item), behind(declared))
        }
        (ColumnType::List(item), ColumnType::Embedding(_)) => {
            let item = behind(item);
            matches!(item.ty, ColumnType::Float) && !item.nullable
        }
        (ColumnType::Map(fields), ColumnType::Map(declared)) => {
            let (fields, declared) = (behind(fields), behind(declared));
            holds_in(&fields.key, &declared.key) && holds_in(&fields.value, &declared.value)
        }
        (ColumnType::Struct(fields), ColumnType::Struct(declared)) => {
            let (fields, declared) = (behind(fields), behind(declared));
            if fields.len() != declared.len() {
                return false;
            }
            let mut at = 0;
            while at < fields.len() {
                let has_name = is_same(behind(&fields[at].name), behind(&declared[at].name));
                if !has_name || !holds_in(&fields[at], &declared[at]) {
                    return false;
                }
                at += 1;
            }
            true
        }
        _ => false,
    }
}

const fn holds_in(natural: &NestedField, declared: &NestedField) -> bool {
    natural.nullable == declared.nullable && holds(&natural.ty, &declared.ty)
}

const fn are_same_labels(a: &[Shared<str>], b: &[Shared<str>]) -> bool {
    let mut at = 0;
    while at < a.len() {
        if !has_label(b, behind(&a[at])) {
            return false;
        }
        at += 1;
    }
    // No label is there twice.
    a.len() == b.len()
}

const fn has_label(labels: &[Shared<str>], label: &str) -> bool {
    let mut at = 0;
    while at < labels.len() {
        if is_same(behind(&labels[at]), label) {
            return true;
        }
        at += 1;
    }
    false
}

const fn is_between(value: i128, least: i128, most: i128) -> bool {
    least <= value && value <= most
}

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// What a constant shares.
const fn behind<T: ?Sized>(shared: &Shared<T>) -> &T {
    match shared {
        Shared::Static(value) => value,
        Shared::Counted(_) => panic!("a constant counts no references"),
    }
}

/// The definition is the one in a file, below the folder of the package.
///
/// With the variable `KALAMTABLE_FREEZE` in the environment, the file is written instead.
///
/// # Panics
/// If it is not, or if the file can't be read or written: this is a test.
pub fn assert_frozen(table: &Table, folder: &str, path: &str) {
    let file = Path::new(folder).join(path);
    let definition = table.definition.to_toml();
    let name = table.definition.name();
    if std::env::var_os("KALAMTABLE_FREEZE").is_some() {
        let written = match file.parent() {
            Some(parent) => std::fs::create_dir_all(parent),
            None => Ok(()),
        };
        if let Err(error) = written.and_then(|()| std::fs::write(&file, &definition)) {
            panic!("table `{name}` can't be frozen in `{path}`: {error}");
        }
        return;
    }
    let help = "run this test with KALAMTABLE_FREEZE=1 to write what the struct says now";
    match std::fs::read_to_string(&file) {
        Ok(frozen) if frozen.replace("\r\n", "\n") == definition => {}
        Ok(frozen) => {
            let changed = frozen.lines().zip(definition.lines());
            let (before, after) = changed
                .into_iter()
                .find(|(before, after)| before != after)
                .unwrap_or(("another number of lines", "more lines, or fewer"));
            panic!(
                "table `{name}` is not what `{path}` has frozen: files that were written keep their \
                 ids and types\n  frozen: {before}\n  now:    {after}\nhelp: put the struct back; or, \
                 if nothing was stored yet, {help}"
            );
        }
        Err(error) => panic!("table `{name}` is not frozen in `{path}`: {error}\nhelp: {help}"),
    }
}
