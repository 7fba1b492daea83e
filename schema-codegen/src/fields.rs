//! [`RowFields`]: the fields of a row struct, however it came to be: generated from a definition, or
//! written by hand and derived on.

use kalamtable_model::rust_names::{snake_case, view_name};
use kalamtable_model::{Column, TableDefinition, TimeUnit};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::Options;
use crate::names::ident;
use crate::types::{column_field_type, unit_type};

/// A row struct.
#[derive(Clone, Debug)]
pub struct RowFields {
    /// Its name.
    pub row: Ident,
    /// Its lifetime parameters, each as `'a`.
    pub lifetimes: Vec<TokenStream>,
    /// Its visibility, which that of its view is too.
    pub visibility: TokenStream,
    /// The name of its view.
    pub view: Ident,
    /// The fields that are columns, in the order of the definition's columns.
    pub columns: Vec<ColumnField>,
    /// The fields that are no columns.
    pub skipped: Vec<Ident>,
    /// Which way its rows can go.
    pub access: Access,
}

/// Which way rows can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To Arrow and back.
    ReadWrite,
    /// To Arrow only: the struct borrows.
    WriteOnly,
}

/// A field that is a column.
#[derive(Clone, Debug)]
pub struct ColumnField {
    /// Its name.
    pub name: Ident,
    /// Its visibility, which that of the view's field is too.
    pub visibility: TokenStream,
    /// Its type, with `Option` where it may be null.
    pub ty: TokenStream,
    /// How it holds the column's value.
    pub held: Held,
    /// Its documentation, line by line.
    pub docs: Vec<String>,
}

/// How a field holds its column's value.
#[derive(Clone, Debug)]
pub enum Held {
    /// As a value of its own type.
    AsIs,
    /// As the bare number of units of a time.
    Units(Time),
}

/// A time whose unit is part of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// A moment.
    Timestamp(TimeUnit),
    /// A time of day.
    TimeOfDay(TimeUnit),
}

impl RowFields {
    /// The struct that is generated for a definition.
    pub(crate) fn of_definition(definition: &TableDefinition, options: &Options) -> Self {
        let columns = definition.columns().iter().map(|column| ColumnField {
            name: ident(&snake_case(&column.name)),
            visibility: quote!(pub),
            ty: column_field_type(definition, column, options),
            held: Held::AsIs,
            docs: column_docs(column),
        });
        RowFields {
            row: ident(definition.row()),
            lifetimes: Vec::new(),
            visibility: quote!(pub),
            view: ident(&view_name(definition.row())),
            columns: columns.collect(),
            skipped: Vec::new(),
            access: Access::ReadWrite,
        }
    }
}

impl ColumnField {
    /// What the column's values are in Rust: the field's type, or that whose units it holds.
    ///
    /// `kalam` is the path of the runtime's `__private`.
    pub(crate) fn element(&self, nullable: bool, kalam: &TokenStream) -> TokenStream {
        let ty = match self.held {
            Held::AsIs => return self.ty.clone(),
            Held::Units(Time::Timestamp(unit)) => {
                let unit = unit_type(unit, kalam);
                quote!(#kalam::Timestamp<#unit>)
            }
            Held::Units(Time::TimeOfDay(unit)) => {
                let unit = unit_type(unit, kalam);
                quote!(#kalam::TimeOfDay<#unit>)
            }
        };
        if nullable {
            quote!(#kalam::Option<#ty>)
        } else {
            ty
        }
    }
}

/// The comment, or the column's name where there is none: a public field has documentation.
fn column_docs(column: &Column) -> Vec<String> {
    match &column.comment {
        Some(comment) => comment.lines().map(|line| format!(" {line}")).collect(),
        None => vec![format!(" Column `{}`.", column.name)],
    }
}
