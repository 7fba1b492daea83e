// SPDX-License-Identifier: Apache-2.0

//! Structs as values of columns.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StructArray};
use arrow::datatypes::{DataType, FieldRef, Fields};

use super::{ElementReader, OwnedElement, OwnedValue, Validity};
use crate::column_builder::ColumnBuilder;
use crate::error::{InvalidValue, PathSegment, ValueError, mismatch};
use crate::fields::Fields as Struct;
use crate::matching::find_struct_field;

/// Builds an array of structs, field by field. Generated code uses it.
#[derive(Debug)]
pub struct StructBuilder {
    fields: Fields,
    builders: Vec<ColumnBuilder>,
    validity: Validity,
}

impl StructBuilder {
    /// Creates a builder of structs of type `ty`.
    ///
    /// # Errors
    /// Fails unless `ty` is a struct with `count` fields.
    pub fn try_new(ty: &DataType, capacity: usize, count: usize) -> Result<Self, ValueError> {
        let DataType::Struct(fields) = ty else {
            return Err(ValueError::whole(InvalidValue::NotAStruct {
                found: ty.clone(),
            }));
        };
        if fields.len() != count {
            let (expected, found) = (fields.len(), count);
            return Err(ValueError::whole(InvalidValue::Length { expected, found }));
        }
        let builders = fields.iter().map(|field| {
            // The fields of a null struct are appended as nulls, also those that do not allow null.
            ColumnBuilder::new(field.data_type().clone(), capacity)
        });
        Ok(StructBuilder {
            fields: fields.clone(),
            builders: builders.collect(),
            validity: Validity::default(),
        })
    }

    /// Adds a block of structs, field by field.
    ///
    /// # Errors
    /// If a value of a field does not fit.
    pub fn append<T: Struct>(&mut self, structs: &[&T]) -> Result<(), ValueError> {
        self.append_fields(|position, column| T::append_field(structs, position, column))?;
        self.validity.append_valid(structs.len());
        Ok(())
    }

    /// Adds a block of structs that are null where `structs` has `None`.
    ///
    /// The fields of a null struct are null too, including fields that are not nullable: DataFusion
    /// takes a field out of a struct without its nulls, which would make other values visible
    /// (<https://github.com/apache/datafusion/issues/25120>).
    ///
    /// # Errors
    /// If a value of a field does not fit.
    pub fn append_nullable<T: Struct>(&mut self, structs: &[Option<&T>]) -> Result<(), ValueError> {
        self.append_fields(|position, column| T::append_optional_field(structs, position, column))?;
        self.validity.append(structs);
        Ok(())
    }

    fn append_fields(
        &mut self,
        mut append: impl FnMut(usize, &mut ColumnBuilder) -> Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        for (position, builder) in self.builders.iter_mut().enumerate() {
            append(position, builder)
                .map_err(|error| error.under(segment(&self.fields[position])))?;
        }
        Ok(())
    }

    /// Returns the array.
    ///
    /// # Errors
    /// Fails if Arrow cannot build the array.
    pub fn finish(self) -> Result<ArrayRef, ValueError> {
        let mut arrays = Vec::with_capacity(self.builders.len());
        for (builder, field) in self.builders.into_iter().zip(&self.fields) {
            let array = builder.finish();
            arrays.push(array.map_err(|error| error.under(segment(field)))?);
        }
        let length = self.validity.len();
        StructArray::try_new_with_length(self.fields, arrays, self.validity.finish(), length)
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(ValueError::from)
    }
}

fn segment(field: &FieldRef) -> PathSegment {
    PathSegment::Field(field.name().clone())
}

/// The fields of a struct array, matched to the fields of a struct type. Generated code uses it.
#[derive(Debug)]
pub struct StructFields<'a> {
    array: StructArray,
    fields: &'a Fields,
}

impl<'a> StructFields<'a> {
    /// Matches the fields of `array` to the fields of `ty`.
    ///
    /// # Errors
    /// Fails unless both are structs.
    pub fn try_new(array: &ArrayRef, ty: &'a DataType) -> Result<Self, ValueError> {
        let DataType::Struct(fields) = ty else {
            return Err(ValueError::whole(InvalidValue::NotAStruct {
                found: ty.clone(),
            }));
        };
        match array.as_struct_opt() {
            Some(array) => Ok(StructFields {
                array: array.clone(),
                fields,
            }),
            None => Err(mismatch(array.data_type(), ty)),
        }
    }

    /// Creates the reader of the field at `position` of the type. The field is found by its id, if
    /// the type has ids, and otherwise by its name.
    ///
    /// # Errors
    /// Fails if the array lacks a field that does not allow null, or if the field has another type.
    pub fn reader<E: OwnedElement>(&self, position: usize) -> Result<FieldReader<E>, ValueError> {
        let missing = || ValueError::whole(InvalidValue::Missing);
        let field = self.fields.get(position).ok_or_else(missing)?;
        let segment = segment(field);
        let found = find_struct_field(self.array.fields(), field);
        let reader = match found {
            Some(index) => ElementReader::try_new::<E>(self.array.column(index), field.data_type()),
            None if field.is_nullable() => {
                ElementReader::absent::<E>(field.data_type(), self.array.len())
            }
            None => Err(missing()),
        };
        match reader {
            Ok(reader) => Ok(FieldReader { segment, reader }),
            Err(error) => Err(error.under(segment)),
        }
    }
}

/// Reads a field of a struct. The array of the field can have nulls where the struct is null,
/// whatever the type of the field.
pub struct FieldReader<E: OwnedElement> {
    segment: PathSegment,
    reader: ElementReader<<E::Value as OwnedValue>::Reader>,
}

impl<E: OwnedElement> std::fmt::Debug for FieldReader<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FieldReader({})", self.segment)
    }
}

impl<E: OwnedElement> FieldReader<E> {
    /// Returns the field of the struct at `index`.
    ///
    /// # Errors
    /// Fails if the element is not a value of `E`.
    pub fn read(&self, index: usize) -> Result<E, ValueError> {
        match self.reader.read(index) {
            Ok(value) => Ok(value),
            Err(error) => Err(self.under(error)),
        }
    }

    /// Returns a view of the field of the struct at `index`.
    ///
    /// # Errors
    /// Fails if the element is not a value of `E`.
    #[inline]
    pub fn view(&self, index: usize) -> Result<E::View<'_>, ValueError> {
        match self.reader.view::<E>(index) {
            Ok(view) => Ok(view),
            Err(error) => Err(self.under(error)),
        }
    }

    #[cold]
    fn under(&self, error: ValueError) -> ValueError {
        error.under(self.segment.clone())
    }
}
