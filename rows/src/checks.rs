// SPDX-License-Identifier: Apache-2.0

//! What a derive can only know when the compiler knows the types: checks that are constants, and the test
//! that a definition is frozen. For generated code.

use std::path::Path;

use kalamtable_model::{
    Column, ColumnType, Literal, MAX_ID, MIN_ID, NestedField, Shared, TableDefinition, limits,
};

use crate::table::Table;

/// A column of type `ty` can be part of a key of its table.
///
/// # Panics
/// With `message` if it can't.
#[track_caller]
pub const fn assert_key(ty: &ColumnType, message: &'static str) {
    if !ty.is_key_type() {
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
        (ty, Literal::Integer(value)) => match ty.integer_range() {
            Some((least, most)) => least <= *value && *value <= most,
            None => false,
        },
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

/// A Rust type stands for a column type that a definition may have, inside too.
///
/// # Panics
/// With `message` if it doesn't.
#[track_caller]
pub const fn assert_type(ty: &ColumnType, message: &'static str) {
    if !is_sound(ty, 1) {
        panic!("{}", message);
    }
}

/// The rules of types that Rust's own types can break; `depth` is 1 for the column's own.
const fn is_sound(ty: &ColumnType, depth: usize) -> bool {
    if depth > limits::NESTING {
        return false;
    }
    match ty {
        // Its digits are for the column to say.
        ColumnType::Decimal { precision: 0, .. } => false,
        ColumnType::FixedBytes(length) => is_length(*length, limits::FIXED_BYTES),
        ColumnType::Embedding(length) => is_length(*length, limits::EMBEDDING),
        ColumnType::List(item) => is_sound_field(behind(item), depth),
        ColumnType::Map(fields) => {
            let fields = behind(fields);
            fields.key.ty.is_key_type()
                && is_sound_field(&fields.key, depth)
                && is_sound_field(&fields.value, depth)
        }
        ColumnType::Struct(fields) => {
            let fields = behind(fields);
            let mut at = 0;
            while at < fields.len() {
                if !is_sound_field(&fields[at], depth) {
                    return false;
                }
                at += 1;
            }
            true
        }
        _ => true,
    }
}

const fn is_sound_field(field: &NestedField, depth: usize) -> bool {
    MIN_ID <= field.id && field.id <= MAX_ID && is_sound(&field.ty, depth + 1)
}

const fn is_length(length: u32, most: u32) -> bool {
    1 <= length && length <= most
}

/// No id inside the column with id `column` is that of a column, is reserved, or stands inside it or
/// inside a column before it. Those of columns were compared when the definition was checked.
///
/// # Panics
/// With `message` if one does.
#[track_caller]
pub const fn assert_unique_ids(definition: &TableDefinition, column: i32, message: &'static str) {
    let columns = behind(&definition.parts().columns);
    let mut at = 0;
    while at < columns.len() {
        if columns[at].id == column && !are_unique(&columns[at].ty, definition, at) {
            panic!("{}", message);
        }
        at += 1;
    }
}

/// The columns that a flattened field adds to a definition have names and ids of their own, and none
/// that is reserved; case does not matter.
///
/// # Panics
/// With `message` if one doesn't; or if there are more columns than a table can have.
#[track_caller]
pub const fn assert_flattened(
    definition: &TableDefinition,
    added: &[Column],
    message: &'static str,
) {
    let columns = behind(&definition.parts().columns);
    let reserved = behind(&definition.parts().reserved.names);
    let of_system = definition.parts().kind.system_columns();
    assert!(
        columns.len() <= limits::COLUMNS,
        "a table has 4096 columns at most"
    );
    let mut at = 0;
    while at < added.len() {
        let name = behind(&added[at].name);
        let mut count = 0;
        let mut other = 0;
        while other < reserved.len() {
            count += name.eq_ignore_ascii_case(behind(&reserved[other])) as usize;
            other += 1;
        }
        other = 0;
        while other < of_system.len() {
            count += name.eq_ignore_ascii_case(behind(&of_system[other].name)) as usize;
            other += 1;
        }
        other = 0;
        while other < columns.len() {
            if name.eq_ignore_ascii_case(behind(&columns[other].name)) {
                count += 1;
                if !is_unique(columns[other].id, definition, columns.len())
                    || !are_unique(&columns[other].ty, definition, other)
                {
                    panic!("{}", message);
                }
                let id = columns[other].id;
                assert!(
                    MIN_ID <= id && id <= MAX_ID && is_sound(&columns[other].ty, 1),
                    "the ids of a flattened struct go beyond the largest that there are"
                );
            }
            other += 1;
        }
        if count != 1 {
            panic!("{}", message);
        }
        at += 1;
    }
}

const fn are_unique(ty: &ColumnType, definition: &TableDefinition, position: usize) -> bool {
    match ty {
        ColumnType::List(item) => is_unique_field(behind(item), definition, position),
        ColumnType::Map(fields) => {
            let fields = behind(fields);
            is_unique_field(&fields.key, definition, position)
                && is_unique_field(&fields.value, definition, position)
        }
        ColumnType::Struct(fields) => {
            let fields = behind(fields);
            let mut at = 0;
            while at < fields.len() {
                if !is_unique_field(&fields[at], definition, position) {
                    return false;
                }
                at += 1;
            }
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

/// Whether `id` stands once in all columns themselves and inside those up to `position`, and is not
/// reserved.
const fn is_unique(id: i32, definition: &TableDefinition, position: usize) -> bool {
    let reserved = behind(&definition.parts().reserved.ids);
    let columns = behind(&definition.parts().columns);
    let mut count = 0;
    let mut at = 0;
    while at < reserved.len() {
        count += (reserved[at] == id) as usize;
        at += 1;
    }
    at = 0;
    while at < columns.len() {
        count += (columns[at].id == id) as usize;
        if at <= position {
            count += count_in(&columns[at].ty, id);
        }
        at += 1;
    }
    count == 1
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
        ) => {
            let is_open = *precision == 0;
            is_open || *precision == *declared_precision && *scale == *declared_scale
        }
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

    /// Whether a check panics, and with its message.
    fn fails(check: impl FnOnce() + std::panic::UnwindSafe) -> bool {
        match catch_unwind(check) {
            Ok(()) => false,
            Err(panic) => {
                let message = panic.downcast_ref::<String>().map(String::as_str);
                let message = message.or(panic.downcast_ref::<&str>().copied());
                assert_eq!(message, Some("told"));
                true
            }
        }
    }

    #[test]
    fn frozen_definitions() -> Result<(), Box<dyn std::error::Error>> {
        use crate::doc_example::EVENTS;

        let folder = tempfile::tempdir()?;
        let path = folder.path().to_str().ok_or("a path that is text")?;
        let failure = || {
            let checked = catch_unwind(|| assert_frozen(&EVENTS, path, "events.toml"));
            let panic = checked.err()?;
            panic.downcast_ref::<String>().cloned()
        };
        let message = failure().ok_or("nothing is frozen yet")?;
        assert!(
            message.contains("`app.events` is not frozen in `events.toml`"),
            "{message}"
        );

        let frozen = EVENTS.definition.to_toml();
        std::fs::write(
            folder.path().join("events.toml"),
            frozen.replace('\n', "\r\n"),
        )?;
        assert_eq!(failure(), None);

        std::fs::write(
            folder.path().join("events.toml"),
            frozen.replace("id = 2", "id = 3"),
        )?;
        let message = failure().ok_or("an id has changed")?;
        assert!(message.contains("frozen: title = { id = 3"), "{message}");
        assert!(message.contains("now:    title = { id = 2"), "{message}");
        assert!(message.contains("KALAMTABLE_FREEZE=1"), "{message}");
        Ok(())
    }

    #[test]
    fn keys() {
        assert!(!fails(|| assert_key(&ColumnType::Text, "told")));
        assert!(fails(|| assert_key(&ColumnType::Double, "told")));
    }

    #[test]
    fn defaults() {
        let fits = |ty: ColumnType, literal: Literal| {
            !fails(move || assert_default(&ty, &literal, "told"))
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
        let holds = |natural: ColumnType, declared: ColumnType| {
            !fails(move || assert_holds(&natural, &declared, "told"))
        };
        assert!(holds(ColumnType::Text, ColumnType::Json));
        assert!(!holds(ColumnType::Json, ColumnType::Text));
        assert!(holds(set(NEW_DONE), set(DONE_NEW)));
        assert!(!holds(set(NEW_DONE), set(DONE_LOST)));
        assert!(!holds(set(NEW_DONE), ColumnType::Text));
        // Ids are the declared type's.
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
        let sound = |ty: ColumnType| !fails(move || assert_type(&ty, "told"));
        assert!(sound(map(ColumnType::Text)));
        assert!(!sound(map(ColumnType::Float)));
        assert!(!sound(list(0, ColumnType::Int)));
        assert!(!sound(list(1, map(ColumnType::Json))));
        assert!(sound(ColumnType::Embedding(limits::EMBEDDING)));
        assert!(!sound(ColumnType::Embedding(limits::EMBEDDING + 1)));
        assert!(!sound(ColumnType::FixedBytes(0)));
        assert!(sound(decimal(38, 0)));
        assert!(!sound(OPEN_DECIMAL));
        assert!(!sound(list(1, OPEN_DECIMAL)));
        let mut deep = ColumnType::Int;
        for id in 1..limits::NESTING {
            deep = list(id as i32, deep);
        }
        assert!(sound(deep.clone()));
        assert!(!sound(list(100, deep)));
    }
}
