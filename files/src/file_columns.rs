// SPDX-License-Identifier: Apache-2.0

//! Matches the columns of a Parquet file with those of the current version of its table.
//!
//! Field ids decide, if the columns of the file have them: a column keeps its id under every name.
//! A file without ids is read with the names of one version, the latest version whose names and
//! types fit. If the names of another version fit and give them to other columns, the file is
//! rejected.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use kalamtable_model::{Column, ColumnType, MapFields, NestedField, Shared, TableDefinition};
use kalamtable_rows::physical::without_encoding;
use parquet::schema::types::SchemaDescriptor;

use crate::default_value::default_text;
use crate::earlier_type::EarlierType;
use crate::error::occurs_twice;
use crate::int96::{Int96Columns, Int96Leaf};
use crate::schema_check::{
    field_id, file_field, is_renamed, list_item, map_entry, missing_column, primitive_fits,
    schema_mismatches, type_mismatches, unknown_column,
};
use crate::versioned_definition::FileVersions;

/// The columns of a file.
#[derive(Debug)]
pub(crate) struct FileColumns {
    /// The schema to read the file with, if it differs from the one that Arrow infers.
    pub(crate) schema: Option<SchemaRef>,
    /// The timestamps whose values must be checked before the reader converts them.
    pub(crate) int96: Vec<Int96Leaf>,
    /// For each column of the current version, the column of the file, or `None` if the file does
    /// not have the column.
    pub(crate) columns: Vec<Option<FileColumn>>,
}

/// The column of a file that contains the values of a column of the table.
#[derive(Clone, Debug)]
pub(crate) struct FileColumn {
    /// The position in the schema of the file.
    pub(crate) position: usize,
    /// The conversion to the current type, or `None` if DataFusion's own cast is exact and matches
    /// the nested fields.
    pub(crate) earlier: Option<Arc<EarlierType>>,
}

impl FileColumns {
    /// Matches the columns of a file with the schema `inferred`.
    ///
    /// # Errors
    /// Fails with a message for each mismatch with the current version.
    pub(crate) fn find(
        versions: &FileVersions,
        inferred: &SchemaRef,
        parquet: &SchemaDescriptor,
    ) -> Result<Self, Vec<String>> {
        let mut fields = inferred.fields().iter();
        if fields.any(|field| field_id(field).is_some()) {
            FileColumns::by_id(versions, inferred, parquet)
        } else {
            FileColumns::by_name(versions, inferred, parquet)
        }
    }

    /// Matches the columns of a file with field ids.
    fn by_id(
        versions: &FileVersions,
        inferred: &SchemaRef,
        parquet: &SchemaDescriptor,
    ) -> Result<Self, Vec<String>> {
        let current = &versions.current;
        let int96 = Int96Columns::find(|field| column_by_id(current, field), inferred, parquet);
        let (schema, int96) = match int96 {
            Some(found) => (Some(found.schema), found.leaves),
            None => (None, Vec::new()),
        };
        let found = schema.as_ref().unwrap_or(inferred);
        let mut mismatches = Vec::new();
        let mut columns: Vec<Option<FileColumn>> = vec![None; current.columns().len()];
        for (position, field) in found.fields().iter().enumerate() {
            let earlier_fields = &found.fields()[..position];
            if earlier_fields
                .iter()
                .any(|other| other.name() == field.name())
            {
                mismatches.push(format!("column `{}` occurs twice", field.name()));
                continue;
            }
            if let Some(message) = name_mismatch(versions, found, field) {
                mismatches.push(message);
                continue;
            }
            let Some((at, column)) = column_by_id(current, field) else {
                // The column was dropped.
                continue;
            };
            if let Some(other) = &columns[at] {
                let (name, other) = (field.name(), found.field(other.position).name());
                let twice = occurs_twice(&current.columns()[at], name);
                mismatches.push(match field_id(field) {
                    Some(id) => {
                        format!("columns `{other}` and `{name}` have the same field id {id}")
                    }
                    None => format!("column `{name}`{twice}"),
                });
                continue;
            }
            let earlier = earlier_type(versions, &current.columns()[at], column, field.data_type());
            match earlier {
                Ok(earlier) => columns[at] = Some(FileColumn { position, earlier }),
                Err(found) => mismatches.extend(found),
            }
        }
        let has_mismatches = !mismatches.is_empty();
        for (column, file) in current.columns().iter().zip(&columns) {
            let has_value = column.nullable || default_text(column).is_some();
            let is_reported = has_mismatches
                && (is_renamed(found, column.id, current) || file_field(found, column).is_some());
            if file.is_none() && !has_value && !is_reported {
                mismatches.push(missing_column(current, column));
            }
        }
        if !mismatches.is_empty() {
            return Err(mismatches);
        }
        Ok(FileColumns {
            schema,
            int96,
            columns,
        })
    }

