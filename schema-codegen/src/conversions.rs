// SPDX-License-Identifier: Apache-2.0

//! Rows to Arrow and back, their views, and the primary key.

use kalamtable_model::TableDefinition;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::fields::{Access, ColumnField, FlattenedField, Held, Member, RowFields};
use crate::names::ident;

/// The impls of `ToArrow`; of `FromArrow` and `RowKey` for rows that can be read; and of `KeyedRow`
/// for those of them that have a key.
pub(crate) fn tokens(definition: &TableDefinition, fields: &RowFields) -> TokenStream {
    let to_arrow = to_arrow_impl(definition, fields);
    if fields.access == Access::WriteOnly {
        return to_arrow;
    }
    let from_arrow = from_arrow_impl(definition, fields);
    let row_key = row_key_impl(definition, fields);
    let keyed = match definition.key_columns() {
        [] => TokenStream::new(),
        key => {
            let key: Vec<&ColumnField> = key.iter().map(|&at| &fields.columns[at]).collect();
            keyed_row_impl(fields, &key)
        }
    };
    quote!(#to_arrow #from_arrow #row_key #keyed)
}

/// The view: the fields as they stand in a batch, under the documentation `doc`. `__kalam` is the path
/// of the runtime's `__private`: the view may stand where it has no shorter name.
pub(crate) fn view(
    definition: &TableDefinition,
    fields: &RowFields,
    doc: &str,
    kalam: &TokenStream,
) -> TokenStream {
    if fields.access == Access::WriteOnly {
        return TokenStream::new();
    }
    let RowFields {
        view, visibility, ..
    } = fields;
    let columns = fields.members().into_iter().map(|member| match member {
        Member::Column(position, field) => {
            let ColumnField {
                name,
                visibility,
                docs,
                ..
            } = field;
            let element = element(definition, position, field, kalam);
            quote! {
                #(#[doc = #docs])*
                #visibility #name: <#element as #kalam::OwnedElement>::View<'a>
            }
        }
        Member::Flattened(_, field) => {
            let FlattenedField {
                name,
                visibility,
                docs,
                ty,
                ..
            } = field;
            quote! {
                #(#[doc = #docs])*
                #visibility #name: <#ty as #kalam::OwnedValue>::View<'a>
            }
        }
    });
    let bounds = fields.bounds(kalam);
    if !bounds.is_empty() {
        let names: Vec<&Ident> = fields.members().into_iter().map(Member::name).collect();
        let text = |name: &Ident| name.to_string().trim_start_matches("r#").to_string();
        let view_text = text(view);
        let texts = names.iter().map(|name| text(name));
        // Derives would tell again what the bounds tell.
        return quote! {
            #[doc = #doc]
            #[allow(private_bounds)]
            #visibility struct #view<'a> where #(#bounds),* {
                #(#columns),*
            }

            #[automatically_derived]
            impl<'a> ::core::clone::Clone for #view<'a> where #(#bounds),* {
                fn clone(&self) -> Self {
                    *self
                }
            }

            #[automatically_derived]
            impl<'a> ::core::marker::Copy for #view<'a> where #(#bounds),* {}

            #[automatically_derived]
            impl<'a> ::core::fmt::Debug for #view<'a> where #(#bounds),* {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.debug_struct(#view_text)
                        #(.field(#texts, &self.#names))*
                        .finish()
                }
            }
        };
    }
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug)]
        #visibility struct #view<'a> {
            #(#columns),*
        }
    }
}

/// What the values of a column's field are in Rust.
fn element(
    definition: &TableDefinition,
    position: usize,
    field: &ColumnField,
    kalam: &TokenStream,
) -> TokenStream {
    field.element(definition.columns()[position].nullable, kalam)
}

