//! Rows to Arrow and back, their views, and the primary key.

use kalamtable_model::TableDefinition;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use crate::fields::{Access, ColumnField, Held, RowFields};
use crate::names::ident;

/// The impls of `ToArrow`, of `FromArrow` for rows that can be read, and of `KeyedRow` for those of
/// them that have a key.
pub(crate) fn tokens(definition: &TableDefinition, fields: &RowFields) -> TokenStream {
    let to_arrow = to_arrow_impl(definition, fields);
    if fields.access == Access::WriteOnly {
        return to_arrow;
    }
    let from_arrow = from_arrow_impl(definition, fields);
    let keyed = match definition.key_columns() {
        [] => TokenStream::new(),
        key => {
            let key: Vec<&ColumnField> = key.iter().map(|&at| &fields.columns[at]).collect();
            keyed_row_impl(&fields.row, &key)
        }
    };
    quote!(#to_arrow #from_arrow #keyed)
}

/// The view: the row's fields as they stand in a batch. `kalam` is the path of the runtime's
/// `__private`: the view may stand where it has no shorter name.
pub(crate) fn view(
    definition: &TableDefinition,
    fields: &RowFields,
    kalam: &TokenStream,
) -> TokenStream {
    if fields.access == Access::WriteOnly {
        return TokenStream::new();
    }
    let RowFields {
        view, visibility, ..
    } = fields;
    let doc = format!(" A row of `{}`, borrowed from a batch.", definition.name());
    let columns = elements(definition, fields, kalam).map(|(field, element)| {
        let ColumnField {
            name,
            visibility,
            docs,
            ..
        } = field;
        quote! {
            #(#[doc = #docs])*
            #visibility #name: <#element as #kalam::OwnedElement>::View<'a>
        }
    });
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug)]
        #visibility struct #view<'a> {
            #(#columns),*
        }
    }
}

/// Each column's field, with what its values are in Rust.
fn elements<'a>(
    definition: &'a TableDefinition,
    fields: &'a RowFields,
    kalam: &'a TokenStream,
) -> impl Iterator<Item = (&'a ColumnField, TokenStream)> {
    let columns = definition.columns().iter().zip(&fields.columns);
    columns.map(|(column, field)| (field, field.element(column.nullable, kalam)))
}