    /// Matches the columns of a file without field ids.
    fn by_name(
        versions: &FileVersions,
        inferred: &SchemaRef,
        parquet: &SchemaDescriptor,
    ) -> Result<Self, Vec<String>> {
        let current = &versions.current;
        let mut found: Option<(FileColumns, &TableDefinition)> = None;
        let mut current_mismatches = None;
        for version in versions.latest_first() {
            let columns = match by_names_of(version, current, inferred, parquet) {
                Ok(columns) => columns,
                Err(mismatches) => {
                    current_mismatches.get_or_insert(mismatches);
                    continue;
                }
            };
            let Some((_, latest)) = &found else {
                found = Some((columns, version));
                continue;
            };
            if let Some(name) = ambiguous_name(inferred, latest, version) {
                return Err(vec![format!(
                    "the columns have no field ids, and fit versions {} and {} of `{}`, which use \
                     the name `{name}` for different columns: write the file with field ids",
                    version.version(),
                    latest.version(),
                    current.name(),
                )]);
            }
        }
        let Some((columns, _)) = found else {
            let mut mismatches = current_mismatches.unwrap_or_default();
            if let (Some(first), Some(last)) = (versions.earlier.last(), versions.earlier.first()) {
                let (first, last) = (first.version(), last.version());
                mismatches.push(if first == last {
                    format!("the columns do not fit the earlier version {first} either")
                } else {
                    format!("the columns fit none of the earlier versions {first} to {last} either")
                });
            }
            return Err(mismatches);
        };
        let pairs = current.columns().iter().zip(&columns.columns);
        let missing = pairs.filter(|(column, file)| {
            file.is_none() && !column.nullable && default_text(column).is_none()
        });
        let missing: Vec<String> = missing
            .map(|(column, _)| missing_column(current, column))
            .collect();
        if missing.is_empty() {
            Ok(columns)
        } else {
            Err(missing)
        }
    }
}

/// Matches the columns of a file by the names of `version`.
///
/// # Errors
/// Fails with a message for each mismatch with `version`.
fn by_names_of(
    version: &TableDefinition,
    current: &TableDefinition,
    inferred: &SchemaRef,
    parquet: &SchemaDescriptor,
) -> Result<FileColumns, Vec<String>> {
    let declared = |field: &Field| {
        let (position, column) = version.file_column(field.name())?;
        Some((position, &column.ty))
    };
    let (schema, mut int96) = match Int96Columns::find(declared, inferred, parquet) {
        Some(found) => (Some(found.schema), found.leaves),
        None => (None, Vec::new()),
    };
    let found = schema.as_ref().unwrap_or(inferred);
    let mut mismatches = schema_mismatches(version, found);
    if !mismatches.is_empty() {
        return Err(mismatches);
    }
    let current_position = |id: i32| current.columns().iter().position(|column| column.id == id);
    // Timestamps of dropped columns are not read.
    int96.retain_mut(
        |leaf| match current_position(version.columns()[leaf.column].id) {
            Some(position) => {
                leaf.column = position;
                true
            }
            None => false,
        },
    );
    let mut columns: Vec<Option<FileColumn>> = vec![None; current.columns().len()];
    for column in version.columns() {
        let field = file_field(found, column);
        let (Some((position, field)), Some(at)) = (field, current_position(column.id)) else {
            continue;
        };
        let now = &current.columns()[at];
        let fits = column.ty == now.ty
            || now.ty.children().is_empty()
                && type_mismatches(&now.ty, field.data_type()).is_empty();
        let earlier = if fits {
            None
        } else {
            match EarlierType::try_new(&column.ty, &now.ty) {
                Ok(earlier) => Some(Arc::new(earlier)),
                Err(error) => {
                    let (name, version) = (&now.name, version.version());
                    mismatches.push(format!("column `{name}` of version {version}{error}"));
                    continue;
                }
            }
        };
        columns[at] = Some(FileColumn { position, earlier });
    }
    if !mismatches.is_empty() {
        return Err(mismatches);
    }
    Ok(FileColumns {
        schema,
        int96,
        columns,
    })
}

/// Returns the column of `definition` with the id of `field`, and its type. A field without an id
/// has the column of its name.
fn column_by_id<'a>(
    definition: &'a TableDefinition,
    field: &Field,
) -> Option<(usize, &'a ColumnType)> {
    let (position, column) = match field_id(field) {
        Some(id) => {
            let mut columns = definition.columns().iter().enumerate();
            columns.find(|(_, column)| column.id == id)
        }
        None => definition.file_column(field.name()),
    }?;
    Some((position, &column.ty))
}

/// Returns a message if no version has the id of `field` under the name of `field`.
fn name_mismatch(versions: &FileVersions, found: &Schema, field: &Field) -> Option<String> {
    let (name, current) = (field.name(), &versions.current);
    let by_name = current.file_column(name);
    let Some(id) = field_id(field) else {
        return match by_name {
            Some(_) => None,
            None => Some(unknown_column(current, found, field)),
        };
    };
    let mut columns = versions.latest_first().flat_map(TableDefinition::columns);
    if columns.any(|column| column.id == id && column.has_file_name(name)) {
        return None;
    }
    Some(match by_name {
        Some((_, column)) => format!(
            "column `{}`: the field id is {id}, but {} is declared",
            column.name, column.id
        ),
        None => unknown_column(current, found, field),
    })
}