fn to_arrow_impl(definition: &TableDefinition, fields: &RowFields) -> TokenStream {
    let kalam = quote!(__kalam);
    let mut constants = Vec::new();
    let mut arms = Vec::new();
    for (number, member) in fields.members().into_iter().enumerate() {
        // A pattern is no expression: positions behind a flattened field have names.
        let constant = ident(&format!("P{number}"));
        match member {
            Member::Column(position, field) => {
                let name = &field.name;
                let cell = match field.held {
                    Held::AsIs => quote!(__kalam::Element::cell(&row.#name)),
                    // The cell of a time is its number of units.
                    Held::Units(_) => quote!(row.#name),
                };
                let element = element(definition, position, field, &kalam);
                let pattern = if fields
                    .flattened
                    .iter()
                    .any(|several| several.before <= position)
                {
                    let position = fields.position_of_column(position, &kalam);
                    constants.push(quote!(const #constant: usize = #position;));
                    quote!(#constant)
                } else {
                    Literal::usize_unsuffixed(position).into_token_stream()
                };
                arms.push(quote!(#pattern => column.append::<#element, _>(rows, |row| #cell)));
            }
            Member::Flattened(index, field) => {
                let FlattenedField {
                    name,
                    ty,
                    static_ty,
                    ..
                } = field;
                let position = fields.position_of_flattened(index, &kalam);
                constants.push(quote!(const #constant: usize = #position;));
                arms.push(quote! {
                    #constant.. if position - #constant < <#static_ty as __kalam::Fields>::COUNT => {
                        column.append_field::<#ty, _>(rows, |row| &row.#name, position - #constant)
                    }
                });
            }
        }
    }
    let header = fields.parameters.header(
        &quote!(__kalam::ToArrow),
        &fields.row,
        &fields.bounds(&kalam),
    );
    // What several columns hold stands elsewhere in the row, and is not touched.
    let touched = fields.columns.iter().map(|field| &field.name);
    quote! {
        #[automatically_derived]
        #header {
            const TABLE: &'static __kalam::Table = &TABLE;

            fn append(
                rows: &[&Self],
                position: usize,
                column: &mut __kalam::ColumnBuilder,
            ) -> __kalam::Result<(), __kalam::ValueError> {
                #(#constants)*
                match position {
                    #(#arms,)*
                    _ => column.missing(),
                }
            }

            fn touch(rows: &[&Self]) -> u8 {
                let mut seen = 0;
                for row in rows {
                    #(seen ^= __kalam::Element::touch(&row.#touched);)*
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
    let kalam = quote!(__kalam);
    let members = fields.members();
    // Not named after their columns: a column may be called `rows`, or `range`.
    let readers: Vec<Ident> = (0..members.len())
        .map(|number| ident(&format!("c{number}")))
        .collect();
    let (mut names, mut types, mut made) = (Vec::new(), Vec::new(), Vec::new());
    let (mut taken, mut views) = (Vec::new(), Vec::new());
    let mut elements = Vec::new();
    for (member, reader) in members.into_iter().zip(&readers) {
        match member {
            Member::Column(position, field) => {
                let element = element(definition, position, field, &kalam);
                names.push(&field.name);
                types.push(quote!(__kalam::ColumnReader<#element>));
                elements.push(element);
                let is_nullable = definition.columns()[position].nullable;
                let position = fields.position_of_column(position, &kalam);
                made.push(quote!(columns.reader(#position)?));
                taken.push(match field.held {
                    Held::AsIs => quote!(#reader.read(row)?),
                    Held::Units(_) if is_nullable => {
                        quote!(#reader.read(row)?.map(|value| value.get()))
                    }
                    Held::Units(_) => quote!(#reader.read(row)?.get()),
                });
                views.push(quote!(#reader.view(row)?));
            }
            Member::Flattened(index, field) => {
                let ty = &field.ty;
                names.push(&field.name);
                types.push(quote!(<#ty as __kalam::OwnedFields>::Readers));
                let position = fields.position_of_flattened(index, &kalam);
                made.push(quote!(<#ty as __kalam::OwnedFields>::readers(columns, #position)?));
                taken.push(quote!(<#ty as __kalam::OwnedFields>::read_fields(#reader, row)?));
                views.push(quote!(<#ty as __kalam::OwnedFields>::view_fields(#reader, row)?));
            }
        }
    }
    let keep_skipped = (!skipped.is_empty()).then(|| {
        quote! {
            const HAS_SKIPPED: bool = true;

            fn keep_skipped(&mut self, mut before: Self) {
                #(__kalam::swap(&mut self.#skipped, &mut before.#skipped);)*
            }
        }
    });
    let skipped = skipped.iter().map(|name| {
        let value = quote_spanned!(name.span()=> __kalam::skipped());
        quote!(#name: #value)
    });
    let made = if fields.flattened.is_empty() {
        quote! {
            let mut readers = __kalam::Readers::new(columns);
            #(readers.add::<#elements>();)*
            let mut readers = readers.finish()?;
            __kalam::Result::Ok((#(readers.take::<#elements>(),)*))
        }
    } else {
        quote!(__kalam::Result::Ok((#(#made,)*)))
    };
    let mut bounds = fields.parameters.needing(quote!('static));
    bounds.extend(fields.bounds(&kalam));
    let header = fields
        .parameters
        .header(&quote!(__kalam::FromArrow), row, &bounds);
    quote! {
        #[automatically_derived]
        #header {
            type Readers = (#(#types,)*);
            type View<'a> = #view<'a>;

            fn readers(
                columns: &__kalam::Columns<'_>,
            ) -> __kalam::Result<Self::Readers, __kalam::RowError> {
                #made
            }

            fn read(
                readers: &Self::Readers,
                range: __kalam::Range<usize>,
                rows: &mut __kalam::Vec<Self>,
            ) -> __kalam::Result<(), __kalam::RowError> {
                let (#(#readers,)*) = readers;
                for row in range {
                    rows.push(#row {
                        #(#names: #taken,)*
                        #(#skipped,)*
                    });
                }
                __kalam::Result::Ok(())
            }

            #[inline]
            fn view(
                readers: &Self::Readers,
                row: usize,
            ) -> __kalam::Result<Self::View<'_>, __kalam::RowError> {
                let (#(#readers,)*) = readers;
                __kalam::Result::Ok(#view { #(#names: #views,)* })
            }

            #keep_skipped
        }
    }
}

fn row_key_impl(definition: &TableDefinition, fields: &RowFields) -> TokenStream {
    let kalam = quote!(__kalam);
    let key = definition.key_columns();
    let readers: Vec<Ident> = (0..key.len())
        .map(|number| ident(&format!("c{number}")))
        .collect();
    let (mut types, mut orders) = (Vec::new(), Vec::new());
    let (mut made, mut read) = (Vec::new(), Vec::new());
    let (mut compared, mut both) = (Vec::new(), Vec::new());
    for (number, (&position, reader)) in key.iter().zip(&readers).enumerate() {
        let field = &fields.columns[position];
        let (name, ty) = (&field.name, &field.ty);
        let element = element(definition, position, field, &kalam);
        let position = fields.position_of_column(position, &kalam);
        let number = Literal::usize_unsuffixed(number);
        types.push(quote!(__kalam::Option<#ty>));
        let order = quote!(<#element as __kalam::Value>::IN_SQL_ORDER);
        // Each type once: clippy looks twice at `a && a`.
        if !orders
            .iter()
            .any(|known: &TokenStream| known.to_string() == order.to_string())
        {
            orders.push(order);
        }
        made.push(quote! {
            let #reader =
                __kalam::KeyReader::<#element>::try_new(&columns, #position, #number, count)?;
        });
        read.push(match field.held {
            Held::AsIs => quote!(#reader.read(row)?),
            Held::Units(_) => quote!(#reader.read(row)?.map(|value| value.get())),
        });
        compared.push(quote!(__kalam::compare_part(&self.#name, &prefix.#number)));
        both.push(quote!(__kalam::Ord::cmp(&self.#name, &other.#name)));
    }
    let mut bounds = fields.parameters.needing(quote!('static));
    bounds.extend(fields.bounds(&kalam));
    let header = fields
        .parameters
        .header(&quote!(__kalam::RowKey), &fields.row, &bounds);
    let body = match &compared[..] {
        // No query names a part of a key that is not there.
        [] => quote! {
            type Prefix = ();
            const IN_SQL_ORDER: bool = false;

            fn read_prefixes(
                _batch: &__kalam::RecordBatch,
                _count: usize,
            ) -> __kalam::Result<__kalam::Vec<()>, __kalam::RowError> {
                __kalam::Result::Ok(__kalam::Vec::new())
            }

            fn compare_prefix(&self, (): &()) -> __kalam::Ordering {
                __kalam::Ordering::Equal
            }

            fn compare_keys(&self, _other: &Self) -> __kalam::Ordering {
                __kalam::Ordering::Equal
            }
        },
        [first, rest @ ..] => {
            let (first_of_both, rest_of_both) = (&both[0], &both[1..]);
            quote! {
            type Prefix = (#(#types,)*);
            const IN_SQL_ORDER: bool = #(#orders)&&*;

            fn read_prefixes(
                batch: &__kalam::RecordBatch,
                count: usize,
            ) -> __kalam::Result<__kalam::Vec<Self::Prefix>, __kalam::RowError> {
                let columns = __kalam::Columns::new(&TABLE, batch);
                #(#made)*
                let mut prefixes = __kalam::Vec::with_capacity(batch.num_rows());
                for row in 0..batch.num_rows() {
                    prefixes.push((#(#read,)*));
                }
                __kalam::Result::Ok(prefixes)
            }

            fn compare_prefix(&self, prefix: &Self::Prefix) -> __kalam::Ordering {
                #first #(.then_with(|| #rest))*
            }

            fn compare_keys(&self, other: &Self) -> __kalam::Ordering {
                #first_of_both #(.then_with(|| #rest_of_both))*
            }
            }
        }
    };
    quote! {
        #[automatically_derived]
        #header { #body }
    }
}

fn keyed_row_impl(fields: &RowFields, key: &[&ColumnField]) -> TokenStream {
    let types: Vec<TokenStream> = key.iter().map(|field| key_type(field)).collect();
    let values: Vec<TokenStream> = key.iter().map(|field| key_value(field)).collect();
    let (ty, value) = match (&types[..], &values[..]) {
        ([ty], [value]) => (quote!(#ty), quote!(#value)),
        _ => (quote!((#(#types),*)), quote!((#(#values),*))),
    };
    // Asked for here, so that what it lacks is told once.
    let row = quote_spanned!(fields.row.span()=> Self: __kalam::Row);
    let header = fields
        .parameters
        .header(&quote!(__kalam::KeyedRow), &fields.row, &[row]);
    quote! {
        #[automatically_derived]
        #header {
            type Key<'a> = #ty;

            fn key(&self) -> Self::Key<'_> {
                #value
            }

            fn compare_key(&self, key: &Self::Key<'_>) -> __kalam::Ordering {
                __kalam::Ord::cmp(&#value, key)
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
    // A type of another crate may have one of these names.
    if !field.is_known {
        return Borrow::Reference;
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
