// SPDX-License-Identifier: Apache-2.0

//! The checks that derived code runs as constants against the checks of the model: on random types
//! and definitions, both accept the same.

#![deny(warnings)]

use std::num::NonZeroU64;
use std::panic::catch_unwind;

use kalamtable_model::{
    AccessLevel, Column, ColumnType, MAX_ID, MapFields, NestedField, PrimaryKey, Reserved, Shared,
    SourceFile, Sources, TableDefinition, TableKind, TableName, TableParts, limits,
    parse_and_check,
};
use kalamtable_rows::__private::{assert_flattened, assert_key, assert_type, assert_unique_ids};
use proptest::prelude::*;

/// Leaks a value, because the checks take constants, which have the lifetime `'static`.
fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn leak_slice<T>(values: Vec<T>) -> Shared<[T]> {
    Shared::Static(Vec::leak(values))
}

fn leak_text(text: &str) -> Shared<str> {
    Shared::Static(Box::leak(text.to_string().into_boxed_str()))
}

/// Returns whether a check accepts its arguments.
fn accepts(check: impl FnOnce() + std::panic::UnwindSafe) -> bool {
    catch_unwind(check).is_ok()
}

/// Returns whether the model accepts a definition.
fn model_accepts(text: String) -> bool {
    let mut sources = Sources::new();
    let source = sources.push(SourceFile::new("table.toml", text));
    parse_and_check(&sources, source).is_ok()
}

fn field(id: i32, name: &str, ty: ColumnType, nullable: bool) -> NestedField {
    NestedField {
        id,
        name: leak_text(name),
        ty,
        nullable,
    }
}

/// Generates types with nested ids from `ids`. The types may break the rules for lengths and map
/// keys.
fn types(ids: impl Strategy<Value = i32> + Clone + 'static) -> BoxedStrategy<ColumnType> {
    let primitive = prop_oneof![
        Just(ColumnType::Boolean),
        Just(ColumnType::Int),
        Just(ColumnType::UBigInt),
        Just(ColumnType::Float),
        Just(ColumnType::Text),
        Just(ColumnType::Json),
        Just(ColumnType::Bytes),
        Just(ColumnType::Uuid),
        Just(ColumnType::DateTime),
        Just(ColumnType::Interval),
        Just(ColumnType::Decimal {
            precision: 10,
            scale: 2
        }),
        prop_oneof![
            Just(0),
            Just(1),
            Just(limits::FIXED_BYTES),
            Just(limits::FIXED_BYTES + 1)
        ]
        .prop_map(ColumnType::FixedBytes),
        prop_oneof![
            Just(0),
            Just(3),
            Just(limits::EMBEDDING),
            Just(limits::EMBEDDING + 1)
        ]
        .prop_map(ColumnType::Embedding),
        Just(ColumnType::Enum(leak_slice(vec![
            leak_text("new"),
            leak_text("done")
        ]))),
    ];
    primitive
        .prop_recursive(4, 12, 3, move |inner| {
            let ids = ids.clone();
            prop_oneof![
                (ids.clone(), inner.clone(), any::<bool>()).prop_map(|(id, ty, nullable)| {
                    ColumnType::List(Shared::Static(leak(field(id, "item", ty, nullable))))
                }),
                ([ids.clone(), ids.clone()], inner.clone(), inner.clone()).prop_map(
                    |([key_id, value_id], key, value)| {
                        ColumnType::Map(Shared::Static(leak(MapFields {
                            key: field(key_id, "key", key, false),
                            value: field(value_id, "value", value, true),
                        })))
                    }
                ),
                prop::collection::vec((ids.clone(), inner, any::<bool>()), 1..4).prop_map(
                    |fields| {
                        let fields = fields.into_iter().enumerate();
                        let fields = fields.map(|(number, (id, ty, nullable))| {
                            field(id, &format!("field_{number}"), ty, nullable)
                        });
                        ColumnType::Struct(leak_slice(fields.collect()))
                    }
                ),
            ]
        })
        .boxed()
}

/// Returns `ty` inside `levels` nested lists.
fn nest(ty: ColumnType, levels: usize) -> ColumnType {
    (0..levels).fold(ty, |ty, level| {
        let id = 1_000 + level as i32;
        ColumnType::List(Shared::Static(leak(field(id, "item", ty, false))))
    })
}

/// Numbers the nested fields, so that their ids are unique.
fn renumber(ty: ColumnType, next: &mut i32) -> ColumnType {
    let mut numbered = |field: &NestedField| {
        // Ids out of range do not change.
        let id = if (1..=MAX_ID).contains(&field.id) {
            *next += 1;
            *next
        } else {
            field.id
        };
        NestedField {
            id,
            name: field.name.clone(),
            ty: renumber(field.ty.clone(), next),
            nullable: field.nullable,
        }
    };
    match &ty {
        ColumnType::List(item) => ColumnType::List(Shared::Static(leak(numbered(item)))),
        ColumnType::Map(fields) => {
            let key = numbered(&fields.key);
            let value = numbered(&fields.value);
            ColumnType::Map(Shared::Static(leak(MapFields { key, value })))
        }
        ColumnType::Struct(fields) => {
            ColumnType::Struct(leak_slice(fields.iter().map(numbered).collect()))
        }
        _ => ty,
    }
}

fn column(id: i32, name: &str, ty: ColumnType) -> Column {
    Column {
        id,
        name: leak_text(name),
        source: None,
        ty,
        nullable: true,
        default: None,
        unit: None,
        rust: None,
        deprecated: None,
        comment: None,
    }
}