fn to_arrow_impl(definition: &TableDefinition, fields: &RowFields) -> TokenStream {
    let RowFields { row, lifetimes, .. } = fields;
    let generics = match &lifetimes[..] {
        [] => TokenStream::new(),
        lifetimes => quote!(<#(#lifetimes),*>),
    };
    let kalam = quote!(kalam);
    let arms =
        elements(definition, fields, &kalam)
            .enumerate()
            .map(|(position, (field, element))| {
                let position = Literal::usize_unsuffixed(position);
                let name = &field.name;
                let cell = match field.held {
                    Held::AsIs => quote!(kalam::Element::cell(&row.#name)),
                    // The cell of a time is its number of units.
                    Held::Units(_) => quote!(row.#name),
                };
                quote!(#position => column.append::<#element, _>(rows, |row| #cell))
            });
    let touched = fields.columns.iter().map(|field| &field.name);
    quote! {
        #[automatically_derived]
        impl #generics kalam::ToArrow for #row #generics {
            const TABLE: &'static kalam::Table = &TABLE;

            fn append(
                rows: &[&Self],
                position: usize,
                column: &mut kalam::ColumnBuilder,
            ) -> kalam::Result<(), kalam::ValueError> {
                match position {
                    #(#arms,)*
                    _ => column.missing(),
                }
            }

            fn touch(rows: &[&Self]) -> u8 {
                let mut seen = 0;
                for row in rows {
                    #(seen ^= kalam::Element::touch(&row.#touched);)*
                }
                seen
            }
        }
    }
}

fn from_arrow_impl(definition: &TableDefinition, fields: &RowFields) -> TokenStream {
    let RowFields {
        row, view, skipped, ..
    } = fields;
    let names: Vec<&Ident> = fields.columns.iter().map(|field| &field.name).collect();
    let elements: Vec<TokenStream> = elements(definition, fields, &quote!(kalam))
        .map(|(_, element)| element)
        .collect();
    // Not named after their columns: a column may be called `rows`, or `range`.
    let readers: Vec<Ident> = (0..names.len())
        .map(|position| ident(&format!("c{position}")))
        .collect();
    let columns = definition.columns().iter().zip(&fields.columns);
    let taken = columns
        .zip(&readers)
        .map(|((column, field), reader)| match field.held {
            Held::AsIs => quote!(#reader.read(row)?),
            Held::Units(_) if column.nullable => {
                quote!(#reader.read(row)?.map(|value| value.get()))
            }
            Held::Units(_) => quote!(#reader.read(row)?.get()),
        });
    quote! {
        #[automatically_derived]
        impl kalam::FromArrow for #row {
            type Readers = (#(kalam::ColumnReader<#elements>,)*);
            type View<'a> = #view<'a>;

            fn readers(
                columns: &kalam::Columns<'_>,
            ) -> kalam::Result<Self::Readers, kalam::RowError> {
                let mut readers = kalam::Readers::new(columns);
                #(readers.add::<#elements>();)*
                let mut readers = readers.finish()?;
                kalam::Result::Ok((#(readers.take::<#elements>(),)*))
            }

            fn read(
                readers: &Self::Readers,
                range: kalam::Range<usize>,
                rows: &mut kalam::Vec<Self>,
            ) -> kalam::Result<(), kalam::RowError> {
                let (#(#readers,)*) = readers;
                for row in range {
                    rows.push(#row {
                        #(#names: #taken,)*
                        #(#skipped: kalam::Default::default(),)*
                    });
                }
                kalam::Result::Ok(())
            }

            #[inline]
            fn view(
                readers: &Self::Readers,
                row: usize,
            ) -> kalam::Result<Self::View<'_>, kalam::RowError> {
                let (#(#readers,)*) = readers;
                kalam::Result::Ok(#view { #(#names: #readers.view(row)?,)* })
            }
        }
    }
}

fn keyed_row_impl(row: &Ident, key: &[&ColumnField]) -> TokenStream {
    let types: Vec<TokenStream> = key.iter().map(|field| key_type(field)).collect();
    let values: Vec<TokenStream> = key.iter().map(|field| key_value(field)).collect();
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

/// By the name of the type: it need not be one that this crate chose.
fn borrow(field: &ColumnField) -> Borrow {
    const COPY: [&str; 12] = [
        "bool",
        "Date",
        "TimeOfDay",
        "TimeOfDayMicros",
        "Timestamp",
        "TimestampSeconds",
        "TimestampMillis",
        "TimestampMicros",
        "TimestampNanos",
        "Uuid",
        "Decimal",
        "i128",
    ];
    const TEXT: [&str; 4] = ["String", "Box<str>", "Arc<str>", "&'staticstr"];
    if let Held::Units(_) = field.held {
        return Borrow::Copy;
    }
    let ty = field.ty.to_string().replace(' ', "");
    let generics = ty.find('<').unwrap_or(ty.len());
    let begin = ty[..generics].rfind("::").map_or(0, |at| at + 2);
    let (ty, name) = (&ty[begin..], &ty[begin..generics]);
    let is_integer = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"].contains(&name);
    if TEXT.contains(&ty) {
        Borrow::Deref(quote!(str))
    } else if ty == "Vec<u8>" {
        Borrow::Deref(quote!([u8]))
    } else if is_integer || COPY.contains(&name) {
        Borrow::Copy
    } else {
        Borrow::Reference
    }
}

fn key_type(field: &ColumnField) -> TokenStream {
    let ty = &field.ty;
    match borrow(field) {
        Borrow::Copy => ty.clone(),
        Borrow::Deref(target) => quote!(&'a #target),
        Borrow::Reference => quote!(&'a #ty),
    }
}

fn key_value(field: &ColumnField) -> TokenStream {
    let name = &field.name;
    match borrow(field) {
        Borrow::Copy => quote!(self.#name),
        Borrow::Deref(_) => quote!(&*self.#name),
        Borrow::Reference => quote!(&self.#name),
    }
}
