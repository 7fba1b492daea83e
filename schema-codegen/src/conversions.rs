//! Rows to Arrow and back, and the primary key.

use kalamtable_model::rust_names::snake_case;
use kalamtable_model::{Column, ColumnType, TableDefinition};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use crate::Options;
use crate::names::ident;
use crate::types::{column_field_type, column_value_type, has_own_type};

/// The impls of `Row`, and of `KeyedRow` where there is a key.
pub(crate) fn tokens(definition: &TableDefinition, options: &Options) -> TokenStream {
    let row = row_impl(definition, options);
    let keyed = match definition.key_columns() {
        [] => TokenStream::new(),
        key => keyed_row_impl(definition, key, options),
    };
    quote!(#row #keyed)
}

fn row_impl(definition: &TableDefinition, options: &Options) -> TokenStream {
    let row = ident(definition.row());
    let fields: Vec<Ident> = definition.columns().iter().map(field_name).collect();
    let positions: Vec<Literal> = (0..fields.len()).map(Literal::usize_unsuffixed).collect();
    let types = definition
        .columns()
        .iter()
        .map(|column| column_field_type(definition, column, options));
    // Not named after their columns: a column may be called `columns`, or `row`.
    let readers: Vec<Ident> = (0..fields.len())
        .map(|position| ident(&format!("c{position}")))
        .collect();
    quote! {
        #[automatically_derived]
        impl kalam::Row for #row {
            const TABLE: &'static kalam::Table = &TABLE;

            fn build_column(
                rows: &[&Self],
                position: usize,
            ) -> kalam::Result<kalam::ArrayRef, kalam::ValueError> {
                match position {
                    #(#positions => kalam::build_column(rows, #positions, |row| &row.#fields),)*
                    _ => kalam::Result::Err(kalam::ValueError::whole(kalam::Problem::Missing)),
                }
            }

            fn from_columns(
                columns: &kalam::Columns<'_>,
            ) -> kalam::Result<kalam::Vec<Self>, kalam::Error> {
                #(let #readers = columns.reader::<#types>(#positions)?;)*
                columns.rows(|row| kalam::Result::Ok(#row { #(#fields: #readers.read(row)?),* }))
            }
        }
    }
}

fn keyed_row_impl(definition: &TableDefinition, key: &[usize], options: &Options) -> TokenStream {
    let row = ident(definition.row());
    let columns: Vec<&Column> = key
        .iter()
        .map(|&position| &definition.columns()[position])
        .collect();
    let types: Vec<TokenStream> = columns
        .iter()
        .map(|column| key_type(definition, column, options))
        .collect();
    let values: Vec<TokenStream> = columns
        .iter()
        .map(|column| key_value(definition, column, options))
        .collect();
    let (ty, value) = match (&types[..], &values[..]) {
        ([ty], [value]) => (quote!(#ty), quote!(#value)),
        _ => (quote!((#(#types),*)), quote!((#(#values),*))),
    };
    quote! {
        #[automatically_derived]
        impl kalam::KeyedRow for #row {
            type Key<'a> = #ty;

            fn key(&self) -> Self::Key<'_> {
                #value
            }

            fn compare_key(&self, key: &Self::Key<'_>) -> kalam::Ordering {
                kalam::Ord::cmp(&#value, key)
            }
        }
    }
}

/// How a column stands in a borrowed key.
enum Borrow {
    /// By value: it is `Copy`.
    Copy,
    /// As the slice or `str` behind it.
    Deref(TokenStream),
    /// By reference.
    Reference,
}

fn borrow(definition: &TableDefinition, column: &Column, options: &Options) -> Borrow {
    if has_own_type(definition, column, options) {
        return Borrow::Reference;
    }
    match column.ty {
        ColumnType::Text => Borrow::Deref(quote!(str)),
        ColumnType::Bytes => Borrow::Deref(quote!([u8])),
        ColumnType::FixedBytes(_) => Borrow::Reference,
        // A key column is primitive, and every other primitive type is `Copy`.
        _ => Borrow::Copy,
    }
}

fn key_type(definition: &TableDefinition, column: &Column, options: &Options) -> TokenStream {
    let ty = column_value_type(definition, column, options);
    match borrow(definition, column, options) {
        Borrow::Copy => ty,
        Borrow::Deref(target) => quote!(&'a #target),
        Borrow::Reference => quote!(&'a #ty),
    }
}

fn key_value(definition: &TableDefinition, column: &Column, options: &Options) -> TokenStream {
    let field = field_name(column);
    match borrow(definition, column, options) {
        Borrow::Copy => quote!(self.#field),
        Borrow::Deref(_) => quote!(&*self.#field),
        Borrow::Reference => quote!(&self.#field),
    }
}

fn field_name(column: &Column) -> Ident {
    ident(&snake_case(&column.name))
}