fn definition(columns: Vec<Column>, kind: TableKind, reserved: Reserved) -> TableDefinition {
    TableDefinition::from_checked(TableParts {
        name: TableName {
            namespace: Shared::Static("app"),
            table: Shared::Static("made_up"),
        },
        kind,
        ttl_seconds: (kind == TableKind::Stream).then_some(NonZeroU64::MIN),
        access_level: (kind == TableKind::Shared).then_some(AccessLevel::Private),
        version: 1,
        comment: None,
        primary_key: PrimaryKey::None {
            reason: Shared::Static("only compared"),
        },
        unique_keys: Shared::Static(&[]),
        row: Shared::Static("MadeUp"),
        columns: leak_slice(columns),
        reserved,
    })
}

fn no_reserved() -> Reserved {
    Reserved {
        ids: Shared::Static(&[]),
        names: Shared::Static(&[]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn types_are_valid_in_both(
        ty in types(prop_oneof![9 => 1..1_000, 1 => Just(0), 1 => Just(-1), 1 => Just(MAX_ID + 1)]),
        levels in prop_oneof![Just(0), (limits::NESTING - 4)..(limits::NESTING + 1)],
    ) {
        let ty: &'static ColumnType = leak(nest(renumber(ty, &mut 1), levels));
        let columns = vec![column(1, "value", ty.clone())];
        let text = definition(columns, TableKind::Shared, no_reserved()).to_toml();
        prop_assert_eq!(
            accepts(move || assert_type(ty, "the type is not valid")),
            model_accepts(text.clone()),
            "{}",
            text
        );
    }

    #[test]
    fn nested_ids_are_unique_in_both(
        types in prop::collection::vec(types(1..20), 1..4),
        reserved in prop::collection::btree_set(1..20, 0..3),
    ) {
        let columns = types.into_iter().enumerate().filter(|(_, ty)| {
            accepts({ let ty = leak(ty.clone()); move || assert_type(ty, "") })
        });
        let columns: Vec<Column> = columns
            .map(|(number, ty)| column(30 + number as i32, &format!("c{number}"), ty))
            .collect();
        prop_assume!(!columns.is_empty());
        let reserved = Reserved {
            ids: leak_slice(reserved.into_iter().collect()),
            names: Shared::Static(&[]),
        };
        let ids: Vec<i32> = columns.iter().map(|column| column.id).collect();
        let definition: &'static _ = leak(definition(columns, TableKind::Shared, reserved));
        let text = definition.to_toml();
        prop_assert_eq!(
            ids.into_iter().all(|id| {
                accepts(move || assert_unique_ids(definition, id, "an id is not unique"))
            }),
            model_accepts(text.clone()),
            "{}",
            text
        );
    }

    #[test]
    fn flattened_columns_are_valid_in_both(
        names in prop::collection::vec(
            prop::sample::select(vec!["a", "A", "b", "c", "d", "_seq", "_deleted", "E"]), 1..4),
        ids in prop::collection::vec(1..12, 4),
        types in prop::collection::vec(types(1..40), 4),
        reserved_ids in prop::collection::btree_set(20..40, 0..3),
        reserved_names in prop::sample::subsequence(vec!["b", "x"], 0..2),
        sources in prop::collection::vec(
            prop::option::of(prop::sample::select(vec!["a", "b", "c", "x", "X"])), 4),
        kind in prop::sample::select(vec![TableKind::Shared, TableKind::Stream]),
    ) {
        // One column of the table itself, which is valid alone, and the columns of a struct.
        let own = Column {
            source: sources[3].map(leak_text),
            ..column(50, "c", ColumnType::Int)
        };
        let added = names.iter().zip(&ids).zip(&sources).zip(&types).filter(|(_, ty)| {
            accepts({ let ty = leak((*ty).clone()); move || assert_type(ty, "") })
        });
        let added: Vec<Column> = added
            .map(|(((name, id), source), ty)| Column {
                source: source.map(leak_text),
                ..column(*id, name, ty.clone())
            })
            .collect();
        let reserved = Reserved {
            ids: leak_slice(reserved_ids.into_iter().collect()),
            names: leak_slice(reserved_names.iter().map(|name| leak_text(name)).collect()),
        };
        let columns: Vec<Column> = [own].into_iter().chain(added.clone()).collect();
        let definition: &'static _ = leak(definition(columns, kind, reserved));
        let added: &'static [Column] = Vec::leak(added);
        let text = definition.to_toml();
        prop_assert_eq!(
            accepts(move || assert_flattened(definition, added, "a column is not valid")),
            model_accepts(text.clone()),
            "{}",
            text
        );
    }
}

#[test]
fn keys_are_valid_in_both() {
    for ty in [
        ColumnType::Boolean,
        ColumnType::Int,
        ColumnType::Float,
        ColumnType::Text,
        ColumnType::Json,
        ColumnType::FixedBytes(4),
        ColumnType::Embedding(4),
        ColumnType::Interval,
        ColumnType::DateTime,
    ] {
        let ty: &'static ColumnType = leak(ty);
        let text = format!(
            "name = \"app.made_up\"\nprimary_key = [\"id\"]\n\n[columns]\nid = {{ id = 1, type = \"{ty}\" }}\n"
        );
        let is_key = accepts(move || assert_key(ty, "not a key"));
        assert_eq!(is_key, model_accepts(text), "{ty}");
    }
}
