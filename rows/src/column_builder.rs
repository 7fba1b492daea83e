// SPDX-License-Identifier: Apache-2.0

//! [`ColumnBuilder`]: the array of one column while it grows, whatever type its values have.

use std::any::Any;
use std::fmt;

use arrow::array::{ArrayRef, new_empty_array};
use arrow::datatypes::DataType;

use crate::error::{InvalidValue, ValueError};
use crate::fields::Fields;
use crate::value::{Element, Value};

/// How many rows are taken at a time: so few that they stay in the processor's nearest cache while
/// one column after the other is read from them.
pub(crate) const BLOCK_ROWS: usize = 128;

/// The array of one column while it grows.
///
/// The type of its values is settled by the first block, and is one for all blocks.
pub struct ColumnBuilder {
    ty: DataType,
    capacity: usize,
    cells: Option<Box<dyn Cells>>,
}

impl fmt::Debug for ColumnBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ColumnBuilder({})", self.ty)
    }
}

impl ColumnBuilder {
    /// For an array of type `ty`, with room for `capacity` elements.
    pub fn new(ty: DataType, capacity: usize) -> Self {
        ColumnBuilder {
            ty,
            capacity,
            cells: None,
        }
    }

    /// Adds a cell for each of `rows`; for generated code.
    ///
    /// It is compiled once for each column, so it does no more than gather: what makes arrays is
    /// compiled once for each type of value.
    ///
    /// # Errors
    /// If a value does not fit, or is of another type than those before.
    pub fn append<'r, E: Element + 'r, R>(
        &mut self,
        rows: &[&'r R],
        cell: impl Fn(&'r R) -> E::Cell<'r>,
    ) -> Result<(), ValueError> {
        // Plain loops: iterators over rows would be compiled for each type of row and cell.
        let (mut rest, mut before) = (rows, 0);
        while let [first, ..] = rest {
            let count = if rest.len() < BLOCK_ROWS {
                rest.len()
            } else {
                BLOCK_ROWS
            };
            // Filled in place: neither allocated, nor checked for room cell by cell.
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

    /// Adds the first `count` of `cells`, before which there were so many in the same call.
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

    /// The same for rows of which some are absent: their cells are null.
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

    /// Adds the field at `position` of a struct that each of `rows` has; for generated code.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_field<'r, F: Fields + 'r, R>(
        &mut self,
        rows: &[&'r R],
        strukt: impl Fn(&'r R) -> &'r F,
        position: usize,
    ) -> Result<(), ValueError> {
        let structs: Vec<&F> = rows.iter().map(|row| strukt(row)).collect();
        F::append_field(&structs, position, self)
    }

    /// What generated code answers for a column that the table does not have.
    ///
    /// # Errors
    /// Always.
    pub fn missing(&self) -> Result<(), ValueError> {
        Err(ValueError::whole(InvalidValue::Missing))
    }

    /// The array.
    ///
    /// # Errors
    /// If Arrow refuses.
    pub fn finish(self) -> Result<ArrayRef, ValueError> {
        match self.cells {
            Some(cells) => cells.finish(),
            None => Ok(new_empty_array(&self.ty)),
        }
    }

    fn builder<V: Value>(&mut self) -> Result<&mut V::Builder, ValueError> {
        if self.cells.is_none() {
            let builder = V::builder(&self.ty, self.capacity)?;
            self.cells = Some(Box::new(CellsOf {
                builder,
                finish: V::finish,
            }));
        }
        let cells = self.cells.as_mut().map(|cells| cells.as_any());
        cells
            .and_then(|cells| cells.downcast_mut::<CellsOf<V::Builder>>())
            .map(|cells| &mut cells.builder)
            .ok_or_else(|| ValueError::whole(InvalidValue::Missing))
    }
}

/// What a [`ColumnBuilder`] holds when it does not know the type of its values.
trait Cells: Send {
    fn as_any(&mut self) -> &mut dyn Any;

    fn finish(self: Box<Self>) -> Result<ArrayRef, ValueError>;
}

struct CellsOf<B> {
    builder: B,
    finish: fn(B) -> Result<ArrayRef, ValueError>,
}

impl<B: Send + 'static> Cells for CellsOf<B> {
    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn finish(self: Box<Self>) -> Result<ArrayRef, ValueError> {
        (self.finish)(self.builder)
    }
}
