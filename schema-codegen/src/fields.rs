// SPDX-License-Identifier: Apache-2.0

//! [`RowFields`]: the fields of a row struct, whether it is generated or written by hand.

use kalamtable_model::TimeUnit;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use crate::field_types::unit_type;

/// A row struct.
#[derive(Clone)]
pub struct RowFields {
    /// The name of the struct.
    pub row: Ident,
    /// The generic parameters of the struct.
    pub parameters: GenericParameters,
    /// The visibility of the struct and of its view.
    pub visibility: TokenStream,
    /// The name of the view.
    pub view: Ident,
    /// The fields that are columns, in the order of the definition's columns.
    pub columns: Vec<ColumnField>,
    /// The fields that are several columns each. The definition does not contain these columns.
    pub flattened: Vec<FlattenedField>,
    /// The names of the fields that are not columns.
    pub skipped: Vec<Ident>,
    /// The conversions that the rows support.
    pub access: RowAccess,
}

/// The generic parameters of a struct. No column depends on them.
#[derive(Clone, Debug, Default)]
pub struct GenericParameters {
    /// The parameters as declared: `'a`, `T: Clone`.
    pub declared: Vec<TokenStream>,
    /// The parameters as arguments: `'a`, `T`.
    pub used: Vec<TokenStream>,
    /// The predicates of the struct's `where` clause.
    pub bounds: Vec<TokenStream>,
}

