// SPDX-License-Identifier: Apache-2.0

//! Matches the fields of a batch to the columns of a table, by name or by id, and never by
//! position.
//!
//! An id identifies a column only in data of its own table. DataFusion copies the metadata of a
//! field to the result of a query, where the id may be the id of a column of another table, or of
//! the same table under an alias. Ids are therefore used only if the caller states that the batch
//! belongs to the table.

use std::collections::HashMap;

use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use kalamtable_model::arrow::FIELD_ID_KEY;
use kalamtable_model::{ColumnType, NestedField, TableDefinition};

use crate::error::{InvalidValue, PathSegment, RowError, ValueError, value_error};

/// The fields of a batch, prepared for the search of columns.
#[derive(Debug)]
pub struct BatchFields<'a> {
    fields: &'a Fields,
    matching: Matching<'a>,
}

#[derive(Debug)]
enum Matching<'a> {
    /// For each name, the position of the first field with this name, and the number of fields with
    /// it.
    ByName(HashMap<&'a str, (usize, usize)>),
    /// The id of each field.
    ById(Vec<Option<&'a str>>),
}

impl<'a> BatchFields<'a> {
    /// Prepares a search by name.
    pub fn by_name(fields: &'a Fields) -> Self {
        let mut positions = HashMap::with_capacity(fields.len());
        for (position, field) in fields.iter().enumerate() {
            let (_, count) = positions.entry(&**field.name()).or_insert((position, 0));
            *count += 1;
        }
        BatchFields {
            fields,
            matching: Matching::ByName(positions),
        }
    }

    /// Prepares a search by id.
    pub fn by_id(fields: &'a Fields) -> Self {
        BatchFields {
            fields,
            matching: Matching::ById(field_ids(fields)),
        }
    }

    /// Returns whether columns are searched by id.
    pub(crate) fn is_by_id(&self) -> bool {
        matches!(self.matching, Matching::ById(_))
    }

    /// Returns the position of the field for the column at `column` of the table, or `None` if the
    /// batch has no such field.
    ///
    /// By name, it is the field with the name or the source of the column. By id, it is the field
    /// with the id of the column, or otherwise a field without an id that has the name or the
    /// source of the column.
    ///
    /// # Errors
    /// [`RowError::AmbiguousColumn`] if several fields match. By name,
    /// [`RowError::ContradictoryId`] if a field has the name of the column and another id, or the
    /// id of the column and another name; [`RowError::Value`] if this is the case inside the type
    /// of the column.
    ///
    /// # Panics
    /// If the table has no column at this position.
    pub fn find(&self, table: &TableDefinition, column: usize) -> Result<Option<usize>, RowError> {
        match &self.matching {
            Matching::ByName(positions) => self.find_by_name(positions, table, column),
            Matching::ById(ids) => self.find_by_id(ids, table, column),
        }
    }

    fn find_by_name(
        &self,
        positions: &HashMap<&str, (usize, usize)>,
        table: &TableDefinition,
        position: usize,
    ) -> Result<Option<usize>, RowError> {
        let column = &table.columns()[position];
        let contradictory = |field: &Field| RowError::ContradictoryId {
            table: table.name().clone(),
            column: column.name.to_string(),
            id: column.id,
            field: field.name().as_str().into(),
            field_id: field_id(field).unwrap_or_default().into(),
        };
        let names = [Some(&*column.name), column.source.as_deref()];
        let with_name = names
            .into_iter()
            .flatten()
            .filter_map(|name| positions.get(name));
        let count = with_name.clone().map(|(_, count)| count).sum();
        match (count, with_name.map(|(first, _)| *first).next()) {
            (1, Some(found)) => {
                let field = &self.fields[found];
                if field_id(field).is_some() && !has_id(field, column.id) {
                    return Err(contradictory(field));
                }
                check_nested_ids(&column.ty, field.data_type())
                    .map_err(|source| value_error(table, position, source))?;
                Ok(Some(found))
            }
            (2.., _) => Err(ambiguous(table, position, count)),
            _ => match self.fields.iter().find(|field| has_id(field, column.id)) {
                Some(field) => Err(contradictory(field)),
                None => Ok(None),
            },
        }
    }

    fn find_by_id(
        &self,
        ids: &[Option<&str>],
        table: &TableDefinition,
        position: usize,
    ) -> Result<Option<usize>, RowError> {
        let column = &table.columns()[position];
        let id = column.id.to_string();
        let has_id = |field: usize| ids[field] == Some(&*id);
        let has_name =
            |field: usize| ids[field].is_none() && column.has_file_name(self.fields[field].name());
        let mut found = (0..ids.len()).filter(|&field| has_id(field));
        let first = found.next();
        let others = found.count();
        if first.is_some() {
            return match others {
                0 => Ok(first),
                _ => Err(ambiguous(table, position, others + 1)),
            };
        }
        let mut found = (0..ids.len()).filter(|&field| has_name(field));
        let first = found.next();
        match found.count() {
            0 => Ok(first),
            others => Err(ambiguous(table, position, others + 1)),
        }
    }
}

fn ambiguous(table: &TableDefinition, position: usize, fields: usize) -> RowError {
    let column = &table.columns()[position];
    RowError::AmbiguousColumn {
        table: table.name().clone(),
        column: column.name.to_string(),
        id: column.id,
        fields,
    }
}

/// Returns the position in `fields` of the field of a struct that matches `wanted`: the field with
/// the same id, or otherwise the field with the same name and without an id. If `wanted` has no id,
/// only the name is compared.
pub(crate) fn find_struct_field(fields: &Fields, wanted: &Field) -> Option<usize> {
    let has_name = |field: &FieldRef| field.name() == wanted.name();
    match field_id(wanted) {
        Some(id) => fields
            .iter()
            .position(|field| field_id(field) == Some(id))
            .or_else(|| {
                let mut fields = fields.iter();
                fields.position(|field| field_id(field).is_none() && has_name(field))
            }),
        None => fields.iter().position(has_name),
    }
}

/// Fails if a field inside an array of type `found` has another id than the field of `ty` at its
/// place. The fields of structs are compared by name, and by id if the name is missing.
fn check_nested_ids(ty: &ColumnType, found: &DataType) -> Result<(), ValueError> {
    match (ty, found) {
        (
            ColumnType::List(element),
            DataType::List(item)
            | DataType::LargeList(item)
            | DataType::ListView(item)
            | DataType::LargeListView(item),
        ) => check_nested_id(element, item, PathSegment::Item),
        (ColumnType::Struct(fields), DataType::Struct(found)) => {
            fields.iter().try_for_each(|field| {
                let segment = PathSegment::Field(field.name.to_string());
                match found.iter().find(|found| *found.name() == *field.name) {
                    Some(named) => check_nested_id(field, named, segment),
                    None => match found.iter().find(|found| has_id(found, field.id)) {
                        Some(renamed) => Err(contradictory_field(field, renamed).under(segment)),
                        None => Ok(()),
                    },
                }
            })
        }
        (ColumnType::Map(fields), DataType::Map(entries, _)) => match entries.data_type() {
            DataType::Struct(found) if found.len() == 2 => {
                check_nested_id(&fields.key, &found[0], PathSegment::Key)?;
                check_nested_id(&fields.value, &found[1], PathSegment::Item)
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn check_nested_id(
    field: &NestedField,
    found: &Field,
    segment: PathSegment,
) -> Result<(), ValueError> {
    let checked = if field_id(found).is_some() && !has_id(found, field.id) {
        Err(contradictory_field(field, found))
    } else {
        check_nested_ids(&field.ty, found.data_type())
    };
    checked.map_err(|error| error.under(segment))
}

fn contradictory_field(field: &NestedField, found: &Field) -> ValueError {
    ValueError::whole(InvalidValue::ContradictoryId {
        id: field.id,
        field: found.name().clone(),
        field_id: field_id(found).unwrap_or_default().to_string(),
    })
}

fn field_ids(fields: &Fields) -> Vec<Option<&str>> {
    fields.iter().map(|field| field_id(field)).collect()
}

fn field_id(field: &Field) -> Option<&str> {
    field.metadata().get(FIELD_ID_KEY).map(String::as_str)
}

fn has_id(field: &Field, id: i32) -> bool {
    field_id(field).is_some_and(|found| found.parse() == Ok(id))
}
