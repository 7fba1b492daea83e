// SPDX-License-Identifier: Apache-2.0

//! [`Sku`]: a custom type for the values of a column.

use std::fmt;
use std::str::FromStr;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use kalamtable::{InvalidValue, OwnedValue, Value, ValueError};

/// A stock-keeping unit: a letter, a dash and three digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sku(String);

/// The error for text that is not a [`Sku`].
#[derive(Debug)]
pub struct InvalidSku(String);

impl FromStr for Sku {
    type Err = InvalidSku;

    fn from_str(text: &str) -> Result<Self, InvalidSku> {
        let is_sku = match text.as_bytes() {
            [letter, b'-', digits @ ..] => {
                letter.is_ascii_uppercase()
                    && digits.len() == 3
                    && digits.iter().all(u8::is_ascii_digit)
            }
            _ => false,
        };
        if is_sku {
            Ok(Sku(text.to_string()))
        } else {
            Err(InvalidSku(text.to_string()))
        }
    }
}

impl fmt::Display for InvalidSku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not of the form `T-100`", self.0)
    }
}

impl std::error::Error for InvalidSku {}

/// Arrow holds a stock-keeping unit as text.
impl Value for Sku {
    type Cell<'a> = &'a str;
    type Builder = <String as Value>::Builder;

    fn cell(&self) -> &str {
        &self.0
    }

    fn builder(ty: &DataType, capacity: usize) -> Result<Self::Builder, ValueError> {
        String::builder(ty, capacity)
    }

    fn append(builder: &mut Self::Builder, cells: &[&str]) -> Result<(), ValueError> {
        <String as Value>::append(builder, cells)
    }

    fn append_nullable(
        builder: &mut Self::Builder,
        cells: &[Option<&str>],
    ) -> Result<(), ValueError> {
        String::append_nullable(builder, cells)
    }

    fn finish(builder: Self::Builder) -> Result<ArrayRef, ValueError> {
        String::finish(builder)
    }
}

/// Values are validated when they are read from Arrow, which includes the rows of `INSERT`.
impl OwnedValue for Sku {
    type Reader = <String as OwnedValue>::Reader;
    type View<'a> = &'a str;

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<Self::Reader, ValueError> {
        String::reader(array, ty)
    }

    fn read(reader: &Self::Reader, index: usize) -> Result<Self, ValueError> {
        let text = String::read(reader, index)?;
        text.parse()
            .map_err(|error: InvalidSku| ValueError::new(index, InvalidValue::Other(error.into())))
    }

    fn view(reader: &Self::Reader, index: usize) -> Result<&str, ValueError> {
        let text = String::view(reader, index)?;
        match Sku::from_str(text) {
            Ok(_) => Ok(text),
            Err(error) => Err(ValueError::new(index, InvalidValue::Other(error.into()))),
        }
    }
}
