// SPDX-License-Identifier: Apache-2.0

//! [`RowFields`]: the fields of a row struct, however it came to be: generated from a definition, or
//! written by hand and derived on.

use kalamtable_model::rust_names::{snake_case, view_name};
use kalamtable_model::{Column, TableDefinition, TimeUnit};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::Options;
use crate::names::ident;
use crate::types::{column_field_type, unit_type};

/// A row struct.
#[derive(Clone, Debug)]
pub struct RowFields {
    /// Its name.
    pub row: Ident,
    /// Its parameters.
    pub parameters: Parameters,
    /// Its visibility, which that of its view is too.
    pub visibility: TokenStream,
    /// The name of its view.
    pub view: Ident,
    /// The fields that are columns, in the order of the definition's columns.
    pub columns: Vec<ColumnField>,
    /// The fields that are several columns each, which the definition does not have.
    pub flattened: Vec<FlattenedField>,
    /// The fields that are no columns.
    pub skipped: Vec<Ident>,
    /// Which way its rows can go.
    pub access: Access,
}

/// The parameters of a struct; no column depends on them.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    /// Each as it is declared: `'a`, `T: Clone`.
    pub declared: Vec<TokenStream>,
    /// Each as it is used: `'a`, `T`.
    pub used: Vec<TokenStream>,
    /// The predicates of the struct's `where`.
    pub bounds: Vec<TokenStream>,
}

impl Parameters {
    /// The beginning of an impl of `what` for the struct `name`, which also needs `bounds`.
    pub(crate) fn header(
        &self,
        what: &TokenStream,
        name: &Ident,
        bounds: &[TokenStream],
    ) -> TokenStream {
        let Parameters {
            declared,
            used,
            bounds: own,
        } = self;
        let angled = |list: &[TokenStream]| match list {
            [] => TokenStream::new(),
            list => quote!(<#(#list),*>),
        };
        let (declared, used) = (angled(declared), angled(used));
        let bounds: Vec<&TokenStream> = own.iter().chain(bounds).collect();
        let bounds = match &bounds[..] {
            [] => TokenStream::new(),
            bounds => quote!(where #(#bounds),*),
        };
        quote!(impl #declared #what for #name #used #bounds)
    }

    /// What rows that are read need beside, if they have parameters: those say nothing of themselves.
    pub(crate) fn needing(&self, bound: TokenStream) -> Vec<TokenStream> {
        match &self.used[..] {
            [] => Vec::new(),
            _ => vec![quote!(Self: #bound)],
        }
    }
}

/// A field whose struct's own fields are columns of the table.
#[derive(Clone, Debug)]
pub struct FlattenedField {
    /// How many of the fields that are one column stand before it.
    pub before: usize,
    /// Its name.
    pub name: Ident,
    /// Its visibility, which that of the view's field is too.
    pub visibility: TokenStream,
    /// Its type.
    pub ty: TokenStream,
    /// The same, for a place outside of the struct's lifetimes.
    pub static_ty: TokenStream,
    /// The type that says above which number the ids of its columns begin.
    pub base: TokenStream,
    /// Its documentation, line by line.
    pub docs: Vec<String>,
}

/// A field that is one column, or several.
pub(crate) enum Member<'a> {
    /// One, at this position of the definition.
    Column(usize, &'a ColumnField),
    /// Several, those of the flattened field at this index.
    Flattened(usize, &'a FlattenedField),
}

impl<'a> Member<'a> {
    /// Its name.
    pub(crate) fn name(self) -> &'a Ident {
        match self {
            Member::Column(_, field) => &field.name,
            Member::Flattened(_, field) => &field.name,
        }
    }
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
    /// Whether its type is known to be one that a column can hold. Where it is not, what is generated
    /// asks for that first, so that it is not told for every use of the field.
    pub is_known: bool,
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
            is_known: true,
            docs: column_docs(column),
        });
        RowFields {
            row: ident(definition.row()),
            parameters: Parameters::default(),
            visibility: quote!(pub),
            view: ident(&view_name(definition.row())),
            columns: columns.collect(),
            flattened: Vec::new(),
            skipped: Vec::new(),
            access: Access::ReadWrite,
        }
    }
}

impl RowFields {
    /// The fields, in the order of their columns.
    pub(crate) fn members(&self) -> Vec<Member<'_>> {
        let mut members = Vec::with_capacity(self.columns.len() + self.flattened.len());
        let mut flattened = self.flattened.iter().enumerate().peekable();
        for (position, field) in self.columns.iter().enumerate() {
            while let Some((index, several)) =
                flattened.next_if(|(_, several)| several.before <= position)
            {
                members.push(Member::Flattened(index, several));
            }
            members.push(Member::Column(position, field));
        }
        members.extend(flattened.map(|(index, several)| Member::Flattened(index, several)));
        members
    }

    /// What is asked for the types that are not known to be values, each where it stands. Rows that are
    /// only written mention a type once.
    pub(crate) fn bounds(&self, kalam: &TokenStream) -> Vec<TokenStream> {
        if self.access == Access::WriteOnly {
            return Vec::new();
        }
        let unknown = self.columns.iter().filter(|field| !field.is_known);
        let bounds = unknown.map(|field| {
            let ty = &field.ty;
            let first = ty.clone().into_iter().next();
            let span = first.map_or(Span::call_site(), |first| first.span());
            let span = span.resolved_at(Span::call_site());
            let bound = quote!(#kalam::OwnedElement).into_iter().map(|mut token| {
                token.set_span(span);
                token
            });
            let bound: TokenStream = bound.collect();
            quote_spanned!(span=> #ty: #bound)
        });
        bounds.collect()
    }

    /// The position in the table of what stands behind `columns` columns of the definition and behind
    /// the first `flattened` of the flattened fields, as an expression.
    fn position(&self, columns: usize, flattened: usize, kalam: &TokenStream) -> TokenStream {
        let columns = Literal::usize_unsuffixed(columns);
        let types = self.flattened[..flattened].iter();
        let types = types.map(|several| &several.static_ty);
        quote!(#columns #(+ <#types as #kalam::Fields>::COUNT)*)
    }

    /// The position in the table of the definition's column at `position`, as an expression.
    pub(crate) fn position_of_column(&self, position: usize, kalam: &TokenStream) -> TokenStream {
        let flattened = self.flattened.iter();
        let before = flattened.filter(|several| several.before <= position);
        self.position(position, before.count(), kalam)
    }

    /// The position in the table of the first column of the flattened field at `index`, as an
    /// expression.
    pub(crate) fn position_of_flattened(&self, index: usize, kalam: &TokenStream) -> TokenStream {
        self.position(self.flattened[index].before, index, kalam)
    }

    /// How many columns the table has, as an expression.
    pub(crate) fn count(&self, kalam: &TokenStream) -> TokenStream {
        self.position(self.columns.len(), self.flattened.len(), kalam)
    }
}

impl ColumnField {
    /// What the column's values are in Rust: the field's type, or that whose units it holds.
    ///
    /// `__kalam` is the path of the runtime's `__private`.
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
