// SPDX-License-Identifier: Apache-2.0

//! [`NestedIdRanges`]: the ranges of the ids inside the columns of a struct.
//!
//! Ids inside a type are relative to a base, so that one type can be in several columns. The number
//! of ids that a type needs is an associated constant, so ranges are expressions that the compiler
//! evaluates.

use kalamtable_model::{ColumnType, TableDefinition};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::problems::Written;
use crate::rust_type::FieldType;

/// The role of a derived struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StructRole {
    /// The row of a table, whose ids begin at 1.
    Row,
    /// A value inside a column, whose ids begin above the type parameter `__Base`.
    Value,
}

/// Assigns a range of ids to each field whose type is inferred.
pub(crate) struct NestedIdRanges {
    role: StructRole,
    /// The largest id that the definition contains.
    largest: i32,
    /// The number of ids that the fields so far need, as an expression that begins with `+`.
    used: TokenStream,
    /// The base of the next field, for a value.
    next: TokenStream,
    /// The ends of the ranges whose begin a field states, as expressions.
    ends: Vec<TokenStream>,
}

/// The base of the ids inside one field, as a type.
pub(crate) struct NestedIdBase {
    /// The base for the column type.
    pub(crate) of_type: TokenStream,
    /// The base for a check, which cannot name `__Base`.
    pub(crate) to_check: TokenStream,
}

impl NestedIdRanges {
    pub(crate) fn new(definition: &TableDefinition, role: StructRole) -> Self {
        let mut ids = definition.reserved().ids.to_vec();
        for column in definition.columns() {
            ids.push(column.id);
            add_nested(&column.ty, &mut ids);
        }
        let largest = ids.into_iter().max().unwrap_or_default();
        let above = Literal::i32_unsuffixed(largest);
        NestedIdRanges {
            role,
            largest,
            used: TokenStream::new(),
            next: quote!(__kalam::OffsetBase<__Base, #above>),
            ends: Vec::new(),
        }
    }

    /// Assigns a range to a field of type `ty`: above `nested_ids` if the field states it, and
    /// after all other ids otherwise.
    pub(crate) fn assign(
        &mut self,
        nested_ids: Option<&Written<i128>>,
        ty: &FieldType,
    ) -> NestedIdBase {
        let ty = ty.to_static();
        let largest = Literal::i32_unsuffixed(self.largest);
        let used = &self.used;
        let above = nested_ids.map(|above| Literal::i128_unsuffixed(above.value));
        let base = match (self.role, &above) {
            (StructRole::Row, Some(above)) => quote!(__kalam::FixedBase<{ #above }>),
            (StructRole::Row, None) => quote!(__kalam::FixedBase<{ #largest #used }>),
            (StructRole::Value, Some(above)) => quote!(__kalam::OffsetBase<__Base, #above>),
            (StructRole::Value, None) => self.next.clone(),
        };
        match above {
            Some(above) => self
                .ends
                .push(quote!(#above + <#ty as __kalam::HasType>::IDS)),
            None => {
                self.next = quote!(__kalam::BaseAfter<#base, #ty>);
                self.used.extend(quote!(+ <#ty as __kalam::HasType>::IDS));
            }
        }
        let to_check = match self.role {
            StructRole::Row => base.clone(),
            StructRole::Value => quote!(__kalam::FixedBase<{ 0 }>),
        };
        NestedIdBase {
            of_type: base,
            to_check,
        }
    }

    /// Returns the number of ids that the struct needs, as an expression.
    pub(crate) fn count(&self) -> TokenStream {
        let largest = Literal::i32_unsuffixed(self.largest);
        let (used, ends) = (&self.used, &self.ends);
        if ends.is_empty() {
            quote!(#largest #used)
        } else {
            quote!(__kalam::largest(&[#largest #used #(, #ends)*]))
        }
    }
}

fn add_nested(ty: &ColumnType, ids: &mut Vec<i32>) {
    for field in ty.children() {
        ids.push(field.id);
        add_nested(&field.ty, ids);
    }
}