/// Returns the conversion of a column of a file with ids to its current type, or `None` if
/// DataFusion's own cast suffices. The types of all versions are tried, latest first, and then the
/// type in the file itself.
///
/// # Errors
/// Fails with the mismatches with the current type.
fn earlier_type(
    versions: &FileVersions,
    column: &Column,
    current: &ColumnType,
    found: &DataType,
) -> Result<Option<Arc<EarlierType>>, Vec<String>> {
    let mismatches = type_mismatches(current, found);
    if mismatches.is_empty() {
        return Ok(None);
    }
    let columns = versions.earlier.iter().flat_map(TableDefinition::columns);
    let fitting = columns.filter(|earlier| {
        earlier.id == column.id
            && earlier.ty != *current
            && type_mismatches(&earlier.ty, found).is_empty()
    });
    let mut types = fitting
        .map(|earlier| earlier.ty.clone())
        .chain(type_in_file(current, found));
    match types.find_map(|earlier| EarlierType::try_new(&earlier, current).ok()) {
        Some(earlier) => Ok(Some(Arc::new(earlier))),
        None => {
            let mismatches = mismatches.iter();
            let texts = mismatches.map(|mismatch| format!("column `{}`{mismatch}", column.name));
            Err(texts.collect())
        }
    }
}

/// Returns the type of a column of a file with ids, or `None` if the nested fields do not fit
/// `current`, the type of the column with the same id. A field that the file lacks has its current
/// type, and the order of fields is that of `current`.
fn type_in_file(current: &ColumnType, found: &DataType) -> Option<ColumnType> {
    let found = without_encoding(found);
    let nested = |current: &NestedField, found: &Field| {
        if field_id(found).is_some_and(|id| id != current.id) {
            return None;
        }
        Some(NestedField {
            ty: type_in_file(&current.ty, found.data_type())?,
            ..current.clone()
        })
    };
    match current {
        ColumnType::List(element) => {
            let element = nested(element, list_item(found)?)?;
            Some(ColumnType::List(Shared::from(element)))
        }
        ColumnType::Map(fields) => {
            let [key, value] = map_entry(found)?;
            let fields = MapFields {
                key: nested(&fields.key, key)?,
                value: nested(&fields.value, value)?,
            };
            Some(ColumnType::Map(Shared::from(fields)))
        }
        ColumnType::Struct(fields) => {
            let DataType::Struct(found) = found else {
                return None;
            };
            let mut types = Vec::with_capacity(fields.len());
            let mut count = 0;
            for field in fields.iter() {
                let is_same = |other: &&Arc<Field>| match field_id(other) {
                    Some(id) => id == field.id,
                    None => *other.name() == *field.name,
                };
                types.push(match found.iter().find(is_same) {
                    Some(other) => {
                        count += 1;
                        NestedField {
                            name: Shared::from(&**other.name()),
                            ..nested(field, other)?
                        }
                    }
                    // A field with another id has the name.
                    None if found.find(&field.name).is_some() => return None,
                    None if field.nullable => field.clone(),
                    None => return None,
                });
            }
            (count == found.len()).then(|| ColumnType::Struct(Shared::from(types)))
        }
        current if primitive_fits(current, found) => Some(current.clone()),
        _ => primitive_in_file(found),
    }
}

/// Returns the type whose Arrow type is `found`, or `None` if no type changes from it.
fn primitive_in_file(found: &DataType) -> Option<ColumnType> {
    Some(match found {
        DataType::Int8 => ColumnType::TinyInt,
        DataType::Int16 => ColumnType::SmallInt,
        DataType::Int32 => ColumnType::Int,
        DataType::Int64 => ColumnType::BigInt,
        DataType::UInt8 => ColumnType::UTinyInt,
        DataType::UInt16 => ColumnType::USmallInt,
        DataType::UInt32 => ColumnType::UInt,
        DataType::Float32 => ColumnType::Float,
        DataType::Date32 => ColumnType::Date,
        _ => return None,
    })
}

/// Returns a name in a file that two versions use for different columns or nested fields.
fn ambiguous_name(
    schema: &Schema,
    first: &TableDefinition,
    second: &TableDefinition,
) -> Option<String> {
    let ids = |definition: &TableDefinition| {
        let mut ids = BTreeMap::new();
        for field in schema.fields() {
            if let Some((_, column)) = definition.file_column(field.name()) {
                ids.insert(field.name().clone(), column.id);
                nested_ids(&column.ty, field.name(), &mut ids);
            }
        }
        ids
    };
    let second: HashMap<String, i32> = ids(second).into_iter().collect();
    let mut first = ids(first).into_iter();
    first.find_map(|(name, id)| {
        let differs = second.get(&name).is_some_and(|other| *other != id);
        differs.then_some(name)
    })
}

/// Inserts the ids of the nested fields of `ty` by their paths.
fn nested_ids(ty: &ColumnType, path: &str, ids: &mut BTreeMap<String, i32>) {
    for field in ty.children() {
        let path = format!("{path}.{}", field.name);
        nested_ids(&field.ty, &path, ids);
        ids.insert(path, field.id);
    }
}