impl GenericParameters {
    /// Returns `impl<..> #trait_path for #name<..> where ..`, with the struct's bounds and
    /// `bounds`.
    pub(crate) fn header(
        &self,
        trait_path: &TokenStream,
        name: &Ident,
        bounds: &[TokenStream],
    ) -> TokenStream {
        let declared = angle_bracketed(&self.declared);
        let used = angle_bracketed(&self.used);
        let predicates: Vec<&TokenStream> = self.bounds.iter().chain(bounds).collect();
        let where_clause = (!predicates.is_empty()).then(|| quote!(where #(#predicates),*));
        quote!(impl #declared #trait_path for #name #used #where_clause)
    }

    /// Returns the predicate `Self: #bound` for a struct with parameters. Without parameters the
    /// compiler verifies the bound itself.
    pub(crate) fn self_bound(&self, bound: TokenStream) -> Vec<TokenStream> {
        if self.used.is_empty() {
            Vec::new()
        } else {
            vec![quote!(Self: #bound)]
        }
    }
}

fn angle_bracketed(parameters: &[TokenStream]) -> Option<TokenStream> {
    (!parameters.is_empty()).then(|| quote!(<#(#parameters),*>))
}

/// The conversions that rows support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowAccess {
    /// To Arrow and from Arrow.
    ReadWrite,
    /// To Arrow only, because the struct borrows.
    WriteOnly,
}

/// A field that is a column.
#[derive(Clone)]
pub struct ColumnField {
    /// The name of the field.
    pub name: Ident,
    /// The visibility of the field and of the view's field.
    pub visibility: TokenStream,
    /// The type of the field, which is an `Option` for a nullable column.
    pub ty: Type,
    /// The form in which the field holds the column's value.
    pub representation: FieldRepresentation,
    /// Whether the name of the type shows that a column can hold it. Otherwise the generated impls
    /// have a bound on the type, so that the compiler reports a type that does not fit once, not at
    /// each use.
    pub is_known: bool,
    /// The documentation of the field, line by line.
    pub docs: Vec<String>,
}

/// The form in which a field holds its column's value.
#[derive(Clone, Debug)]
pub enum FieldRepresentation {
    /// As a value of the field's type.
    Value,
    /// As a bare number, which counts the units of a time.
    Units(TimeType),
}

/// A type of times, with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeType {
    /// A timestamp.
    Timestamp(TimeUnit),
    /// A time of day.
    TimeOfDay(TimeUnit),
}

/// A field of a struct type whose own fields are columns of the table.
#[derive(Clone, Debug)]
pub struct FlattenedField {
    /// The number of fields that are one column and precede this field.
    pub before: usize,
    /// The name of the field.
    pub name: Ident,
    /// The visibility of the field and of the view's field.
    pub visibility: TokenStream,
    /// The type of the field.
    pub ty: TokenStream,
    /// The type of the field with `'static` for each lifetime, for use outside of the struct.
    pub static_ty: TokenStream,
    /// The type-level number above which the ids of the columns begin.
    pub base: TokenStream,
    /// The documentation of the field, line by line.
    pub docs: Vec<String>,
}

/// A field that is one column or several columns.
pub(crate) enum RowMember<'a> {
    /// One column, at this index of the definition.
    Column(usize, &'a ColumnField),
    /// Several columns: the flattened field at this index.
    Flattened(usize, &'a FlattenedField),
}

impl<'a> RowMember<'a> {
    /// Returns the name of the field.
    pub(crate) fn name(self) -> &'a Ident {
        match self {
            RowMember::Column(_, field) => &field.name,
            RowMember::Flattened(_, field) => &field.name,
        }
    }
}

impl RowFields {
    /// Returns the fields in the order of their columns.
    pub(crate) fn members(&self) -> Vec<RowMember<'_>> {
        let mut members = Vec::with_capacity(self.columns.len() + self.flattened.len());
        let mut flattened = self.flattened.iter().enumerate().peekable();
        for (position, field) in self.columns.iter().enumerate() {
            while let Some((index, several)) =
                flattened.next_if(|(_, several)| several.before <= position)
            {
                members.push(RowMember::Flattened(index, several));
            }
            members.push(RowMember::Column(position, field));
        }
        members.extend(flattened.map(|(index, several)| RowMember::Flattened(index, several)));
        members
    }

    /// Returns a bound for each type that is not known to be a value, at the span of the type.
    ///
    /// The result is empty for rows that are only written, whose impls mention each type once.
    pub(crate) fn bounds(&self, kalam: &TokenStream) -> Vec<TokenStream> {
        if self.access == RowAccess::WriteOnly {
            return Vec::new();
        }
        let unknown = self.columns.iter().filter(|field| !field.is_known);
        unknown.map(|field| field.bound(kalam)).collect()
    }

    /// Returns whether a flattened field precedes the definition's column at `index`. If so, the
    /// position of the column in the table is known only to the compiler.
    pub(crate) fn is_after_flattened(&self, index: usize) -> bool {
        self.flattened.iter().any(|field| field.before <= index)
    }

    /// Returns the position in the table of the definition's column at `index`, as an expression.
    pub(crate) fn position_of_column(&self, index: usize, kalam: &TokenStream) -> TokenStream {
        let flattened = self.flattened.iter();
        let preceding = flattened.filter(|field| field.before <= index);
        self.position(index, preceding.count(), kalam)
    }

    /// Returns the position in the table of the first column of the flattened field at `index`, as
    /// an expression.
    pub(crate) fn position_of_flattened(&self, index: usize, kalam: &TokenStream) -> TokenStream {
        self.position(self.flattened[index].before, index, kalam)
    }

    /// Returns the number of columns of the table, as an expression.
    pub(crate) fn count(&self, kalam: &TokenStream) -> TokenStream {
        self.position(self.columns.len(), self.flattened.len(), kalam)
    }

    /// Returns the position after `columns` columns of the definition and after the first
    /// `flattened` flattened fields, as an expression.
    fn position(&self, columns: usize, flattened: usize, kalam: &TokenStream) -> TokenStream {
        let columns = Literal::usize_unsuffixed(columns);
        let types = self.flattened[..flattened]
            .iter()
            .map(|field| &field.static_ty);
        quote!(#columns #(+ <#types as #kalam::Fields>::COUNT)*)
    }
}

impl ColumnField {
    /// Returns the type of the column's cells in Rust: the field's type, or for a bare number the
    /// time whose units it counts.
    ///
    /// `kalam` is the path of the runtime's `__private`.
    pub(crate) fn element(&self, nullable: bool, kalam: &TokenStream) -> TokenStream {
        let time = match self.representation {
            FieldRepresentation::Value => return self.ty.to_token_stream(),
            FieldRepresentation::Units(TimeType::Timestamp(unit)) => {
                let unit = unit_type(unit, kalam);
                quote!(#kalam::Timestamp<#unit>)
            }
            FieldRepresentation::Units(TimeType::TimeOfDay(unit)) => {
                let unit = unit_type(unit, kalam);
                quote!(#kalam::TimeOfDay<#unit>)
            }
        };
        if nullable {
            quote!(#kalam::Option<#time>)
        } else {
            time
        }
    }

    /// Returns the bound that the field's type is an element, with the span of the type.
    fn bound(&self, kalam: &TokenStream) -> TokenStream {
        let ty = &self.ty;
        let first = ty.to_token_stream().into_iter().next();
        let span = first
            .map_or(Span::call_site(), |first| first.span())
            .resolved_at(Span::call_site());
        let bound: TokenStream = quote!(#kalam::OwnedElement)
            .into_iter()
            .map(|mut token| {
                token.set_span(span);
                token
            })
            .collect();
        quote_spanned!(span=> #ty: #bound)
    }
}
