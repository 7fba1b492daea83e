// SPDX-License-Identifier: Apache-2.0

//! [`ColumnBuilder`]: builds the array of one column without naming the type of its values.
//!
//! Rows are converted in blocks of 128, one column after the other, so that a block stays in the L1
//! cache. Generated code, which is compiled once per column, only copies cells out of the rows;
//! builders are compiled once per type of value.

use std::any::Any;
use std::fmt;

use arrow::array::{ArrayRef, new_empty_array};
use arrow::datatypes::DataType;

use crate::error::{InvalidValue, ValueError};
use crate::value::{Element, Value};

/// The number of rows that are converted together.
pub(crate) const BLOCK_ROWS: usize = 128;

/// Builds the array of one column.
///
/// The first block determines the Rust type of the values; all further blocks must have the same
/// type.
pub struct ColumnBuilder {
    ty: DataType,
    capacity: usize,
    builder: Option<Box<dyn ErasedBuilder>>,
}

impl fmt::Debug for ColumnBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ColumnBuilder({})", self.ty)
    }
}

impl ColumnBuilder {
    /// Creates a builder of an array of type `ty`, with room for `capacity` elements.
    pub fn new(ty: DataType, capacity: usize) -> Self {
        ColumnBuilder {
            ty,
            capacity,
            builder: None,
        }
    }

    /// Appends one cell per row. Generated code calls it.
    ///
    /// It is compiled once per column, so it only gathers cells. The code that builds arrays is
    /// compiled once per type of value.
    ///
    /// # Errors
    /// Fails if a value does not fit, or has another type than the values of previous blocks.
    pub fn append<'r, E: Element + 'r, R>(
        &mut self,
        rows: &[&'r R],
        cell: impl Fn(&'r R) -> E::Cell<'r>,
    ) -> Result<(), ValueError> {
        // Plain loops, because iterators would be compiled once per type of row and cell.
        let (mut rest, mut before) = (rows, 0);
        while let [first, ..] = rest {
            let count = if rest.len() < BLOCK_ROWS {
                rest.len()
            } else {
                BLOCK_ROWS
            };
            // An array on the stack needs neither an allocation nor a capacity check per cell.
            let mut cells = [cell(first); BLOCK_ROWS];
            let mut index = 1;
            while index < count {
                cells[index] = cell(rest[index]);
                index += 1;
            }
            self.append_cells::<E>(&cells, count, before)?;
            before += count;
            rest = &rest[count..];
        }
        Ok(())
    }

    /// Appends the first `count` of `cells`; `before` is the number of cells that the same call to
    /// [`append`](Self::append) has already appended.
    #[inline(never)]
    fn append_cells<E: Element>(
        &mut self,
        cells: &[E::Cell<'_>; BLOCK_ROWS],
        count: usize,
        before: usize,
    ) -> Result<(), ValueError> {
        let builder = self.builder::<E::Value>()?;
        E::append(builder, &cells[..count]).map_err(|error| error.shifted(before))
    }

    /// Appends one cell per row, with a null for each `None`.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_optional<'r, E: Element + 'r, R>(
        &mut self,
        rows: &[Option<&'r R>],
        cell: impl Fn(&'r R) -> E::Cell<'r>,
    ) -> Result<(), ValueError> {
        let cells: Vec<_> = rows
            .iter()
            .map(|row| row.and_then(|row| E::nullable_cell(cell(row))))
            .collect();
        E::Value::append_nullable(self.builder::<E::Value>()?, &cells)
    }

    /// Returns the error for a position that the table does not have. Generated code calls it.
    ///
    /// # Errors
    /// Always [`InvalidValue::Missing`].
    pub fn missing(&self) -> Result<(), ValueError> {
        Err(ValueError::whole(InvalidValue::Missing))
    }

    /// Returns the array.
    ///
    /// # Errors
    /// Fails if Arrow cannot build the array.
    pub fn finish(self) -> Result<ArrayRef, ValueError> {
        match self.builder {
            Some(builder) => builder.finish(),
            None => Ok(new_empty_array(&self.ty)),
        }
    }

    fn builder<V: Value>(&mut self) -> Result<&mut V::Builder, ValueError> {
        if self.builder.is_none() {
            let builder = V::builder(&self.ty, self.capacity)?;
            self.builder = Some(Box::new(TypedBuilder {
                builder,
                finish: V::finish,
            }));
        }
        self.builder
            .as_mut()
            .and_then(|builder| builder.as_any().downcast_mut::<TypedBuilder<V::Builder>>())
            .map(|typed| &mut typed.builder)
            .ok_or_else(|| ValueError::whole(InvalidValue::Missing))
    }
}

/// A builder of values of a type that [`ColumnBuilder`] does not know.
trait ErasedBuilder: Send {
    fn as_any(&mut self) -> &mut dyn Any;

    fn finish(self: Box<Self>) -> Result<ArrayRef, ValueError>;
}

struct TypedBuilder<B> {
    builder: B,
    finish: fn(B) -> Result<ArrayRef, ValueError>,
}

impl<B: Send + 'static> ErasedBuilder for TypedBuilder<B> {
    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn finish(self: Box<Self>) -> Result<ArrayRef, ValueError> {
        (self.finish)(self.builder)
    }
}
