// SPDX-License-Identifier: Apache-2.0

//! `serde_json::Value` as the value of a `json` column. Parsing keeps neither whitespace, repeated
//! keys and the order of keys, nor digits beyond those of a double.

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::DataType;
use kalamtable_model::{ColumnType, value_text};
use serde_json::Value as Json;

use super::text::{TextBuilder, text_reader};
use super::{OwnedValue, Value};
use crate::error::{InvalidValue, ValueError};

impl Value for Json {
    type Cell<'a> = &'a Json;
    type Builder = TextBuilder;

    #[inline]
    fn cell(&self) -> &Json {
        self
    }

    fn builder(ty: &DataType, capacity: usize) -> Result<TextBuilder, ValueError> {
        TextBuilder::try_new(ty, capacity)
    }

    fn append(builder: &mut TextBuilder, cells: &[&Json]) -> Result<(), ValueError> {
        let written = cells
            .iter()
            .enumerate()
            .map(|(index, json)| write(index, json))
            .collect::<Result<Vec<String>, _>>()?;
        let texts: Vec<&str> = written.iter().map(String::as_str).collect();
        builder.append(&texts)
    }

    fn append_nullable(
        builder: &mut TextBuilder,
        cells: &[Option<&Json>],
    ) -> Result<(), ValueError> {
        let written = cells
            .iter()
            .enumerate()
            .map(|(index, cell)| cell.map(|json| write(index, json)).transpose())
            .collect::<Result<Vec<Option<String>>, _>>()?;
        let texts: Vec<Option<&str>> = written.iter().map(Option::as_deref).collect();
        builder.append_nullable(&texts)
    }

    fn finish(builder: TextBuilder) -> Result<ArrayRef, ValueError> {
        builder.finish()
    }
}

fn write(index: usize, json: &Json) -> Result<String, ValueError> {
    serde_json::to_string(json)
        .map_err(|error| ValueError::new(index, InvalidValue::Other(Box::new(error))))
}

impl OwnedValue for Json {
    type Reader = StringArray;
    // The view is the text, because a parsed value cannot borrow from the array.
    type View<'a> = &'a str;

    fn reader(array: &ArrayRef, ty: &DataType) -> Result<StringArray, ValueError> {
        text_reader(array, ty)
    }

    fn read(reader: &StringArray, index: usize) -> Result<Self, ValueError> {
        let text = reader.value(index);
        serde_json::from_str(text).map_err(|error| {
            let (found, reason) = (text.to_string(), value_text::json_message(&error));
            ValueError::new(index, InvalidValue::NotJson { found, reason })
        })
    }

    #[inline]
    fn view(reader: &StringArray, index: usize) -> Result<&str, ValueError> {
        Ok(reader.value(index))
    }
}

crate::column_type::plain_types!([] Json => ColumnType::Json);
